"""What a person sees on an asset's page: row counts, column schemas, previews, plots."""

import base64
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import dagster as dg
import pyarrow as pa

from assets.tables import TableFolder
from recsys_core.dataset.schema import ColumnSpec, TableSpec

__all__ = ["column_schema", "image", "preview", "rows_metadata", "table_metadata", "text_table"]

_PREVIEW_ROWS = 5
_DIALOG_PIXELS = 1080  # what fits into a dialog on a screen 1440 pixels wide


def text_table(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> dg.TableMetadataValue:
    """Rows as text in a table, which pages show in place however long it is (long Markdown hides behind a link)."""
    return dg.MetadataValue.table(
        records=[dg.TableRecord({name: _cell(value) for name, value in zip(header, row, strict=True)}) for row in rows],
        schema=dg.TableSchema(columns=[dg.TableColumn(name, "string") for name in header]),
    )


def _cell(value: Any) -> str:
    text = "" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)
    return text.replace("\n", " ")[:120]


def preview(rows: pa.Table) -> dg.TableMetadataValue:
    return text_table(rows.column_names, [list(row.values()) for row in rows.to_pylist()])


def image(png: bytes, caption: str) -> dg.MarkdownMetadataValue:
    """A plot, shown at the size of the dialog in which pages open it: they cut off what is wider."""
    shown = base64.b64encode(_at_most(png, _DIALOG_PIXELS)).decode()
    return dg.MetadataValue.md(f"![{caption}](data:image/png;base64,{shown})")


def _at_most(png: bytes, width: int) -> bytes:
    from PIL import Image

    with Image.open(io.BytesIO(png)) as plot:
        if plot.width <= width:
            return png
        smaller = plot.convert("RGB").resize((width, round(plot.height * width / plot.width)), Image.Resampling.LANCZOS)
    written = io.BytesIO()
    smaller.save(written, "PNG", optimize=True)
    return written.getvalue()


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
