"""Raw assets: CSV files as typed Parquet. The data version is the file's content hash."""

import dagster as dg

from assets.declaring import Made, recsys_asset
from assets.presenting import table_metadata
from assets.tables import RawTable
from assets.workspace import Workspace
from recsys_core.dataset.schema import MOVIELENS, TABLE_NAMES, TableSpec
from recsys_core.reading import locate_table, read_table, write_absent_table

__all__ = ["RAW_ASSETS"]


def _declare(table: TableSpec) -> dg.AssetsDefinition:
    def read(workspace: Workspace) -> Made[RawTable]:
        path = locate_table(workspace.data_path, table)
        directory = workspace.store.scratch()
        summary = read_table(path, table, directory) if path else write_absent_table(table, directory)
        raw = RawTable(directory, {**summary.as_dict(), "n_in": summary.n_rows})
        metadata = table_metadata(table, raw) | {
            "file": str(path) if path else f"absent: {table.name} is optional",
            "sha256": summary.sha256 or "",
        }
        return Made(raw, metadata)

    read.__doc__ = f"{table.name}.csv as it is: {table.description}. One row a line, with its line number."
    return recsys_asset(name=f"raw_{table.name}", group="raw", kinds={"csv", "parquet"}, table=table.name)(read)


RAW_ASSETS = [_declare(MOVIELENS.table(name)) for name in TABLE_NAMES]
