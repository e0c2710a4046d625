"""How an asset is declared here: a typed function from values to a value, plus what a person wants to see of it."""

import functools
import inspect
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

import dagster as dg

from assets.tables import TableFolder
from assets.versions import derive_version, version_parts
from assets.workspace import Workspace
from recsys_core.errors import RecsysError
from recsys_core.reading import file_sha256, locate_table

__all__ = ["OWNERS", "RECIPES", "Made", "Recipe", "StoreIOManager", "current_parts", "recsys_asset"]

Value = TypeVar("Value")
OWNERS = ["team:recommender"]
_LOG = logging.getLogger("recsys")


@dataclass(frozen=True, slots=True)
class Made(Generic[Value]):
    """What an asset function returns: the value, metadata for its page, results of its checks."""

    value: Value
    metadata: Mapping[str, Any] = field(default_factory=dict)
    checks: tuple[dg.AssetCheckResult, ...] = ()


@dataclass(frozen=True, slots=True)
class Recipe:
    """What an asset's value depends on besides its inputs."""

    name: str
    group: str
    code_version: str
    parameters: tuple[str, ...]
    upstream: tuple[str, ...]
    table: str | None = None


RECIPES: dict[str, Recipe] = {}


def current_parts(workspace: Workspace, recipe: Recipe, upstream: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The parts of ``recipe``'s data version as files, parameters and (by default) stored values are now."""
    if upstream is None:
        upstream = {name: workspace.stored_version(name) for name in recipe.upstream}
    files: dict[str, str | None] = {}
    if recipe.table is not None:
        path = locate_table(workspace.data_path, workspace.dataset.table(recipe.table))
        files = {path.name: file_sha256(path)} if path else {f"{recipe.table}.csv": None}
    return version_parts(
        recipe.code_version,
        parameters={name: workspace.section(name) for name in recipe.parameters},
        upstream=upstream,
        files=files,
    )


def recsys_asset(
    *,
    group: str,
    kinds: set[str],
    code_version: str = "1",
    parameters: tuple[str, ...] = (),
    table: str | None = None,
    checks: tuple[tuple[str, str], ...] = (),
    name: str | None = None,
) -> Callable[[Callable[..., Made[Any]]], dg.AssetsDefinition]:
    """Declare a software-defined asset.

    The function's parameters are upstream assets (typed: the type's ``load`` reads them), ``workspace`` and,
    if wanted, ``context``. ``parameters`` names the sections of the configuration that its value depends on;
    ``table`` the CSV file that it reads. ``checks`` are (name, description) of blocking checks.
    """

    def declare(function: Callable[..., Made[Any]]) -> dg.AssetsDefinition:
        asset_name = name or function.__name__
        signature = inspect.signature(function)
        takes_context = "context" in signature.parameters
        upstream = tuple(p for p in signature.parameters if p not in ("context", "workspace"))
        recipe = Recipe(asset_name, group, code_version, parameters, upstream, table)
        RECIPES[asset_name] = recipe

        @functools.wraps(function)
        def run(context: dg.AssetExecutionContext, workspace: Workspace, **inputs: Any) -> dg.MaterializeResult[Any]:
            started = time.perf_counter()
            _LOG.info("%s …", asset_name, extra={"passing": True})
            if takes_context:
                inputs["context"] = context
            try:
                made = function(workspace=workspace, **inputs)
                parts = current_parts(workspace, recipe)
            except RecsysError as error:
                raise dg.Failure(description=str(error), allow_retries=False) from error
            seconds = round(time.perf_counter() - started, 3)
            _LOG.info("%-22s %6.1f s", asset_name, seconds)
            return dg.MaterializeResult(
                value=made.value,
                metadata={**made.metadata, "seconds": seconds},
                data_version=dg.DataVersion(derive_version(parts)),
                check_results=list(made.checks),
            )

        _show_parameters(run, [p for p in signature.parameters.values() if p.name not in ("context", "workspace")])
        return dg.asset(
            name=asset_name,
            group_name=group,
            kinds=kinds,
            owners=OWNERS,
            code_version=code_version,
            description=inspect.getdoc(function),
            io_manager_key="store",
            check_specs=[
                dg.AssetCheckSpec(check, asset=asset_name, description=text, blocking=True) for check, text in checks
            ]
            or None,
        )(run)

    return declare


def _show_parameters(run: Callable[..., Any], inputs: list[inspect.Parameter]) -> None:
    """Give ``run`` the signature that Dagster reads: context, workspace, then the upstream assets with their types."""
    by_name = {"context": dg.AssetExecutionContext, "workspace": Workspace}
    leading = [
        inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=kind)
        for name, kind in by_name.items()
    ]
    run.__signature__ = inspect.Signature([*leading, *inputs])  # type: ignore[attr-defined]
    run.__annotations__ = {**by_name, **{p.name: p.annotation for p in inputs}}


class StoreIOManager(dg.ConfigurableIOManager):
    """Writes values into the workspace's store and reads them by the type of the parameter that asks."""

    workspace: dg.ResourceDependency[Workspace]

    def handle_output(self, context: dg.OutputContext, obj: Any) -> None:
        asset = context.asset_key.path[-1]
        parts = current_parts(self.workspace, RECIPES[asset])
        version = derive_version(parts)
        self.workspace.store.put(asset, version, obj, parts=parts, usable=getattr(obj, "usable", True))
        if isinstance(obj, TableFolder):
            obj.discard_scratch()
        context.add_output_metadata({"path": dg.MetadataValue.path(str(self._folder(asset, version)))})

    def load_input(self, context: dg.InputContext) -> Any:
        return self.workspace.store.get(context.asset_key.path[-1], context.dagster_type.typing_type)

    def _folder(self, asset: str, version: str) -> Path:
        return self.workspace.store.directory(asset, version)
