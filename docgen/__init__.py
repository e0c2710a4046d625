"""Writes the pages and pictures of README and docs from the running program. May import every room and ``bench``."""
