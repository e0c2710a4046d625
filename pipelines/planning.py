"""Which assets need work, and why: the versions that inputs call for against the versions that are stored."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import assets.graph  # noqa: F401  (declares all recipes)
from assets.declaring import RECIPES, Recipe, current_parts
from assets.versions import changed_parts, derive_version
from assets.workspace import Workspace
from recsys_core.errors import StorageError

__all__ = ["Plan", "plan"]


@dataclass(frozen=True, slots=True)
class Plan:
    """Assets to make, in order, each with its reasons; empty when everything is up to date."""

    stale: dict[str, list[str]] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)

    @property
    def causes(self) -> list[str]:
        """The first causes alone: reasons that are not merely an upstream asset made anew."""
        causes = [f"{name}: {reason}" for name, reasons in self.stale.items() for reason in reasons]
        return [cause for cause in causes if not cause.endswith("was made anew")]


def plan(
    workspace: Workspace, recipes: Mapping[str, Recipe] = RECIPES, *, groups: Collection[str] | None = None
) -> Plan:
    """Compare every asset's version, derived from files, parameters and code, with the stored one.

    With ``groups`` only their assets are planned, on the stored values of the others as they are; StorageError
    when one of those is missing or unusable.
    """
    if groups is not None:
        recipes = {name: recipe for name, recipe in recipes.items() if recipe.group in groups}
    result = Plan()
    for name in _in_order(recipes):
        recipe = recipes[name]
        upstream = {up: result.versions.get(up) or _usable_version(workspace, up) for up in recipe.upstream}
        parts = current_parts(workspace, recipe, upstream)
        result.versions[name] = derive_version(parts)
        stored = workspace.store.pointer(name)
        if stored is None:
            result.stale[name] = ["never made, or its stored value is gone"]
        elif stored.version != result.versions[name]:
            result.stale[name] = changed_parts(stored.parts, parts) or ["its version changed"]
        elif not stored.usable:
            result.stale[name] = ["its checks failed last time"]
        elif any(up in result.stale for up in recipe.upstream):
            result.stale[name] = [f"{up} was made anew" for up in recipe.upstream if up in result.stale]
    return result


def _usable_version(workspace: Workspace, asset: str) -> str:
    """The stored version of an asset that is not planned."""
    stored = workspace.store.pointer(asset)
    if stored is None or not stored.usable:
        state = "was never made" if stored is None else "failed its checks"
        raise StorageError(f"asset {asset} {state} in {workspace.home}; run the whole pipeline, or its data part first")
    return stored.version


def _in_order(recipes: Mapping[str, Recipe]) -> list[str]:
    """Names with every asset after all that it is made of."""
    ordered: list[str] = []

    def visit(name: str) -> None:
        if name in recipes and name not in ordered:
            for upstream in recipes[name].upstream:
                visit(upstream)
            ordered.append(name)

    for name in recipes:
        visit(name)
    return ordered
