"""What commands print: one JSON document, or text for a person; progress on a terminal only."""

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

__all__ = ["print_json", "progress_on_terminal"]


_EXACT = 2**53  # from here on a reader that knows floating-point numbers alone would round: an id that is no id


def print_json(document: Any) -> None:
    """Print ``document``; whole numbers beyond 2^53 are texts, as in the API's answers."""
    click.echo(json.dumps(_exact(document), indent=2, ensure_ascii=False, allow_nan=False))


def _exact(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _exact(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_exact(part) for part in value]
    return str(value) if isinstance(value, int) and abs(value) > _EXACT else value


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
