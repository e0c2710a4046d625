"""Corrupted data folders, each with what must come of it: rejected rows, or one clear stop.

A corrupted input is the healthy folder with one thing done to it. The same list is run through reading and
validation alone, and through the whole command line.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.corpus import corruptions as do
from tests.corpus.healthy_folder import HEALTHY_ROWS, MOVIE_IDS, N_USERS, write_healthy_folder

__all__ = ["CORRUPTED_INPUTS", "CorruptedInput", "Rejection"]


@dataclass(frozen=True)
class Rejection:
    """A row that must be among the rejected ones of ``table``; ``reason`` is a part of the reason given."""

    table: str
    line: int
    column: str | None
    reason: str


@dataclass(frozen=True)
class CorruptedInput:
    """One corrupted folder and its expected outcome.

    rows      rows in, where they differ from the healthy folder's
    rejected  how many rows of each table are rejected; all others are accepted
    examples  some (or all) of the rejected rows
    stop      parts of the one message with which everything stops; empty where the folder can be used
    error     the name of the error then raised
    """

    name: str
    corrupt: Callable[[Path], object]
    rows: Mapping[str, int] = field(default_factory=dict)
    rejected: Mapping[str, int] = field(default_factory=dict)
    examples: tuple[Rejection, ...] = ()
    stop: tuple[str, ...] = ()
    error: str = ""

    def __str__(self) -> str:
        return self.name

    def write(self, folder: Path) -> None:
        """Make the corrupted folder."""
        write_healthy_folder(folder)
        self.corrupt(folder)

    @property
    def tables(self) -> tuple[str, ...]:
        """Tables of which something is expected that the healthy folder would not give; all if none is named."""
        named = {*self.rows, *self.rejected, *(example.table for example in self.examples)}
        return tuple(table for table in HEALTHY_ROWS if not named or table in named)

    def n_in(self, table: str) -> int:
        return self.rows.get(table, HEALTHY_ROWS[table])

    def n_rejected(self, table: str) -> int:
        return self.rejected.get(table, 0)


def _one_row(name: str, table: str, row: str, column: str | None, reason: str) -> CorruptedInput:
    """One more row at the end of ``table``, which is rejected."""
    line = HEALTHY_ROWS[table] + 2
    return CorruptedInput(
        name,
        lambda folder: do.append(folder, table, row),
        rows={table: HEALTHY_ROWS[table] + 1},
        rejected={table: 1},
        examples=(Rejection(table, line, column, reason),),
    )


def _stop(name: str, corrupt: Callable[[Path], object], error: str, *message: str) -> CorruptedInput:
    return CorruptedInput(name, corrupt, stop=message, error=error)


def _harmless(name: str, corrupt: Callable[[Path], object], **rows: int) -> CorruptedInput:
    return CorruptedInput(name, corrupt, rows=rows)


_MOVIE = MOVIE_IDS[0]
_UNRATED = MOVIE_IDS[-1]
_MOMENT = 1_600_000_000
_LAST_RATING = HEALTHY_ROWS["ratings"] + 1  # its line

_FILES: Final = (
    _stop("no such folder", do.remove_folder, "MissingFileError", "no such folder"),
    _stop("missing file", lambda f: do.remove(f, "ratings"), "MissingFileError", "ratings.csv", "movies.csv"),
    _stop("empty file", lambda f: do.replace(f, "ratings", b""), "MalformedFileError", "ratings.csv", "is empty"),
    _stop(
        "header only",
        lambda f: do.keep_lines(f, "ratings", 1),
        "FailedValidationError",
        "ratings.csv",
        "0 rows accepted",
        "at least 1",
    ),
    _stop(
        "no movies", lambda f: do.keep_lines(f, "movies", 1), "FailedValidationError", "movies.csv", "0 rows accepted"
    ),
    _stop("no header", do.drop_header, "MalformedFileError", "ratings.csv", "header", "userId"),
    _stop("missing column", do.drop_rating_column, "MalformedFileError", "ratings.csv", "no column rating"),
    _stop("column named twice", do.repeat_rating_column, "MalformedFileError", "ratings.csv", "more than once"),
    _stop("UTF-16", lambda f: do.encode(f, "ratings", "utf-16"), "MalformedFileError", "ratings.csv", "UTF-16"),
    _stop(
        "UTF-16 without mark", lambda f: do.encode(f, "movies", "utf-16-le"), "MalformedFileError", "movies.csv", "NUL"
    ),
    _stop("gzip", do.compress_ratings, "MalformedFileError", "ratings.csv", "gzip", "unpack"),
    _stop("old Mac line ends", do.use_carriage_returns, "MalformedFileError", "ratings.csv", "line ends"),
    _stop("same table twice", do.copy_genome, "DataError", "genome_scores.csv", "genome-scores.csv"),
    _harmless("byte order mark and CRLF", do.use_windows_conventions),
    _harmless("hyphens in file names", do.use_hyphens),
    _harmless("semicolons", do.use_semicolons),
    _harmless("blank lines", do.insert_blank_lines),
    _harmless("columns in another order", do.reorder_columns),
    _harmless("no last line end", do.drop_last_line_end),
    _harmless("no optional files", do.remove_optional, links=0, tags=0, genome_scores=0, genome_tags=0),
)

_LINES: Final = (
    CorruptedInput(
        "truncated line",
        do.truncate_last_line,
        rejected={"ratings": 1},
        examples=(Rejection("ratings", _LAST_RATING, None, "file ends in the middle of the line"),),
    ),
    _one_row("NUL bytes", "ratings", f"1,{_MOVIE},4\0.0,{_MOMENT}", None, "NUL byte"),
    _one_row("too few columns", "ratings", f"1,{_MOVIE}", None, "too few columns"),
    _one_row("too many columns", "ratings", f"1,{_MOVIE},4.0,{_MOMENT},5", None, "too many columns"),
    _one_row("gigantic field", "tags", f"1,{_MOVIE},{'x' * 2_000_000},{_MOMENT}", None, "line too long"),
    _harmless("long field", lambda f: do.append(f, "tags", f"1,{_MOVIE},{'long ' * 20_000},{_MOMENT}"), tags=61),
    _one_row("quotation mark never closed", "tags", f'1,{_MOVIE},"fine,{_MOMENT}', None, "quotation mark"),
    CorruptedInput(
        "bytes that are not UTF-8",
        lambda f: do.append_bytes(f, "tags", f"1,{_MOVIE},na\xefve,{_MOMENT}\n".encode("latin-1")),
        rows={"tags": 61},
        rejected={"tags": 1},
        examples=(Rejection("tags", 62, "tag", "not UTF-8"),),
    ),
)

_VALUES: Final = (
    _one_row("text in a rating", "ratings", f"1,{_MOVIE},four,{_MOMENT}", "rating", "not a number"),
    _one_row("text in an id", "ratings", f"anna,{_MOVIE},4.0,{_MOMENT}", "user_id", "not a whole number"),
    _one_row("fraction in an id", "ratings", f"1.5,{_MOVIE},4.0,{_MOMENT}", "user_id", "not a whole number"),
    _one_row("no rating", "ratings", f"1,{_UNRATED},,{_MOMENT}", "rating", "rating is missing"),
    _one_row("no id", "ratings", f",{_UNRATED},4.0,{_MOMENT}", "user_id", "user_id is missing"),
    _one_row("NaN", "ratings", f"1,{_UNRATED},NaN,{_MOMENT}", "rating", "rating is missing or not a number"),
    _one_row("infinity", "ratings", f"1,{_UNRATED},inf,{_MOMENT}", "rating", "rating inf is not on the scale"),
    _one_row("minus infinity", "ratings", f"1,{_UNRATED},-inf,{_MOMENT}", "rating", "rating -inf is not on the scale"),
    _one_row("negative movie id", "ratings", f"1,-104,4.0,{_MOMENT}", "item_id", "item_id -104 is not known in movies"),
    _one_row("id over 2^63", "ratings", f"9223372036854775808,{_UNRATED},4.0,{_MOMENT}", "user_id", "beyond 64 bits"),
    _one_row("rating 6", "ratings", f"1,{_UNRATED},6.0,{_MOMENT}", "rating", "rating 6.0 is not on the scale 0.5 to"),
    _one_row("rating 0", "ratings", f"1,{_UNRATED},0.0,{_MOMENT}", "rating", "rating 0.0 is not on the scale"),
    _one_row("rating 3.7", "ratings", f"1,{_UNRATED},3.7,{_MOMENT}", "rating", "rating 3.7 is not on the scale"),
    _one_row("future", "ratings", f"1,{_UNRATED},4.0,4102444800", "timestamp", "4102444800 lies in the future"),
    _one_row("milliseconds", "ratings", f"1,{_UNRATED},4.0,{_MOMENT}000", "timestamp", "lies in the future"),
    _one_row("timestamp zero", "ratings", f"1,{_UNRATED},4.0,0", "timestamp", "timestamp 0 lies before 1995-01-01"),
    _one_row("relevance 1.5", "genome_scores", f"{_MOVIE},1,1.5", "relevance", "relevance 1.5 is not within 0.0 to 1"),
    _one_row("relevance NaN", "genome_scores", f"{_MOVIE},1,nan", "relevance", "relevance is missing or not a number"),
    _one_row("blank title", "movies", '9999," ",Drama', "title", "title is empty"),
    _harmless("negative tmdb_id", lambda f: do.swap(f, "links", b",202\n", b",-8\n")),
)

_ROWS_TOGETHER: Final = (
    CorruptedInput(
        "re-rating",
        do.rate_again,
        rows={"ratings": HEALTHY_ROWS["ratings"] + 1},
        rejected={"ratings": 1},
        examples=(
            Rejection("ratings", 2, "(user_id, item_id)", f"the newest row is kept, on line {_LAST_RATING + 1}"),
        ),
    ),
    CorruptedInput(
        "re-rating off the scale",
        lambda f: do.rate_again(f, rating="6.0"),
        rows={"ratings": HEALTHY_ROWS["ratings"] + 1},
        rejected={"ratings": 1},
        examples=(Rejection("ratings", _LAST_RATING + 1, "rating", "rating 6.0 is not on the scale"),),
    ),
    CorruptedInput(
        "line written twice",
        lambda f: do.append(f, "ratings", do.line(f, "ratings", 2)),
        rows={"ratings": HEALTHY_ROWS["ratings"] + 1},
        rejected={"ratings": 1},
        examples=(Rejection("ratings", 2, "(user_id, item_id)", "is repeated"),),
    ),
    _one_row("movie listed twice", "movies", f"{_MOVIE},Another,Drama", "item_id", "only the first row is kept, on l"),
    _one_row("link listed twice", "links", f"{_MOVIE},0000009,9", "item_id", f"item_id {_MOVIE} is repeated"),
    CorruptedInput(
        "tag given twice",
        lambda f: do.append(f, "tags", f"1,{_MOVIE},tag 0,{_MOMENT}"),
        rows={"tags": 61},
        rejected={"tags": 1},
        examples=(Rejection("tags", 2, "(user_id, item_id, tag)", "on line 62"),),
    ),
    _one_row("genome row twice", "genome_scores", f"{_MOVIE},1,0.5", "(item_id, tag_id)", f"({_MOVIE}, 1) is repeated"),
    CorruptedInput(
        "rated movie absent from movies",
        lambda f: do.drop_lines_starting(f, "movies", f"{MOVIE_IDS[3]},"),
        rows={"movies": 39},
        rejected={"ratings": 14, "links": 1, "tags": 2, "genome_scores": 20},
        examples=(Rejection("links", 5, "item_id", f"item_id {MOVIE_IDS[3]} is not known in movies"),),
    ),
    _one_row("genome row for an unknown tag", "genome_scores", f"{_MOVIE},77,0.5", "tag_id", "tag_id 77 is not known"),
    _one_row("genome row for an unknown movie", "genome_scores", "55,7,0.5", "item_id", "item_id 55 is not known in"),
    _harmless("user who rated everything", do.rate_everything, ratings=HEALTHY_ROWS["ratings"] + len(MOVIE_IDS)),
    _harmless("movie that everybody rated", do.everybody_rates, ratings=HEALTHY_ROWS["ratings"] + N_USERS),
    _stop(
        "one user only",
        lambda f: do.keep_ratings(f, lambda fields: fields[0] == "1"),
        "FailedValidationError",
        "ratings.csv",
        "1 distinct user_id",
        "at least 2",
    ),
    _stop(
        "one movie only",
        lambda f: do.keep_ratings(f, lambda fields: fields[1] == str(_MOVIE)),
        "FailedValidationError",
        "ratings.csv",
        "1 distinct item_id",
        "at least 2",
    ),
    _stop(
        "more rejects than the limit",
        lambda f: do.scale_ratings(f, n_rows=62, factor=10),
        "FailedValidationError",
        "ratings.csv",
        "62 of 615",
        "expect_column_values_to_be_in_set on rating",
        "62 rows",
        "(line 2); ",
        "(line 3); ",
        "(line 4)",
        "goes up to 50",
    ),
    _stop(
        "ratings out of 100",
        lambda f: do.scale_ratings(f, n_rows=615, factor=20),
        "FailedValidationError",
        "615 of 615",
        "0.5 to 5.0 by 0.5",
    ),
    _stop(
        "ids under each other's names",
        lambda f: do.rename_header(f, "ratings", "movieId,userId,rating,timestamp"),
        "FailedValidationError",
        "615 of 615",
        "is not known in movies",
    ),
    _stop(
        "rating and time under each other's names",
        lambda f: do.rename_header(f, "ratings", "userId,movieId,timestamp,rating"),
        "FailedValidationError",
        "615 of 615",
        "is not on the scale",
    ),
    _stop(
        "genome without its tags",
        lambda f: do.remove(f, "genome_tags"),
        "FailedValidationError",
        "genome_scores.csv",
        "800 of 800",
        "is not known in genome_tags",
    ),
)

CORRUPTED_INPUTS: Final = (*_FILES, *_LINES, *_VALUES, *_ROWS_TOGETHER)
