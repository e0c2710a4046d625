"""While tests are collected, nothing works: every process of a run collects all modules, whichever tests it runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn
from unittest import mock

__all__ = ["without_work"]


@contextmanager
def without_work() -> Iterator[None]:
    """Whoever trains, splits, judges or reads CSV files inside the block gets an AssertionError.

    All that is trained on, split or judged is a ``UserItemMatrix``: none can be made.
    """
    from recsys_core.dataset.interactions import UserItemMatrix

    def refuse(*_: object, **__: object) -> NoReturn:
        raise AssertionError("work at import; put it into a fixture or a function with @cache")

    with mock.patch.object(UserItemMatrix, "__init__", refuse), mock.patch("pyarrow.csv.read_csv", refuse):
        yield
