"""What the pipeline is made of and does not make: CSV files, the tracking store, the champion, as observed assets."""

import warnings

import dagster as dg

from assets.materialising.names import file_asset
from assets.materialising.world import World
from assets.workspace import Workspace
from recsys_core.dataset.roles import TABLE_NAMES
from recsys_core.dataset.schema import DatasetSpec, TableSpec
from recsys_core.errors import RecsysError

__all__ = ["outside_assets", "outside_names"]

_DESCRIPTIONS = {
    "tracking_store": "The MLflow store that runs are logged to and versions registered in.",
    "champion": "The model version with the alias champion: moved by the gate, by hand, and back.",
}


def outside_names() -> list[str]:
    """Their names in code."""
    return [*map(file_asset, TABLE_NAMES), *_DESCRIPTIONS]


def outside_assets(dataset: DatasetSpec) -> list[dg.AssetsDefinition]:
    tables = {file_asset(table.name): table for table in dataset.tables}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.BetaWarning)  # of observable_source_asset, as of Dagster 1.13
        return [_observable(name, tables.get(name)) for name in outside_names()]


def _observable(name: str, table: TableSpec | None) -> dg.AssetsDefinition:
    @dg.observable_source_asset(
        name=file_asset(table.shown) if table else name,
        group_name="outside",
        description=_description(table) if table else _DESCRIPTIONS[name],
        tags={"dagster/kind/csv": ""} if table else {"dagster/kind/mlflow": ""},
    )
    def observe(workspace: dg.ResourceParam[Workspace]) -> dg.DataVersion:
        try:
            return dg.DataVersion(World(workspace).outside(name))
        except RecsysError as error:
            raise dg.Failure(description=str(error), allow_retries=False) from error

    return observe  # type: ignore[return-value]


def _description(table: TableSpec) -> str:
    file = f"{table.file_in_words} in the data folder" if table.file_in_words else "A file that is not declared"
    return f"{file}, by its content: {table.description}."
