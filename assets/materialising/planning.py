"""What is out of date, and why: the one answer for the command line, the sensor and Dagster's pages."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from uuid import uuid4

from assets.materialising.inputs import Inputs, Origin
from assets.materialising.names import AS_IN_CODE, AssetNames
from assets.materialising.recipe import RECIPES, Recipe
from assets.materialising.store import Pins, Record
from assets.materialising.versions import ANEW, changes
from assets.materialising.world import World
from recsys_core.errors import StorageError

__all__ = ["Plan", "plan"]

_NEVER = "never made, or its stored value is gone"


@dataclass(frozen=True, slots=True)
class Plan:
    """Assets to make, in order, each with its reasons; empty when everything is up to date.

    versions  that every planned asset has or gets
    current   records of what is stored
    lost      the reasons of those whose stored value is missing or damaged
    names     what people see the assets called: in reasons, and in what is told of the plan
    """

    stale: dict[str, list[str]] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    current: dict[str, Record | None] = field(default_factory=dict)
    lost: dict[str, str] = field(default_factory=dict)
    names: AssetNames = AS_IN_CODE

    @property
    def causes(self) -> list[str]:
        """The first causes alone: reasons that are not merely an upstream asset to be made anew."""
        anew = {f"{name} {ANEW}" for name in self.told}
        return [f"{name}: {reason}" for name, reasons in self.told.items() for reason in reasons if reason not in anew]

    @property
    def told(self) -> dict[str, list[str]]:
        """The assets to make as people see them called, each with its reasons."""
        return {self.names(name): reasons for name, reasons in self.stale.items()}

    def everything(self, reason: str) -> "Plan":
        """The same with every asset to be made."""
        stale = {name: self.stale.get(name, [reason]) for name in self.versions}
        return replace(self, stale=stale)

    @property
    def found(self) -> dict[str, str]:
        """The versions of what is stored and stays."""
        return {
            name: record.origin.version
            for name, record in self.current.items()
            if record is not None and name not in self.stale
        }

    def pin(self, world: World) -> str:
        """Fix for a run what it will not make itself; the id to tag the run with."""
        plan_id = f"plan-{uuid4().hex[:12]}"
        pins = Pins(world.store.root, plan_id)
        for name, version in self.found.items():
            pins.first(name, version)
        return plan_id


def plan(world: World, *, groups: Collection[str] | None = None) -> Plan:
    """Compare every asset's version, as today's inputs call for it, with the stored value and with what is there.

    With ``groups`` only their assets are planned, on the stored values of the others as they are; StorageError when
    one of those is missing or unusable.
    """
    result, origins = Plan(names=world.names), dict[str, Origin]()
    for name, recipe in RECIPES.items():
        record = result.current[name] = world.store.current(name)
        if groups is not None and recipe.group not in groups:
            if record is not None:
                origins[name] = record.origin
            continue
        for upstream in recipe.upstream:
            if upstream not in result.versions:
                _demand_usable(world, upstream, result.current[upstream])
        inputs = world.inputs(recipe, {upstream: origins[upstream] for upstream in recipe.upstream})
        origins[name], result.versions[name] = inputs.origin, inputs.version
        lost = _loss(world, recipe, inputs, record)
        if lost:
            result.lost[name] = lost
        reasons = _reasons(recipe, inputs, record, lost, result)
        if reasons:
            result.stale[name] = reasons
    return result


def _reasons(recipe: Recipe, inputs: Inputs, record: Record | None, lost: str | None, so_far: Plan) -> list[str]:
    if record is None:
        return [_NEVER]
    if record.origin.version != inputs.version:
        return changes(record.parts, inputs.parts(), so_far.names) or ["its version changed"]
    if lost:
        return [lost]
    if not record.usable:
        return ["its checks failed last time"]
    return [f"{so_far.names(upstream)} {ANEW}" for upstream in recipe.upstream if upstream in so_far.stale]


def _loss(world: World, recipe: Recipe, inputs: Inputs, record: Record | None) -> str | None:
    """Why the stored value is not what its record says, in the store or in MLflow; None when it is."""
    if record is None:
        return _NEVER
    faults = world.store.faults(recipe.name, record)
    if faults:
        return "; ".join(faults)
    if recipe.still_there is None or record.origin.version != inputs.version:
        return None
    folder = world.store.directory(recipe.name, record.origin.version)
    try:
        return recipe.still_there(folder, world.workspace.tracking(), world.observed)
    except StorageError as error:
        return str(error)


def _demand_usable(world: World, asset: str, record: Record | None) -> None:
    if record is None or not record.usable:
        name, state = world.names(asset), "was never made" if record is None else "failed its checks"
        raise StorageError(
            f"asset {name} {state} in {world.workspace.home}; run the whole pipeline, or its data part first"
        )
