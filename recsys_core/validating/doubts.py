"""What is read without a fault, and hardly is what it is taken for."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pyarrow.compute as pc
import pyarrow.parquet as pq

from recsys_core.features.text import has_implausible_year
from recsys_core.validating.summary import Finding

__all__ = ["doubts_of_interactions", "doubts_of_titles"]

_SOME_ROWS: Final = 20
_EARLY, _EARLY_SHARE = 100_000_000, 0.01  # seconds since 1970, and how many may lie before


def doubts_of_interactions(rows: Path, shown: str, file: str, *, n_users: int) -> Iterator[Finding]:
    """About the accepted interactions in the Parquet file ``rows``, a column at a time: there may be millions.

    shown, file  what people see the table and its file called
    n_users      different ones
    """

    def warning(kind: str, column: str, count: int, message: str) -> Finding:
        return Finding("warning", shown, column, kind, count, f"{shown} ({file}): {message}")

    n_rows = pq.read_metadata(rows).num_rows
    n_items = pc.count_distinct(pq.read_table(rows, columns=["item_id"])["item_id"]).as_py()
    for name, n_different in (("user_id", n_users), ("item_id", n_items)):
        if n_different == n_rows >= _SOME_ROWS:
            yield warning("never_again", name, n_rows, f"every row has another {name}: is that the number of the row?")
    times = pq.read_table(rows, columns=["timestamp"])["timestamp"]
    if 0 < times.null_count < n_rows:
        yield warning("times_missing", "timestamp", times.null_count, f"{times.null_count:,} rows have no time")
    early = pc.sum(pc.less(times, _EARLY)).as_py() or 0
    if early > _EARLY_SHARE * n_rows:
        message = f"{early:,} times lie before 1973: are they moments, and in the declared unit since 1970?"
        yield warning("times_early", "timestamp", early, message)


def doubts_of_titles(rows: Path, shown: str, file: str) -> Iterator[Finding]:
    """The same about the accepted items."""
    titles = pq.read_table(rows, columns=["title"])["title"].to_pylist()
    found = [title for title in titles if title and has_implausible_year(title)]
    if found:
        message = f"{shown} ({file}): no year of release is what {len(found):,} titles end in: {found[0]}"
        yield Finding("warning", shown, "title", "years_implausible", len(found), message)
