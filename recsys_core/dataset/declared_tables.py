"""A table in ``dataset.yaml``, and the table that it becomes."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import PurePath
from typing import Any, Final, Literal

from pydantic import Field, field_validator

from recsys_core.dataset.addresses import Address
from recsys_core.dataset.columns import ADDRESS_PREFIX, FEATURE_PREFIXES, ColumnSpec
from recsys_core.dataset.declared_features import Feature, feature_column
from recsys_core.dataset.declared_sections import Name, Section
from recsys_core.dataset.feedback import Feedback
from recsys_core.dataset.moments import PER_SECOND
from recsys_core.dataset.names import plain_name
from recsys_core.dataset.roles import ROLES
from recsys_core.dataset.schema import FileFormat, TableSpec
from recsys_core.dataset.table_names import fault_of_name
from recsys_core.errors import ParameterError
from recsys_core.parameters import Parameters

__all__ = ["FormatDeclaration", "TableDeclaration", "declared_table", "items_of", "renamed_addresses"]

_ADDRESSES: Final = ("picture", "link")
_MAY_LACK: Final = ("genres",)


class FormatDeclaration(Parameters):
    """How a text file is written, where its ending and its header do not say it."""

    separator: str = ""
    """Between the columns: "\\t", ";", "::" …"""
    header: tuple[Name, ...] = ()
    """Names of the columns, in order, of a file whose first line is data."""
    encoding: str = "utf-8"
    """Such as "latin-1"."""
    quoted: bool = True
    """Whether cells may stand in quotation marks."""

    @field_validator("encoding")
    @classmethod
    def _is_known(cls, encoding: str) -> str:
        try:
            "".encode(encoding)
        except LookupError as error:
            raise ValueError("is not known; expected one such as utf-8 or latin-1") from error
        return encoding


class TableDeclaration(Section):
    """One table: its file and what its columns are called there."""

    name: str = ""
    """What people see it called, in Dagster and in messages; without one, by its role."""
    file: str = ""
    """Path in the folder, or a pattern (``part-*.parquet``) of files that are read as one, as those of a folder are.
    Without one, the table's name with any ending: ``books.csv``, ``Book.tsv.gz``."""
    format: FormatDeclaration = FormatDeclaration()
    columns: dict[str, Name | None] = Field(default_factory=dict)
    """Canonical name → name in the file, where they differ by more than case and underscores; ``null`` where the file
    has no such column, though one is called so."""
    features: dict[Name, Feature] = Field(default_factory=dict)
    """Items only. Further columns that describe them, by name → what they hold: ``number``, ``text``, ``category``,
    ``weighted tags``, ``{set: ","}``, or the separator of a set alone ("" for a category or one of the usual ones)."""
    genre_separator: str = ""
    """Items only. Between the members of the column ``genres``."""
    genre_flags: tuple[Name, ...] = ()
    """Items only. Columns of 0 and 1, each of them called like a genre; there is no column ``genres`` then."""
    picture: str = ""
    """Items only. Address of an item's picture: ``https://covers.example/{item_id}.jpg``, or ``{Image-URL}``."""
    link: str = ""
    """Items only. Address of an item's page, likewise. In braces: a canonical name, or a column of the file."""
    time: Literal["seconds", "milliseconds", "microseconds", "nanoseconds"] = "seconds"
    """Unit of the column ``timestamp``; dates as ISO 8601 writes them need none."""

    @field_validator("name")
    @classmethod
    def _can_be_called(cls, name: str) -> str:
        fault = fault_of_name(name) if name else ""
        if fault:
            raise ValueError(fault)
        return name

    @field_validator("file")
    @classmethod
    def _is_in_the_folder(cls, file: str) -> str:
        path = PurePath(file)
        if not file:
            return file
        if path.is_absolute() or not path.parts or any("**" in part and part != "**" for part in path.parts):
            raise ValueError("expected a path in the data folder, or a pattern of one such as part-*.csv")
        return file


def declared_table(
    role: str,
    called: str,
    declared: TableDeclaration | None,
    feedback: Feedback,
    *,
    words: Mapping[str, float],
) -> TableSpec:
    """The table of a ``role`` with the file and the columns that are declared of it; without any file where none is.

    called  the table's name in front of people
    words   in the place of ratings, and what they count
    """
    table = replace(ROLES[role], called=called)
    if declared is None:
        return table
    _check_columns(role, table, declared)
    columns = [_column(role, column, declared, feedback, words) for column in table.columns]
    columns += [feature_column(source, feature) for source, feature in declared.features.items()]
    for key, address in _addresses(declared):
        named = {column.name for column in columns}
        columns += [
            ColumnSpec(name, "text", source, nullable=True, wanted_by=f"{role}.{key}", description=f"for {role}.{key}")
            for source in dict.fromkeys(address.columns)
            if (name := _column_named(declared, source)) not in named
        ]
    form = declared.format
    return replace(
        table,
        columns=tuple(columns),
        repeats=role == "interactions" and feedback.kind != "ratings",
        file=declared.file,
        file_stems=() if declared.file else _stems(called),
        format=FileFormat(form.separator, form.header, form.encoding, form.quoted, declared.genre_flags),
    )


def _stems(called: str) -> tuple[str, ...]:
    name = called.lower()
    return tuple(dict.fromkeys((name, name.replace("_", "-"), name.removesuffix("s"))))


def _addresses(declared: TableDeclaration) -> list[tuple[str, Address]]:
    """Those that are declared, by their key."""
    found = []
    for key in _ADDRESSES:
        if template := getattr(declared, key):
            try:
                found.append((key, Address(template)))
            except ParameterError as error:
                raise ParameterError(f"items.{key}: {error}") from None
    return found


def renamed_addresses(declared: TableDeclaration | None) -> dict[str, Address]:
    """The addresses of items by their key, with the table's names for columns."""
    if declared is None:
        return {}
    return {key: address.renamed(partial(_column_named, declared)) for key, address in _addresses(declared)}


def _column_named(declared: TableDeclaration, source: str) -> str:
    """The table's name for what a template calls ``source``, canonically or as the file does."""
    for column in ROLES["items"].columns:
        names = (column.name, column.spelling, declared.columns.get(column.name) or "")
        if plain_name(source) in map(plain_name, names):
            return column.name
    feature = declared.features.get(source)
    return f"{FEATURE_PREFIXES[feature.kind] if feature else ADDRESS_PREFIX}{source}"


def _check_columns(role: str, table: TableSpec, declared: TableDeclaration) -> None:
    unknown = [name for name in declared.columns if name not in table.column_names]
    if unknown:
        raise ParameterError(
            f"{role}.columns.{unknown[0]}: expected one of {', '.join(table.column_names)} "
            "(further columns of items are features)"
        )
    needed = {column.name for column in table.columns if not column.optional and column.name not in _MAY_LACK}
    for name in (name for name, source in declared.columns.items() if source is None and name in needed):
        raise ParameterError(f"{role}.columns.{name}: is needed; say which column is")
    for name in ("features", "genre_flags", "genre_separator", *_ADDRESSES):
        if getattr(declared, name) and role != "items":
            raise ParameterError(f"{role}.{name}: only items have them")
    named: dict[str, str] = {}
    taken = {f"columns.{name}": source for name, source in declared.columns.items() if source is not None}
    for key, source in (taken | {f"features.{source}": source for source in declared.features}).items():
        if named.setdefault(source, key) != key:
            raise ParameterError(f"{role}.{key}: the file's column {source!r} is {named[source]} already; name it once")
    free = {plain_name(column.name): column.name for column in table.columns if column.name not in declared.columns}
    for source in declared.features:
        if plain_name(source) in free:
            name = free[plain_name(source)]
            raise ParameterError(f"{role}.features.{source}: is read as {name}; say which column is, as columns.{name}")


def _column(
    role: str, column: ColumnSpec, declared: TableDeclaration, feedback: Feedback, words: Mapping[str, float]
) -> ColumnSpec:
    named = declared.columns.get(column.name, "") or ""
    changes: dict[str, Any] = {"spelling": named, "also": () if named else column.also}
    if named and plain_name(named) not in map(plain_name, (column.name, *column.also)):
        changes["wanted_by"] = f"{role}.columns.{column.name}"
    lacks = column.name in declared.columns and not named
    if lacks or (column.name == "rating" and feedback.kind == "events"):  # whatever else a value of an event says
        changes.update(absent=True, optional=True)
    if column.type == "timestamp":
        changes["per_second"] = PER_SECOND[declared.time]
    if column.name == "rating":
        changes.update(minimum=feedback.minimum, maximum=feedback.maximum, words=tuple(words.items()))
    if column.name == "genres":
        changes.update(separator="|" if declared.genre_flags else declared.genre_separator, optional=not named)
    return replace(column, **changes)


def items_of(interactions: TableSpec, items: TableSpec) -> TableSpec:
    """The table of the items that ``interactions`` name."""
    changes: dict[str, dict[str, Any]] = {"title": {"copies": "item_id"}, "genres": {"optional": True}}
    columns = [replace(column, **changes.get(column.name, {})) for column in items.columns if column.name != "item_id"]
    return replace(
        items,
        columns=(interactions.column("item_id"), *columns),
        file=interactions.file,
        file_stems=interactions.file_stems,
        format=interactions.format,
        gathered=True,
        description="the items that interactions name",
    )
