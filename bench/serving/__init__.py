"""Latency, throughput and memory of the API. ``python -m bench.serving``."""
