"""Raw assets: CSV files as typed Parquet. The data version follows the bytes that were read."""

from functools import partial

from assets.materialising import InputChangedError, Inputs, Made, Shown, Step, recsys_asset
from assets.materialising.names import raw_asset
from assets.presenting import table_page
from recsys_core.dataset.roles import TABLE_NAMES
from recsys_core.dataset.schema import DatasetSpec
from recsys_core.dataset.table_folders import RawTable
from recsys_core.reading import read_or_leave_out

__all__ = ["raw_table"]


def raw_table(inputs: Inputs) -> Made[RawTable]:
    """A CSV file as it is, one row a line; the bytes are hashed as they are read, and must be those of ``inputs``."""
    ((name, expected),) = inputs.files.items()
    table, csv, scratch = inputs.dataset.table(name), inputs.places.csv, inputs.places.scratch
    summary = read_or_leave_out(csv, table, scratch, inputs.places.engine.read)
    if csv and f"{csv.name} {summary.sha256}" != expected:
        raise InputChangedError(f"{csv.name} changed while it was read")
    return Made(RawTable(scratch, {**summary.as_dict(), "n_in": summary.n_rows}))


def _show(step: Step) -> Shown:
    raw: RawTable = step.value
    (name,) = step.inputs.files
    table, csv = step.inputs.dataset.table(name), step.inputs.places.csv
    return Shown(
        {
            **table_page(table, raw, step.where),
            "file": str(csv) if csv else f"absent: {table.shown} is optional",
            "sha256": raw.summary["sha256"] or "",
        }
    )


def _description(name: str, dataset: DatasetSpec) -> str:
    table = dataset.table(name)
    file = f"{table.file_in_words} as it is" if table.file_in_words else "Not declared, so without rows"
    return f"{file}: {table.description}. One row a line, with its line number; unreadable lines are kept apart."


for _name in TABLE_NAMES:
    recsys_asset(
        name=raw_asset(_name),
        describe=partial(_description, _name),
        group="raw",
        kinds={"csv", "parquet"},
        show=_show,
        modules=("recsys_core.blockwise", "recsys_core.reading"),
        steps=("read",),
        table=_name,
    )(raw_table)
