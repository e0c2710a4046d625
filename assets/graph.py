"""Every asset, in the order in which the graph reads from left to right: each after all that it is made of."""

from importlib import import_module

import dagster as dg

from assets.configuration import Configuration
from assets.materialising import RECIPES
from assets.materialising.outside import outside_assets
from assets.materialising.step import dagster_asset
from assets.materialising.world import code_versions
from recsys_core.dataset.declaration import MOVIELENS
from recsys_core.dataset.schema import DatasetSpec

__all__ = ["build_assets"]

_MODULES = ("raw", "validated", "features", "models", "evaluation", "release", "promoting", "recommendations")
for _name in _MODULES:  # each declares its recipes
    import_module(f"assets.{_name}")


def _depth(name: str) -> int:
    return 1 + max((_depth(upstream) for upstream in RECIPES[name].upstream), default=0)


for _name in sorted(RECIPES, key=_depth):  # somebody may have imported one of the modules before
    RECIPES[_name] = RECIPES.pop(_name)


def build_assets(configuration: Configuration, dataset: DatasetSpec = MOVIELENS) -> list[dg.AssetsDefinition]:
    """The software-defined assets and the observable sources, called as in ``dataset``.

    Their code versions are those of the arguments.
    """
    versions = code_versions(configuration, dataset)
    made = (dagster_asset(recipe, versions[name], dataset) for name, recipe in RECIPES.items())
    return [*outside_assets(dataset), *made]
