"""Genres that are written as columns of 0 and 1."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from recsys_core.errors import MalformedFileError

__all__ = ["with_genres"]

_TRUE: Final = frozenset(("1", "1.0", "true", "True", "TRUE"))


def with_genres(rows: Iterator[Sequence[str]], flags: Sequence[str], path: Path) -> Iterator[Sequence[str]]:
    """``rows``, the header first, with one last column ``genres`` in place of the columns ``flags``.

    Raises MalformedFileError, which names the file ``path``, where the header lacks one of them.
    """
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
