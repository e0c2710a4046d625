"""What a person sees on an asset's page: a value's description, as Dagster's metadata."""

import base64
import io
import logging
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa

from assets.materialising import Step
from assets.materialising.store import Store
from recsys_core.dataset.columns import ColumnSpec
from recsys_core.dataset.ids import INTEGERS, Ids
from recsys_core.dataset.schema import TableSpec
from recsys_core.dataset.table_folders import CleanTable, TableFolder
from recsys_core.describing import Description, not_finite
from recsys_core.errors import StorageError
from recsys_core.tuning import Trial

__all__ = [
    "ALL_FINITE",
    "advice",
    "column_schema",
    "finite",
    "items_of",
    "page",
    "say_trial",
    "table_page",
    "text_table",
]

ALL_FINITE = ("all_finite", "every number of the model is finite")

_PREVIEW_ROWS = 5
_DIALOG_PIXELS = 1080  # what fits into a dialog on a screen 1440 pixels wide


def page(described: Description) -> dict[str, Any]:
    """Row count, column schema, preview, and whatever else the description has."""
    columns = [dg.TableColumn(name, kind, text) for name, (kind, text) in described.columns.items()]
    return {
        "dagster/row_count": described.n_rows,
        "dagster/column_schema": dg.TableSchema(columns=columns),
        "preview": text_table(list(described.columns), described.preview),
        **described.facts,
        **{name: text_table(header, rows) for name, (header, rows) in described.tables.items()},
        **{name: _image(png, name.replace("_", " ")) for name, png in described.plots.items()},
    }


def advice(name: str, passed: bool, words: str) -> dg.AssetCheckResult:
    """The result of a check that a person should look at when it fails."""
    return dg.AssetCheckResult(check_name=name, passed=passed, severity=dg.AssetCheckSeverity.WARN, description=words)


def finite(model: Any) -> dg.AssetCheckResult:
    """The result of the check :data:`ALL_FINITE`."""
    broken = not_finite(model)
    words = f"NaN or infinite numbers in {', '.join(broken)}" if broken else "all numbers are finite"
    return dg.AssetCheckResult(check_name=ALL_FINITE[0], passed=not broken, description=words)


def items_of(step: Step) -> Ids:
    """What the titles are called that the value comes from; numbers by themselves where that is no longer stored."""
    version = step.inputs.descent["asset movies"]
    try:
        movies = Store(step.workspace.store_directory).load("movies", CleanTable, version, always=False)
        return movies.ids("item_id")
    except StorageError:
        return INTEGERS


def text_table(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> dg.TableMetadataValue:
    """Rows as text in a table, which pages show in place however long it is (long Markdown hides behind a link)."""
    return dg.MetadataValue.table(
        records=[dg.TableRecord({name: _cell(value) for name, value in zip(header, row, strict=True)}) for row in rows],
        schema=dg.TableSchema(columns=[dg.TableColumn(name, "string") for name in header]),
    )


def _cell(value: Any) -> str:
    text = "" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)
    return text.replace("\n", " ")[:120]


def _image(png: bytes, caption: str) -> dg.MarkdownMetadataValue:
    """A plot, shown at the size of the dialog in which pages open it: they cut off what is wider."""
    from PIL import Image

    with Image.open(io.BytesIO(png)) as plot:
        if plot.width > _DIALOG_PIXELS:
            size = (_DIALOG_PIXELS, round(plot.height * _DIALOG_PIXELS / plot.width))
            written = io.BytesIO()
            plot.convert("RGB").resize(size, Image.Resampling.LANCZOS).save(written, "PNG", optimize=True)
            png = written.getvalue()
    return dg.MetadataValue.md(f"![{caption}](data:image/png;base64,{base64.b64encode(png).decode()})")


def table_page(table: TableSpec, folder: TableFolder, where: Path) -> dict[str, Any]:
    """Row count, schema, previews of accepted and rejected rows of a table that will lie in ``where``."""
    n_rejected = folder.summary["n_rejected"]
    return {
        "dagster/row_count": folder.n_rows,
        "dagster/column_schema": column_schema(table),
        "preview": _first_rows(folder.head(_PREVIEW_ROWS)),
        "rows_in": folder.summary["n_in"],
        "rows_rejected": n_rejected,
        "rejected_rows": dg.MetadataValue.path(str(where / folder.rejected_path.name)),
        **({"rejected_preview": _first_rows(folder.rejected_head(_PREVIEW_ROWS))} if n_rejected else {}),
    }


def _first_rows(rows: pa.Table) -> dg.TableMetadataValue:
    return text_table(rows.column_names, [list(row.values()) for row in rows.to_pylist()])


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
    bounds: Mapping[str, float | None] = {"at least": column.minimum, "at most": column.maximum}
    return [f"{words} {bound:g}" for words, bound in bounds.items() if bound is not None]


def say_trial(trial: Trial, n_trials: int, best: Trial) -> None:
    """Progress of a search, to whoever watches."""
    text = f"tuning {trial.stage}: trial {trial.number + 1} of {n_trials}, best {best.value:.4f}"
    logging.getLogger("recsys").info(text, extra={"passing": True})
