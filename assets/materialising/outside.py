"""What the pipeline is made of and does not make: CSV files, the tracking store, the champion, as observed assets."""

import warnings

import dagster as dg

from assets.materialising.world import World
from assets.workspace import Workspace
from recsys_core.dataset.schema import MOVIELENS, TABLE_NAMES
from recsys_core.errors import RecsysError

__all__ = ["outside_assets", "outside_names"]

_DESCRIPTIONS = {
    "tracking_store": "The MLflow store that runs are logged to and versions registered in.",
    "champion": "The model version with the alias champion: moved by the gate, by hand, and back.",
}


def outside_names() -> list[str]:
    return [*(f"{table}_csv" for table in TABLE_NAMES), *_DESCRIPTIONS]


def outside_assets() -> list[dg.AssetsDefinition]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.BetaWarning)  # of observable_source_asset, as of Dagster 1.13
        return [_observable(name) for name in outside_names()]


def _observable(name: str) -> dg.AssetsDefinition:
    table = name.removesuffix("_csv")
    of_a_file = f"{table}.csv in the data folder, by its content." if table in TABLE_NAMES else ""

    @dg.observable_source_asset(
        name=name,
        group_name="outside",
        description=_DESCRIPTIONS.get(name) or f"{of_a_file} {MOVIELENS.table(table).description}.",
        tags={"dagster/kind/csv": ""} if of_a_file else {"dagster/kind/mlflow": ""},
    )
    def observe(workspace: dg.ResourceParam[Workspace]) -> dg.DataVersion:
        try:
            return dg.DataVersion(World(workspace).outside(name))
        except RecsysError as error:
            raise dg.Failure(description=str(error), allow_retries=False) from error

    return observe  # type: ignore[return-value]
