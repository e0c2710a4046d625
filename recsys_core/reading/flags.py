"""Genres that are written as columns of 0 and 1."""

import csv
import io
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Final

from recsys_core.errors import MalformedFileError

__all__ = ["with_genres"]

_TRUE: Final = frozenset(("1", "1.0", "true", "True", "TRUE"))
_BATCH_ROWS: Final = 50_000


def with_genres(text: BinaryIO, flags: Sequence[str], path: Path) -> Iterator[bytes]:
    """CSV ``text`` with one last column ``genres`` in place of the columns ``flags``; lines stay lines.

    Raises MalformedFileError, which names the file ``path``, where the header lacks one of them.
    """
    lines = io.TextIOWrapper(text, encoding="utf-8-sig", errors="surrogateescape", newline="")
    rows = _rows(csv.reader(lines), flags, path)
    while some := list(islice(rows, _BATCH_ROWS)):
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerows(some)
        yield out.getvalue().encode("utf-8", errors="surrogateescape")


def _rows(rows: Iterator[Sequence[str]], flags: Sequence[str], path: Path) -> Iterator[Sequence[str]]:
    header = [name.strip() for name in next(rows, ())]
    missing = [name for name in flags if name not in header]
    if missing:
        raise MalformedFileError(
            f"{path}: the header has no column {', '.join(missing)}, declared in genre_flags; "
            f"found {', '.join(header)[:300]}; correct the declaration"
        )
    kept = [place for place, name in enumerate(header) if name not in flags]
    of_genres = [place for place, name in enumerate(header) if name in flags]
    yield [*(header[place] for place in kept), "genres"]
    for row in rows:
        if len(row) == len(header):
            genres = "|".join(header[place] for place in of_genres if row[place].strip() in _TRUE)
            yield [*(row[place] for place in kept), genres]
        else:  # longer than the new header, so that it is rejected
            yield [*row, *header] if row else row
