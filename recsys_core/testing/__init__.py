"""Public test builders: small data, Hypothesis strategies and the contract that every scorer keeps."""
