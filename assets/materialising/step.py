"""One step of a run: pin → Inputs → function(Inputs, values) → store, and what Dagster is told of it."""

import logging
import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dagster as dg

from assets.configuration import Configuration
from assets.launchpad import given_in
from assets.materialising.inputs import InputChangedError, Inputs, Origin, Places
from assets.materialising.names import AssetNames, file_asset
from assets.materialising.recipe import Made, Recipe
from assets.materialising.retrying import RETRY_SECONDS, passes_by_itself
from assets.materialising.store import Pins, Record, Store
from assets.materialising.versions import digest
from assets.materialising.world import World
from assets.workspace import Workspace
from recsys_core.blockwise import side_by_side
from recsys_core.dataset.schema import DatasetSpec
from recsys_core.errors import RecsysError, StorageError
from recsys_core.faults import outside_fault
from recsys_core.memory import return_freed_memory
from recsys_core.storage import scratch_directory
from registry.addresses import without_credentials_in

__all__ = [
    "ANOTHER_HOME",
    "FORCE_TAG",
    "INPUT_VERSION",
    "MAY_PASS",
    "OWNERS",
    "PLAN_TAG",
    "STORED",
    "Shown",
    "Step",
    "dagster_asset",
    "label",
    "outside_versions",
    "pins_of",
]

OWNERS = ["team:recommender"]
PLAN_TAG = "recsys/plan"  # of a run: the plan whose pins it takes
MAY_PASS = "may pass by itself"  # of a failure: another run may succeed on the same inputs
ANOTHER_HOME = "give it a home of its own (--home), or say recsys run --force if it takes the place of the old one"
FORCE_TAG = "recsys/force"  # of a run: what speaks against it was heard and does not count
WHY_TAG = "recsys/why"  # of a run: what was out of date, in words
INPUT_VERSION = "dagster/input_data_version/"  # and the name of an asset: Dagster's tag for what was loaded
STORED = "stored"
_STORED_DESCRIPTION = "the stored value is whole, and what it tells of in MLflow is there"
_LOG = logging.getLogger("recsys")


@dataclass(frozen=True, slots=True)
class Shown:
    """What people get to see of a value: metadata for its page, results of its checks."""

    metadata: Mapping[str, Any]
    checks: tuple[dg.AssetCheckResult, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """What an asset's ``show`` gets: what was made, from what, where it will lie, and in which run."""

    made: Made[Any]
    inputs: Inputs
    values: Mapping[str, Any]
    where: Path
    context: dg.AssetExecutionContext = field(repr=False)
    workspace: Workspace

    @property
    def value(self) -> Any:
        return self.made.value


def dagster_asset(recipe: Recipe, code_version: str, dataset: DatasetSpec) -> dg.AssetsDefinition:
    """The software-defined asset of ``recipe``, called and described as in ``dataset``.

    It has no I/O manager: loading and labelling are one thing, below.
    """
    names = AssetNames.of(dataset)
    name = names(recipe.name)

    @dg.asset(
        name=name,
        group_name=recipe.group,
        kinds=set(recipe.kinds),
        owners=OWNERS,
        code_version=code_version,
        description=recipe.description_in(dataset),
        deps=names.keys([*recipe.upstream, *recipe.outside]),
        metadata=_written_in(recipe),
        check_specs=[
            *(dg.AssetCheckSpec(check, asset=name, description=text, blocking=True) for check, text in recipe.checks),
            *(
                dg.AssetCheckSpec(check, asset=name, description=text)
                for check, text in (*recipe.quality, (STORED, _STORED_DESCRIPTION))
            ),
        ],
    )
    def run(
        context: dg.AssetExecutionContext,
        workspace: dg.ResourceParam[Workspace],
        parameters: dg.ResourceParam[Configuration],
    ) -> dg.MaterializeResult:  # type: ignore[type-arg]
        try:
            return _twice(recipe, context, workspace, parameters, names)
        except Exception as error:
            may_pass = passes_by_itself(error)
            if may_pass and context.retry_number < len(RETRY_SECONDS):
                wait = RETRY_SECONDS[context.retry_number]
                context.log.warning(f"{name}: {error}; trying again in {wait} s")
                raise dg.RetryRequested(len(RETRY_SECONDS), wait) from error
            told = str(error) if isinstance(error, RecsysError) else outside_fault(error, workspace.home_path)
            if may_pass or told:
                metadata = {MAY_PASS: True} if may_pass else {}
                text = without_credentials_in(told or str(error))
                raise dg.Failure(description=text, metadata=metadata, allow_retries=False) from error
            raise

    return run


def _written_in(recipe: Recipe) -> dict[str, Any]:
    """Where its function is, for the page's "open in editor"."""
    code = recipe.function.__code__
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.BetaWarning)  # of code references, as of Dagster 1.13
        place = dg.LocalFileCodeReference(file_path=code.co_filename, line_number=code.co_firstlineno)
        return {"dagster/code_references": dg.CodeReferencesMetadataValue(code_references=[place])}


def label(record: Record, names: AssetNames) -> dict[str, str]:
    """Dagster's tags for a stored value: what was loaded, not what is newest when it is told."""
    upstream: dict[str, str] = {**record.parts["upstream"], **outside_versions(record.parts)}
    return {
        "dagster/data_version": record.origin.version,
        "dagster/code_version": record.origin.code_version,
        **{f"{INPUT_VERSION}{names(name)}": version for name, version in upstream.items()},
    }


def outside_versions(parts: Mapping[str, Any]) -> dict[str, str]:
    """The versions of what the pipeline does not make, by the name of their assets in code."""
    found = {file_asset(table): version for table, version in parts["files"].items()}
    found |= {"tracking_store": parts["store"]} if parts["store"] else {}
    return found | ({"champion": parts["champion"]} if parts["champion"] else {})


def pins_of(run: dg.DagsterRun, world: World) -> Pins:
    """The pins of a run: its own, then those of the run that it executes again, then those of its plan."""
    before = [run.parent_run_id, run.root_run_id, run.tags.get(PLAN_TAG)]
    return Pins(world.store.root, run.run_id, [found for found in before if found])


def _twice(
    recipe: Recipe,
    context: dg.AssetExecutionContext,
    workspace: Workspace,
    parameters: Configuration,
    names: AssetNames,
) -> dg.MaterializeResult[Any]:
    try:
        return _once(recipe, context, workspace, parameters, names)
    except InputChangedError as error:
        context.log.warning(f"{error}; making {names(recipe.name)} once more")
    try:
        return _once(recipe, context, workspace, parameters, names)
    except InputChangedError as error:
        raise InputChangedError(f"{error}, the second time, too; run again when it has come to rest") from error


def _once(
    recipe: Recipe,
    context: dg.AssetExecutionContext,
    workspace: Workspace,
    parameters: Configuration,
    names: AssetNames,
) -> dg.MaterializeResult[Any]:
    started = time.perf_counter()
    return_freed_memory()  # of the step before
    _LOG.info("%s …", names(recipe.name), extra={"passing": True})
    world = World(workspace)
    world.names = names  # those that Dagster has loaded
    world.configuration = _configuration(context.run, world, parameters)
    store, pins = world.store, pins_of(context.run, world)
    origins = {upstream: _pinned(world, pins, upstream) for upstream in recipe.upstream}
    with scratch_directory(store.root) as scratch:
        places = Places(
            csv=world.file(recipe.table)[0] if recipe.table else None,
            scratch=scratch,
            docs=workspace.docs_directory,
            studies=store.folder(recipe.name),
            values={name: store.directory(name, origin.version) for name, origin in origins.items()},
            tracking=workspace.tracking(),
            engine=world.engine,
            told={
                "data_dir": workspace.data_dir,
                "dataset_file": str(workspace.declaration or ""),
                "why": context.run.tags.get(WHY_TAG, ""),
            },
        )
        inputs = world.inputs(recipe, origins, run_id=context.run.run_id, places=places)
        loaded = side_by_side(lambda name: store.load(name, recipe.upstream[name], origins[name].version), origins)
        values: dict[str, Any] = dict(zip(origins, loaded, strict=True))
        made = recipe.function(inputs, **values)
        where = store.directory(recipe.name, inputs.version)
        shown: Shown = recipe.show(Step(made, inputs, values, where, context, workspace))
        if recipe.follows and FORCE_TAG not in context.run.tags:
            _follow(recipe, store, inputs, made.value)
        record = store.put(inputs, made.value, usable=getattr(made.value, "usable", True))
    pins.made(recipe.name, inputs.version)
    _tell_outside(context, inputs, names)
    seconds = round(time.perf_counter() - started, 3)
    _LOG.info("%-22s %6.1f s", names(recipe.name), seconds)
    return dg.MaterializeResult(
        metadata={**shown.metadata, "path": dg.MetadataValue.path(str(where)), "seconds": seconds},
        data_version=dg.DataVersion(inputs.version),
        tags=label(record, names),
        check_results=[*shown.checks, dg.AssetCheckResult(passed=True, check_name=STORED)],
    )


def _follow(recipe: Recipe, store: Store, inputs: Inputs, value: Any) -> None:
    """Ask whether ``value`` may take the place of the current one; a damaged or refused one has nothing to say."""
    current = store.current(recipe.name)
    if current is not None and current.usable and not store.faults(recipe.name, current):
        assert recipe.follows is not None
        name = current.parts["dataset"].rpartition(" ")[0]
        if not name:  # from before data sets had names, with columns of other names, too
            return
        before = store.load(recipe.name, recipe.kind, current.origin.version)
        recipe.follows(before, value, (name, inputs.dataset.name))


def _configuration(run: dg.DagsterRun, world: World, parameters: Configuration) -> Configuration:
    """The run's one configuration, whatever each of its processes has loaded; a run executed again has its parent's."""
    pins = Pins(world.store.root, run.run_id, [run.parent_run_id] if run.parent_run_id else [])
    name = f"configuration-{digest(given_in(run.run_config))}"  # the launchpad may have set another for this run
    return Configuration(**(pins.get(name) or pins.first(name, parameters.as_dict())))


def _pinned(world: World, pins: Pins, asset: str) -> Origin:
    """The version of ``asset`` that this run uses."""
    name, root = world.names(asset), world.store.root
    version = pins.get(asset)
    if version is None:
        current = world.store.current(asset)
        if current is None:
            raise StorageError(
                f"asset {name} is not materialised in {root}; materialise it first, or run the whole "
                "pipeline (`recsys run`, or the job bring_up_to_date)"
            )
        version = pins.first(asset, current.origin.version)
    record = world.store.record(asset, version)
    if record is None:
        raise StorageError(
            f"version {version[:12]} of asset {name}, which this run began with, is gone from {root}; "
            "start a new run (`recsys run`, or the job bring_up_to_date)"
        )
    if not record.usable:
        raise StorageError(f"asset {name} failed its checks; mend what they name, then run again")
    return record.origin


def _tell_outside(context: dg.AssetExecutionContext, inputs: Inputs, names: AssetNames) -> None:
    """What was found outside, so that Dagster compares with it and not with an older look."""
    for name, version in outside_versions(inputs.parts()).items():
        context.log_event(dg.AssetObservation(names.key(name), tags={"dagster/data_version": version}))
