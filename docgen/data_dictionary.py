"""Every table and column that a data folder may hold, from their declarations, as docs/data-dictionary.md.

python -m docgen.data_dictionary
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final, get_args

from bench.options import options
from bench.page import write_page
from recsys_core.dataset.columns import FEATURE_PREFIXES, ColumnSpec
from recsys_core.dataset.declaration import (
    MOVIELENS,
    Declaration,
    FeedbackDeclaration,
    dataset_of,
)
from recsys_core.dataset.declared_tables import TableDeclaration
from recsys_core.dataset.feedback import FeedbackKind
from recsys_core.dataset.roles import ROLES
from recsys_core.dataset.schema import DatasetSpec, TableSpec
from recsys_core.reading.cells import EMPTY_WORDS

__all__ = ["main"]

_ROLES: Final = {table.name: role for role, table in ROLES.items()}


def _declared(kind: FeedbackKind) -> DatasetSpec:
    """A data set whose ``dataset.yaml`` says only what it must."""
    scale = None if kind == "events" else (1.0, 5.0)
    tables: dict[str, Any] = {role: TableDeclaration(file=f"{role}.csv") for role in _ROLES.values()}
    return dataset_of(Declaration(name="any", feedback=FeedbackDeclaration(kind=kind, scale=scale), **tables))


_DECLARED: Final = {kind: _declared(kind) for kind in get_args(FeedbackKind)}


def _tables() -> str:
    return _markdown(
        ("in `dataset.yaml`", "assets without it", "files without it", "needed", "a row is", "unique by"),
        (
            (
                f"[`{_ROLES[table.name]}`](#{_ROLES[table.name]})",
                f"`{table.name}`",
                _code(table.file_stems),
                "yes" if table.required else "no",
                table.description,
                _code(table.key),
            )
            for table in MOVIELENS.tables
        ),
    )


def _section(table: TableSpec) -> str:
    rows: list[tuple[str, ...]] = [
        (f"`{c.name}`", c.type, _needed(table, c), _values(c), f"`{c.in_file}`", c.description) for c in table.columns
    ]
    if any(column.type == "set" for column in table.columns):
        rows += [
            (f"`{prefix}NAME`", kind, "no", "", "", f"the column NAME of `items.features`, declared as {kind}")
            for kind, prefix in FEATURE_PREFIXES.items()
        ]
    columns = _markdown(("column", "type", "needed", "values", "MovieLens's name", "meaning"), rows)
    refers = (
        f"\n`{column}` must occur as `{other_column}` of [{_ROLES[other]}](#{_ROLES[other]})."
        for column, other, other_column in table.references
    )
    return "\n".join([f"## {_ROLES[table.name]}\n", columns, *refers, ""])


def _needed(table: TableSpec, column: ColumnSpec) -> str:
    if column.optional:
        return "no"
    free = [kind for kind, dataset in _DECLARED.items() if dataset.table(table.name).column(column.name).optional]
    if len(free) == len(_DECLARED):
        return "yes, unless there is a `dataset.yaml`; cells may be empty"
    if free:
        return f"yes; not of {', '.join(free)}"
    return "yes; cells may be empty" if column.nullable else "yes"


def _values(column: ColumnSpec) -> str:
    if column.name == "rating":
        scale = MOVIELENS.feedback
        return f"{scale.minimum:g} to {scale.maximum:g} by {scale.step:g}, or `feedback.scale`"
    if column.type == "timestamp":
        since = datetime.fromtimestamp(MOVIELENS.earliest_timestamp, UTC).date()
        return f"from {since}, or 1970 with `dataset.yaml`, to now"
    if column.minimum is not None and column.maximum is not None:
        return f"{column.minimum:g} to {column.maximum:g}"
    return ""


def _markdown(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of words: all of it aligned left."""
    escaped = ([cell.replace("|", "\\|") for cell in row] for row in rows)
    return "\n".join("| " + " | ".join(row) + " |" for row in (columns, ["---"] * len(columns), *escaped))


def _code(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def main(argv: Sequence[str] | None = None) -> None:
    arguments = options("docgen.data_dictionary", __doc__, "docs/data-dictionary.md").parse_args(argv)
    write_page(
        arguments.out,
        "docgen.data_dictionary",
        argv,
        tables=_tables(),
        sections="\n".join(map(_section, MOVIELENS.tables)),
        nothing=_code([word for word in EMPTY_WORDS.to_pylist() if word]),
    )


if __name__ == "__main__":
    main()
