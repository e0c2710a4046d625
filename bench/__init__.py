"""Measurements, each with its peers in the same run. May import every room; no room imports it."""
