"""A home in which the whole pipeline was run on the small healthy folder, and ways to move it on."""

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import assets.graph  # noqa: F401  (declares all recipes)
from assets.materialising import RECIPES, Inputs
from assets.materialising.planning import plan
from assets.materialising.world import World
from assets.workspace import Workspace
from pipelines.running import run_pipeline
from pipelines.settings import Settings
from tests.corpus.healthy_folder import FEW_TRIALS, write_healthy_folder

__all__ = ["another_version", "copy_home", "inputs_now", "make_home", "relabel", "settings_in", "without_settings"]

_OURS = ("RECSYS_", "DAGSTER_", "MLFLOW_TRACKING")


@contextmanager
def without_settings(ours: tuple[str, ...] = _OURS) -> Iterator[None]:
    """The environment without our settings for the length of a block, and as it was afterwards."""
    before = dict(os.environ)
    for name in before:
        if name.startswith(ours):
            del os.environ[name]
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def settings_in(folder: Path) -> Settings:
    """A home (not made yet), the healthy data and few trials, all below ``folder``."""
    write_healthy_folder(folder / "data")
    (folder / "small.yaml").write_text(FEW_TRIALS)
    return Settings(folder / "home", folder / "data", config_file=folder / "small.yaml")


def make_home(folder: Path) -> None:
    """Run the pipeline in ``folder/home``: half a minute."""
    with without_settings():
        outcome = run_pipeline(settings_in(folder))
    assert outcome.failed == []


def copy_home(folder: Path, settings: Settings) -> Workspace:
    """The home below ``folder`` as that of ``settings``, to be changed at will."""
    shutil.copytree(folder / "home", settings.home)
    return settings.workspace()


def inputs_now(world: World, name: str) -> Inputs:
    """What would go into an asset's value now, of the stored values that it is made of."""
    records = {upstream: world.store.current(upstream) for upstream in RECIPES[name].upstream}
    return world.inputs(RECIPES[name], {upstream: found.origin for upstream, found in records.items() if found})


def relabel(workspace: Workspace, names: Iterable[str] | None = None) -> None:
    """Bring a home up to date without work: the stored values, under the versions that they would have if made now."""
    for name in plan(World(workspace)).stale if names is None else names:
        world = World(workspace)
        record = world.store.current(name)
        assert record is not None
        world.store.put(inputs_now(world, name), world.store.load(name, RECIPES[name].kind))


def another_version(workspace: Workspace, name: str, *, usable: bool = True) -> str:
    """Store a newer version of an asset with the same value, as if its code had been another; what it is called."""
    world = World(workspace)
    inputs = inputs_now(world, name)
    inputs = replace(inputs, code={**inputs.code, "elsewhere.py": os.urandom(4).hex()})
    world.store.put(inputs, world.store.load(name, RECIPES[name].kind), usable=usable)
    return inputs.version
