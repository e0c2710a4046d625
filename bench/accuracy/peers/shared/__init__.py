"""What a peer's script may import: NumPy and SciPy only, so that it runs in any peer's own environment."""
