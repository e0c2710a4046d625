"""The command `recsys`."""

from pipelines.cli.main import main

__all__ = ["main"]
