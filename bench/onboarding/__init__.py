"""Which titles to ask newcomers about: methods compared on simulated interviews. ``python -m bench.onboarding``."""
