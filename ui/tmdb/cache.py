"""Answers of TMDB on disk, each with the time at which it ceases to count."""

import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

from ui.tmdb.art import Art, read_art

__all__ = ["DAYS_FOUND", "DAYS_MISSING", "ArtCache"]

DAYS_FOUND: Final = 30
"""TMDB's terms allow six months at most."""
DAYS_MISSING: Final = 1
"""A movie that TMDB does not know is asked about again the next day."""

_DAY: Final = 86_400
_TABLE: Final = "CREATE TABLE IF NOT EXISTS art (tmdb_id INTEGER PRIMARY KEY, body TEXT, expires REAL NOT NULL)"


class ArtCache:
    """One SQLite file, which several processes and threads may use at once.

    A file that is damaged is made anew; where none can be written, nothing is kept and nothing fails. (SQLite
    itself rather than diskcache, which pickles, or an HTTP cache, which would keep addresses with the key in them.)
    """

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.time) -> None:
        self._path = path
        self._clock = clock

    def get(self, tmdb_ids: Sequence[int]) -> dict[int, Art | None]:
        """What is known and still counts; None where TMDB knows nothing of a movie."""
        query = "SELECT body FROM art WHERE tmdb_id = ? AND expires > ?"
        found: dict[int, Art | None] = {}

        def look(table: sqlite3.Connection) -> None:
            for tmdb_id in tmdb_ids:
                for (body,) in table.execute(query, (tmdb_id, self._clock())):
                    found[tmdb_id] = None if body is None else read_art(body)

        self._with_table(look)
        return found

    def put(self, tmdb_id: int, art: Art | None) -> None:
        """Keep an answer for ``DAYS_FOUND``, or that there is none for ``DAYS_MISSING``."""
        days = DAYS_MISSING if art is None else DAYS_FOUND
        row = (tmdb_id, None if art is None else art.model_dump_json(), self._clock() + days * _DAY)

        def keep(table: sqlite3.Connection) -> None:
            table.execute("INSERT OR REPLACE INTO art VALUES (?, ?, ?)", row)
            table.execute("DELETE FROM art WHERE expires <= ?", (self._clock(),))

        self._with_table(keep)

    def _with_table(self, work: Callable[[sqlite3.Connection], None]) -> None:
        """Do ``work`` and commit it; where that cannot be, nothing is known and nothing kept."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self._path, timeout=2.0)) as connection, connection:
                connection.execute(_TABLE)
                work(connection)
        except (OSError, sqlite3.OperationalError):  # not to be written, or locked for long
            return
        except sqlite3.DatabaseError:  # not a database, or a damaged one: the next answer begins a new file
            self._path.unlink(missing_ok=True)
