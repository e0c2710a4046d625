"""Measurements, and the pictures of README and docs. May import every room; no room imports it."""
