"""What commands print: one JSON document, or text for a person; progress on a terminal only."""

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

__all__ = ["print_json", "progress_on_terminal"]


def print_json(document: Any) -> None:
    click.echo(json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False))


@contextmanager
def progress_on_terminal(*, quiet: bool) -> Iterator[None]:
    """Show messages of the logger "recsys" with a spinner while the block runs; nothing if not on a terminal.

    Messages that are ``passing`` are overwritten by the next one.
    """
    if quiet or not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    console = Console(stderr=True)
    with console.status("starting …") as status:

        class _Show(logging.Handler):
            def emit(self, record: logging.LogRecord) -> None:
                if getattr(record, "passing", False):
                    status.update(record.getMessage())
                else:
                    console.print(record.getMessage(), highlight=False)

        logger = logging.getLogger("recsys")
        handler, level = _Show(), logger.level
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        try:
            yield
        finally:
            logger.removeHandler(handler)
            logger.setLevel(level)
