"""What a person sees on an asset's page: row counts, column schemas, previews, plots."""

import base64
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import dagster as dg
import pyarrow as pa

from assets.tables import TableFolder
from recsys_core.dataset.schema import ColumnSpec, TableSpec

__all__ = ["column_schema", "image", "preview", "rows_metadata", "table_metadata", "text_table"]

_PREVIEW_ROWS = 5


def text_table(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> dg.MarkdownMetadataValue:
    """Rows as a Markdown table."""
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    lines += ["| " + " | ".join(_cell(value) for value in row) + " |" for row in rows]
    return dg.MetadataValue.md("\n".join(lines))


def _cell(value: Any) -> str:
    text = "" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)
    return text.replace("|", "\\|").replace("\n", " ")[:120]


def preview(rows: pa.Table) -> dg.MarkdownMetadataValue:
    return text_table(rows.column_names, [list(row.values()) for row in rows.to_pylist()])


def image(png: bytes, caption: str) -> dg.MarkdownMetadataValue:
    """A plot, shown inside the page."""
    return dg.MetadataValue.md(f"![{caption}](data:image/png;base64,{base64.b64encode(png).decode()})")


def rows_metadata(
    n_rows: int, columns: Mapping[str, tuple[str, str]], first_rows: Iterable[Sequence[Any]]
) -> dict[str, Any]:
    """Row count, column schema and preview of a value that is rows of something.

    ``columns`` maps each name to its type and description; ``first_rows`` are shown as they are.
    """
    schema = [dg.TableColumn(name, kind, description) for name, (kind, description) in columns.items()]
    return {
        "dagster/row_count": n_rows,
        "dagster/column_schema": dg.TableSchema(columns=schema),
        "preview": text_table(list(columns), first_rows),
    }


def column_schema(table: TableSpec) -> dg.TableSchema:
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                column.name,
                column.type,
                column.description,
                constraints=dg.TableColumnConstraints(nullable=column.nullable, other=_ranges(column)),
            )
            for column in table.columns
        ],
        constraints=dg.TableConstraints(other=[f"({', '.join(table.key)}) unique"]),
    )


def _ranges(column: ColumnSpec) -> list[str]:
    ranges = []
    if column.minimum is not None:
        ranges.append(f"at least {column.minimum:g}")
    if column.maximum is not None:
        ranges.append(f"at most {column.maximum:g}")
    return ranges


def table_metadata(table: TableSpec, folder: TableFolder) -> dict[str, Any]:
    """Row count, schema, previews of accepted and rejected rows."""
    metadata: dict[str, Any] = {
        "dagster/row_count": folder.n_rows,
        "dagster/column_schema": column_schema(table),
        "preview": preview(folder.head(_PREVIEW_ROWS)),
        "rows_in": folder.summary["n_in"],
        "rows_rejected": folder.summary["n_rejected"],
        "rejected_rows": dg.MetadataValue.path(str(folder.rejected_path)),
    }
    if folder.summary["n_rejected"]:
        metadata["rejected_preview"] = preview(folder.rejected_head(_PREVIEW_ROWS))
    return metadata
