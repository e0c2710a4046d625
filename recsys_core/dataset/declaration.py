"""``dataset.yaml``: one small file that says what the files of a folder are."""

from dataclasses import replace
from functools import partial
from pathlib import Path, PurePath
from typing import Annotated, Any, Final, Literal

from pydantic import (
    Field,
    StringConstraints,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    field_validator,
)

from recsys_core.dataset.addresses import Address
from recsys_core.dataset.columns import ADDRESS_PREFIX, FEATURE_PREFIXES, ColumnSpec
from recsys_core.dataset.declared_features import Feature, feature_column
from recsys_core.dataset.feedback import Feedback, FeedbackKind
from recsys_core.dataset.ids import IdKind
from recsys_core.dataset.moments import PER_SECOND
from recsys_core.dataset.names import plain_name
from recsys_core.dataset.relevance import RelevanceParameters
from recsys_core.dataset.schema import MOVIELENS, DatasetSpec, FileFormat, TableSpec
from recsys_core.errors import ParameterError
from recsys_core.parameters import Parameters
from recsys_core.yaml_files import read_yaml

__all__ = [
    "DATASET_FILE",
    "TABLE_OF_ROLE",
    "Declaration",
    "FeedbackDeclaration",
    "TableDeclaration",
    "dataset_in",
    "dataset_of",
    "read_dataset",
]

DATASET_FILE: Final = "dataset.yaml"
"""In a data folder, beside its files."""
TABLE_OF_ROLE: Final = {
    "interactions": "ratings",
    "items": "movies",
    "links": "links",
    "tags": "tags",
    "genome_scores": "genome_scores",
    "genome_tags": "genome_tags",
}
"""Role of each table in the file → the asset that it becomes."""
_ADDRESSES: Final = ("picture", "link")
Name = Annotated[str, StringConstraints(min_length=1)]


class _Section(Parameters):
    """A part of the file, whose faults are told by their way from its top: ``items.features.price``."""

    @field_validator("*", mode="wrap")
    @classmethod
    def _say_where(cls, value: object, inner: ValidatorFunctionWrapHandler, info: ValidationInfo) -> object:
        try:
            return inner(value)
        except ParameterError as error:
            faults = [f"{info.field_name}.{fault}" for fault in error.faults]
            raise ParameterError("; ".join(faults), faults) from None


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


class TableDeclaration(_Section):
    """One table: its file and what its columns are called there."""

    file: Name
    """Path in the folder, or a pattern (``part-*.parquet``) of files that are read as one, as those of a folder are."""
    format: FormatDeclaration = FormatDeclaration()
    columns: dict[str, Name] = Field(default_factory=dict)
    """Canonical name → name in the file, where they differ by more than case and underscores."""
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

    @field_validator("file")
    @classmethod
    def _is_in_the_folder(cls, file: str) -> str:
        path = PurePath(file)
        if path.is_absolute() or not path.parts or any("**" in part and part != "**" for part in path.parts):
            raise ValueError("expected a path in the data folder, or a pattern of one such as part-*.csv")
        return file


class FeedbackDeclaration(Parameters):
    """What an interaction says."""

    kind: FeedbackKind = "ratings"
    """"ratings" on a scale; "counts" of plays or purchases, or other weights; "events": that it happened is all."""
    scale: tuple[float, float] | None = None
    """Lowest and highest rating; of counts, what says no more if it grows."""
    step: float = Field(default=0.0, ge=0)
    """Between two ratings of the scale; 0 for any value in between."""

    @field_validator("scale")
    @classmethod
    def _can_be(cls, scale: tuple[float, float] | None, info: ValidationInfo) -> tuple[float, float] | None:
        if scale is None:
            if info.data.get("kind") in ("ratings", "counts"):
                raise ValueError(f"feedback of kind {info.data['kind']} needs a scale, such as scale: [1, 5]")
            return None
        try:
            Feedback(*scale, step=0)
        except ParameterError as error:
            raise ValueError(str(error)) from None
        return scale

    def feedback(self) -> Feedback:
        if self.kind == "events" or self.scale is None:
            return Feedback.events()
        return Feedback(self.scale[0], self.scale[1], self.step, self.kind)


class IdsDeclaration(Parameters):
    """What people and items are called by."""

    user_id: IdKind = "integer"
    """Whole numbers of 64 bits, or texts of any kind, each a character apart from any other: 007 is not 7."""
    item_id: IdKind = "integer"
    """The same of items."""


class Declaration(_Section):
    """A folder of data, declared."""

    name: Name
    feedback: FeedbackDeclaration
    ids: IdsDeclaration = IdsDeclaration()
    """``ids: text`` where users and items both are called by texts."""
    interactions: TableDeclaration
    items: TableDeclaration | None = None
    """Without it, the items are those that the interactions name, and their ids are their titles."""
    links: TableDeclaration | None = None
    tags: TableDeclaration | None = None
    genome_scores: TableDeclaration | None = None
    genome_tags: TableDeclaration | None = None
    relevance: RelevanceParameters | None = None
    """What counts as relevant; without it, the upper part of the scale: three quarters of the way up and more."""

    @field_validator("ids", mode="before")
    @classmethod
    def _both_alike(cls, ids: object) -> object:
        return {"user_id": ids, "item_id": ids} if isinstance(ids, str) else ids


def dataset_in(data_dir: Path, declared_in: Path | None = None) -> DatasetSpec:
    """The data set in a folder: what ``declared_in``, or else its ``dataset.yaml``, declares; MovieLens without one."""
    path = declared_in or data_dir / DATASET_FILE
    return read_dataset(path) if declared_in or path.is_file() else MOVIELENS


def read_dataset(path: Path) -> DatasetSpec:
    """The data set that a ``dataset.yaml`` declares; :class:`ParameterError` says what in it cannot be."""
    values = read_yaml(path, "data set")
    try:
        return dataset_of(Declaration(**values))
    except ParameterError as error:
        raise ParameterError(f"data set {path}: {'; '.join(error.faults)}") from None


def dataset_of(declared: Declaration) -> DatasetSpec:
    """The tables of MovieLens with the files, names and scale of ``declared``."""
    feedback = declared.feedback.feedback()
    texts = [name for name, kind in declared.ids if kind == "text"]
    tables = [_table(role, name, getattr(declared, role), feedback) for role, name in TABLE_OF_ROLE.items()]
    if declared.items is None:
        tables[1] = _items_of(tables[0], tables[1])
    relevance = declared.relevance or RelevanceParameters(positive_threshold=_liked_from(feedback))
    return DatasetSpec(
        declared.name,
        tuple(tables),
        feedback,
        earliest_timestamp=0,
        relevance=relevance,
        **_renamed_addresses(declared.items),
    ).with_text_ids(texts)


def _liked_from(feedback: Feedback) -> float:
    """The rating from which on a title was liked: 4 of 1 to 5; any count, any event."""
    if feedback.kind != "ratings":
        return 0.0
    raw = feedback.minimum + 0.75 * (feedback.maximum - feedback.minimum)
    return round(raw / feedback.step) * feedback.step if feedback.step else raw


def _table(role: str, name: str, declared: TableDeclaration | None, feedback: Feedback) -> TableSpec:
    table = MOVIELENS.table(name)
    if declared is None:
        return replace(table, file_stems=())
    _check_columns(role, table, declared)
    columns = [_column(column, declared, feedback) for column in table.columns]
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
        format=FileFormat(form.separator, form.header, form.encoding, form.quoted, declared.genre_flags),
    )


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


def _renamed_addresses(declared: TableDeclaration | None) -> dict[str, Address]:
    """The same with the table's names for columns."""
    if declared is None:
        return {}
    return {key: address.renamed(partial(_column_named, declared)) for key, address in _addresses(declared)}


def _column_named(declared: TableDeclaration, source: str) -> str:
    """The table's name for what a template calls ``source``, canonically or as the file does."""
    for column in MOVIELENS.table("movies").columns:
        if plain_name(source) in map(plain_name, (column.name, column.spelling, declared.columns.get(column.name, ""))):
            return column.name
    feature = declared.features.get(source)
    return f"{FEATURE_PREFIXES[feature.kind] if feature else ADDRESS_PREFIX}{source}"


def _items_of(interactions: TableSpec, items: TableSpec) -> TableSpec:
    """The table of the items that ``interactions`` name."""
    changes: dict[str, dict[str, Any]] = {"title": {"copies": "item_id"}, "genres": {"optional": True}}
    columns = [replace(column, **changes.get(column.name, {})) for column in items.columns if column.name != "item_id"]
    return replace(
        items,
        columns=(interactions.column("item_id"), *columns),
        file=interactions.file,
        format=interactions.format,
        gathered=True,
        description="the items that interactions name",
    )


def _check_columns(role: str, table: TableSpec, declared: TableDeclaration) -> None:
    unknown = [name for name in declared.columns if name not in table.column_names]
    if unknown:
        raise ParameterError(
            f"{role}.columns.{unknown[0]}: expected one of {', '.join(table.column_names)} "
            "(further columns of items are features)"
        )
    for name in ("features", "genre_flags", "genre_separator", *_ADDRESSES):
        if getattr(declared, name) and role != "items":
            raise ParameterError(f"{role}.{name}: only items have them")
    named: dict[str, str] = {}
    taken = {f"columns.{name}": source for name, source in declared.columns.items()}
    for key, source in (taken | {f"features.{source}": source for source in declared.features}).items():
        if named.setdefault(source, key) != key:
            raise ParameterError(f"{role}.{key}: the file's column {source!r} is {named[source]} already; name it once")
    free = {plain_name(column.name): column.name for column in table.columns if column.name not in declared.columns}
    for source in declared.features:
        if plain_name(source) in free:
            name = free[plain_name(source)]
            raise ParameterError(f"{role}.features.{source}: is read as {name}; say which column is, as columns.{name}")


def _column(column: ColumnSpec, declared: TableDeclaration, feedback: Feedback) -> ColumnSpec:
    named = declared.columns.get(column.name, "")
    changes: dict[str, Any] = {"spelling": named, "also": () if named or not column.spelling else (column.spelling,)}
    if column.type == "timestamp":
        changes["per_second"] = PER_SECOND[declared.time]
    if column.name == "rating":
        changes.update(minimum=feedback.minimum, maximum=feedback.maximum, optional=feedback.kind == "events")
    if column.name == "genres":
        changes.update(separator="|" if declared.genre_flags else declared.genre_separator, optional=True)
    return replace(column, **changes)
