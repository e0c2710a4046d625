"""A folder's files → its declaration, with a guess behind every line."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatch
from glob import escape
from pathlib import Path
from typing import Any, Final

import numpy as np

from recsys_core.dataset.declaration import MOVIELENS, Declaration, dataset_of
from recsys_core.dataset.moments import PER_SECOND
from recsys_core.dataset.names import plain_name
from recsys_core.dataset.roles import ROLES
from recsys_core.drafting.columns import Column, is_id
from recsys_core.drafting.features import guess_addresses, guess_features, guess_flags
from recsys_core.drafting.guesses import Guess
from recsys_core.drafting.known import known_dataset
from recsys_core.drafting.names import TIME, named
from recsys_core.drafting.roles import TableFound, find_tables
from recsys_core.drafting.sampling import Sample, escaping_quotes, samples_in, why_unread
from recsys_core.drafting.table_names import names_of_tables
from recsys_core.drafting.values import guess_feedback, guess_weights
from recsys_core.drafting.writing import as_yaml
from recsys_core.errors import DataError, MissingFileError
from recsys_core.reading import locate_table
from recsys_core.reading.header import LFS_POINTER

__all__ = ["Draft", "draft_dataset"]

_NO_ITEMS: Final = "no file has a row for each item with its id and a title, so that items are called by their ids"
_ESCAPED: Final = 'has quotation marks as Spark writes them, \\\\", which are not read: write them doubled'
_NAME_THEM: Final = (
    "say in dataset.yaml which they are, as interactions: {file: …, columns: {user_id: …, item_id: …}}, or name its "
    "columns user_id and item_id"
)
_HEAD_THEM: Final = (
    "give its columns names, user_id and item_id among them, in a first line, or in dataset.yaml as interactions: "
    "format: header"
)
_TOLD: Final = 5  # files
_NO_TIMES: Final = "no column of times was found"
_FORMAT: Final = {
    "separator": "its lines are cut alike by it",
    "header": "its first line is data",
    "encoding": "its bytes say so, or are not UTF-8",
    "quoted": "its quotation marks are part of the text",
}


@dataclass(frozen=True, slots=True)
class Draft:
    """A ``dataset.yaml`` and the guesses in it.

    is_needed  False where the folder is read as this without any declaration: it is MovieLens, as CSV files
    """

    text: str
    guesses: tuple[Guess, ...]
    is_needed: bool


def draft_dataset(folder: Path) -> Draft:
    """The declaration of the data in ``folder``, by the headers and the first rows of its files; nothing is written.

    Raises MissingFileError for a folder that is not there, DataError where no interactions are found.
    """
    if not folder.is_dir():
        raise MissingFileError(f"{folder}: no such folder; expected a folder with files of interactions and items")
    known = known_dataset(folder)
    if known is not None:
        guess = Guess("name", known.stem, "sure", "by its files, their columns and their ratings")
        return Draft(known.read_text(encoding="utf-8"), (guess,), is_needed=True)
    samples = samples_in(folder)
    tables = find_tables(samples)
    if not tables.keys() >= {"interactions", "items"} and any(_is_pointer(path) for path in folder.iterdir()):
        raise DataError(
            f"{folder}: has files that are pointers of Git LFS, not the data; {_found(folder, samples)}; "
            "run git lfs pull"
        )
    if "interactions" not in tables:
        advice = _NAME_THEM if all(sample.has_header for sample in samples) else _HEAD_THEM
        raise DataError(
            f"{folder}: no file has a column of users and one of items; {_found(folder, samples)}"
            + f"; {advice}" * bool(samples)
        )
    interactions = tables["interactions"]
    rating = interactions.columns.get("rating")
    weights = guess_weights(interactions.others) if rating is None else None
    if weights is not None:
        column, feedback, guesses = weights
        interactions.add("rating", [column], "what somebody did", "likely")
    else:
        feedback, guesses = guess_feedback(rating.column if rating else None, interactions.others)
    if feedback.get("kind") == "events":
        interactions.columns.pop("rating", None)  # nor is it read
    declared: dict[str, Any] = {"name": folder.resolve().name or "data", "feedback": feedback}
    ids, more = _ids(tables)
    declared |= {"ids": ids} if ids else {}
    guesses += more
    names = names_of_tables({role: table.sample.file for role, table in tables.items()})
    for role, table in tables.items():
        declared[role], more = _declared_table(role, table, names.get(role))
        guesses += more
    text = ""
    if "items" not in tables:
        escaped = escaping_quotes(folder)
        why = f"{_NO_ITEMS}{f'; {escaped} {_ESCAPED}' if escaped else ''}"
        guesses.append(Guess("items", None, "guess" if escaped else "likely", why))
        text = f"# items: none; {why}\n"
    dataset_of(Declaration(**declared))
    return Draft(as_yaml(declared, guesses) + text, tuple(guesses), is_needed=not _is_movielens(folder, declared))


def _found(folder: Path, samples: list[Sample]) -> str:
    tables = ", ".join(f"{s.file} ({', '.join(column.name for column in s.columns)})"[:200] for s in samples)
    names = sorted(path.name for path in folder.iterdir() if path.name[0] not in "._")
    others = [name for name in names if not any(fnmatch(name, sample.pattern) for sample in samples)]
    whys = ", ".join(f"{name} ({why_unread(folder / name)})" for name in others[:_TOLD])
    if not tables:
        return f"found no table among {whys or 'no files'}"
    return f"found {tables}; not read: {whys}" if whys else f"found {tables}"


def _is_pointer(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as opened:
        return opened.read(len(LFS_POINTER)) == LFS_POINTER.encode()


def _declared_table(role: str, table: TableFound, name: str | None) -> tuple[dict[str, Any], list[Guess]]:
    """A table's section and the guesses in it, only what reading would not find by itself."""
    sample = table.sample
    declared: dict[str, Any] = {"name": name} if name else {}
    declared["file"] = sample.pattern
    guesses = [Guess(f"{role}.name", name, "likely", "as its file is called")] if name else []
    several = f"{sample.n_files} files with the same columns; " if sample.n_files > 1 else ""
    guesses.append(Guess(f"{role}.file", sample.file, table.confidence, several + table.why))
    form = {name: value for name, value in _format(table).items() if value is not None}
    if form:
        declared["format"] = form
        guesses += [Guess(f"{role}.format.{name}", value, "likely", _FORMAT[name]) for name, value in form.items()]
    columns: dict[str, str | None] = {}
    for canonical, found in table.columns.items():
        source = found.column.name
        fault = _fault_of_values(canonical, found.column)
        guesses.append(Guess(f"{role}.columns.{canonical}", source, found.confidence, fault or found.why))
        if sample.has_header and (fault or _must_be_named(canonical, found.column, sample)):
            columns[canonical] = source
    if sample.has_header and "timestamp" not in table.columns and named(sample.columns, ["timestamp"]):
        columns["timestamp"] = None  # it is none
    if columns:
        declared["columns"] = columns
    for key, value, guess in (*_times(role, table), *(_of_items(table) if role == "items" else ())):
        guesses.append(guess)
        if value is not None:
            declared[key] = value
    return declared, guesses


def _format(table: TableFound) -> Mapping[str, Any]:
    sample = table.sample
    names = {found.column.name: name for name, found in table.columns.items()}
    return {
        "separator": sample.form.separator or None,
        "header": None if sample.has_header else [names.get(c.name, c.name) for c in sample.columns],
        "encoding": sample.form.encoding if sample.form.encoding != "utf-8" else None,
        "quoted": None if sample.form.quoted else False,
    }


def _must_be_named(name: str, taken: Column, sample: Sample) -> bool:
    """Whether ``taken`` is not the only column of the file that is alike to the canonical name."""
    return [column for column in sample.columns if plain_name(column.name) == plain_name(name)] != [taken]


def _ids(tables: Mapping[str, TableFound]) -> tuple[Any, list[Guess]]:
    """What ids are declared to be, None where all are whole numbers, and the guesses in it."""
    found, guesses = {}, []
    for name in ("user_id", "item_id"):
        columns = [table.columns[name].column for table in tables.values() if name in table.columns]
        texts = [column for column in columns if not column.are_ids and not column.no_ids]
        strays = [text for column in columns for text in column.no_ids]
        if strays and not texts:
            why = f"but for {strays[0][:40]!r}, whose rows are rejected"
            guesses.append(Guess(f"ids.{name}", "integer", "likely", why))
        if texts:
            found[name] = "text"
            example = next(text for text in texts[0].texts if not is_id(text))
            guesses.append(Guess(f"ids.{name}", "text", "sure", f"{example} is no whole number of 64 bits"))
    if len(found) == 2:
        return "text", [Guess("ids", "text", "sure", " and ".join(guess.why for guess in guesses))]
    return found or None, guesses


def _fault_of_values(name: str, column: Column) -> str:
    if name == "rating" and column.has_thousands:
        return "its numbers have commas between thousands, which cannot be read: write 17096 for 17,096"
    if name == "rating" and column.has_decimal_commas:
        return "its numbers have decimal commas, which cannot be read: write 3.5 for 3,5"
    return ""


def _no_date(column: Column) -> str:
    return next(iter(column.no_dates), column.texts[0])


def _times(role: str, table: TableFound) -> Iterator[tuple[str, Any, Guess]]:
    found = table.columns.get("timestamp")
    if found is None:
        if role == "interactions":
            unread = next((column for column in named(table.others, TIME) if column.texts), None)
            why = f"{unread.name} has {_no_date(unread)[:40]!r}, which is not read as a date" if unread else _NO_TIMES
            yield "", None, Guess("interactions.columns.timestamp", None, "guess" if unread else "likely", why)
        return
    unit = found.column.moments
    first, last = found.column.texts[0], ""
    if unit == "dates":
        bad = found.column.no_dates
        but = f"; {bad[0][:40]!r} is none, and its row rejected" if bad else ""
        yield "", None, Guess(f"{role}.time", "dates", "likely" if bad else "sure", f"{first} is a date{but}")
        return
    moment = datetime.fromtimestamp(float(np.median(found.column.numbers)) / PER_SECOND[unit], UTC)
    last = f"half of {found.column.name} are before {moment:%Y-%m-%d}"
    yield "time", unit if unit != "seconds" else None, Guess(f"{role}.time", unit, "sure", last)


def _of_items(table: TableFound) -> Iterator[tuple[str, Any, Guess]]:
    """Genres' separator or flags, features, pictures and pages."""
    genres = table.columns.get("genres")
    if genres is not None and genres.column.separator:
        why = f"between the members of {genres.column.name}"
        yield (
            "genre_separator",
            genres.column.separator,
            Guess("items.genre_separator", genres.column.separator, "likely", why),
        )
    if not table.sample.has_header:
        return
    others = table.others
    flags = [] if genres is not None else guess_flags(others)
    if flags:
        why = "columns of 0 and 1, of which some are 1 in a row"
        yield "genre_flags", flags, Guess("items.genre_flags", flags, "guess", why)
    canonical = {plain_name(name) for name in ROLES["items"].column_names}
    read_as_others = {*flags, *(column.name for column in others if plain_name(column.name) in canonical)}
    features, guesses = guess_features([column for column in others if column.name not in read_as_others])
    for number, guess in enumerate(guesses):
        yield "features", features if number == 0 else None, guess
    yield from guess_addresses(others)


def _is_movielens(folder: Path, declared: Mapping[str, Any]) -> bool:
    """Whether nothing needs to be declared: files, columns and scale are MovieLens's."""
    scale = MOVIELENS.feedback
    if "items" not in declared or declared["feedback"] != {"scale": [scale.minimum, scale.maximum], "step": scale.step}:
        return False
    columns_of_movielens = [column for table in MOVIELENS.tables for column in table.columns]
    spellings = {c.name: {plain_name(c.name), plain_name(c.in_file)} for c in columns_of_movielens}
    for role, name in (("interactions", "ratings"), ("items", "movies")):
        table = declared[role]
        columns = table.get("columns", {})
        if set(table) - {"name", "file", "columns"} or any(
            value is None or plain_name(value) not in spellings[key] for key, value in columns.items()
        ):
            return False
        try:
            found = locate_table(folder, MOVIELENS.table(name))
        except DataError:
            return False
        if found is None or escape(found.name) != table["file"]:
            return False
    return True
