"""What Inputs are made from, as it is now: files, configuration, tracking store, champion, clock."""

import time
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from assets.configuration import Configuration
from assets.materialising.code import code_of
from assets.materialising.inputs import Inputs, Origin, Places, descent
from assets.materialising.names import AssetNames, file_asset
from assets.materialising.recipe import RECIPES, Recipe
from assets.materialising.store import Store
from assets.materialising.versions import digest
from assets.workspace import Workspace
from engines import Engine, engine_for, who_does
from recsys_core.dataset.declaration import MOVIELENS
from recsys_core.dataset.roles import TABLE_NAMES
from recsys_core.dataset.schema import DatasetSpec
from recsys_core.errors import MissingFileError
from recsys_core.reading import content_digest, locate_table
from recsys_core.storage import RememberedDigests
from registry.observing import Observed, observe

__all__ = ["World", "code_versions"]

_ABSENT = "absent"


class World:
    """One look at what is: everything is asked once, when it is first needed, and stays as it was found."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.now = int(time.time())
        self._digests = RememberedDigests(workspace.store_directory / "hashes.json")
        self._files: dict[str, tuple[Path | None, str]] = {}

    @cached_property
    def configuration(self) -> Configuration:
        return Configuration.read(self.workspace.config_path, self.dataset)

    @cached_property
    def dataset(self) -> DatasetSpec:
        return self.workspace.dataset()

    @cached_property
    def names(self) -> AssetNames:
        return AssetNames.of(self.dataset)

    @cached_property
    def store(self) -> Store:
        return Store(self.workspace.store_directory, self.names)

    @cached_property
    def engine(self) -> Engine:
        return engine_for(self.configuration.engine)

    @cached_property
    def observed(self) -> Observed:
        return observe(self.workspace.tracking())

    def file(self, table: str) -> tuple[Path | None, str]:
        """The table's CSV file, and "name SHA-256" of it as it is, or "absent"."""
        if table not in self._files:
            path = locate_table(self.workspace.data_path, self.dataset.table(table))
            self._files[table] = (path, f"{path.name} {self._sha256(path)}" if path else _ABSENT)
        return self._files[table]

    def outside(self, name: str) -> str:
        """Version of what the pipeline does not make: "ratings_csv", "tracking_store" or "champion"."""
        if name == "tracking_store":
            return self.observed.store
        if name == "champion":
            return _champion(self.observed)
        return self.file(next(table for table in TABLE_NAMES if file_asset(table) == name))[1]

    def inputs(
        self, recipe: Recipe, upstream: Mapping[str, Origin], *, run_id: str = "", places: Places | None = None
    ) -> Inputs:
        """What goes into ``recipe``'s value if it is made now of ``upstream``."""
        files = {recipe.table: self.file(recipe.table)[1]} if recipe.table else {}
        parameters = {name: self.configuration[name] for name in recipe.parameters}
        digests = {name: digest(section.model_dump(mode="json")) for name, section in parameters.items()}
        recipes = {name: origin.code_version for name, origin in upstream.items()}
        done_by = who_does(self.engine, recipe.steps) if recipe.steps else ""
        own = {} if done_by in {"", "local"} else code_of(f"engines.{self.engine.name}")
        return Inputs(
            asset=recipe.name,
            dataset=self.dataset,
            files=files,
            upstream={name: origin.version for name, origin in upstream.items()},
            parameters=parameters,
            code={**recipe.code.files, **own},
            libraries=recipe.code.libraries,
            store=self.observed.store if "tracking_store" in recipe.observes else "",
            champion=_champion(self.observed) if "champion" in recipe.observes else "",
            engine=done_by,
            code_version=_code_version(recipe, digests, self.dataset, recipes),
            descent=descent(recipe, files, digests, upstream, self.names),
            now=self.now,
            run_id=run_id,
            against=self.observed.champion if recipe.observes else None,
            recipes=recipes,
            places=places,  # type: ignore[arg-type]
        )

    def _sha256(self, path: Path) -> str:
        try:
            return content_digest(path, self._digests.sha256)
        except OSError as error:
            raise MissingFileError(f"{path}: cannot be read ({error.strerror}); it was there a moment ago") from error


def code_versions(configuration: Configuration, dataset: DatasetSpec = MOVIELENS) -> dict[str, str]:
    """Each asset's code version as Dagster is told it: code, libraries, parameters, those of its upstream included."""
    found: dict[str, str] = {}
    for name, recipe in RECIPES.items():
        digests = {section: digest(configuration[section].model_dump(mode="json")) for section in recipe.parameters}
        found[name] = _code_version(recipe, digests, dataset, {up: found[up] for up in recipe.upstream})
    return found


def _code_version(
    recipe: Recipe, parameters: Mapping[str, str], dataset: DatasetSpec, upstream: Mapping[str, str]
) -> str:
    return digest([recipe.code.files, recipe.code.libraries, parameters, digest(dataset.deciding()), upstream])


def _champion(observed: Observed) -> str:
    if observed.champion is None:
        return "none"
    unreadable = ", cannot be read" if observed.champion_fault else ""
    return f"version {observed.champion} ({observed.champion_model_id or 'unknown model'}{unreadable})"
