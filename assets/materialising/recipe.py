"""How an asset is declared: a typed function from values to a value, and all that its result depends on."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar, get_args

from assets.materialising.code import Code

__all__ = ["RECIPES", "Made", "Recipe", "recsys_asset"]

Value = TypeVar("Value")
Observed = Literal["tracking_store", "champion"]
_EVERYWHERE = (
    "recsys_core.dataset",
    "recsys_core.parameters",
    "recsys_core.storage",
)
"""Code that reads and writes every value, or says what its columns are."""


@dataclass(frozen=True, slots=True)
class Made(Generic[Value]):
    """What an asset function returns: the value, and facts of its making that its page shows."""

    value: Value
    facts: Any = None


@dataclass(frozen=True, slots=True)
class Recipe:
    """An asset: the function that makes it, and what its value depends on.

    function  called with :class:`Inputs` and the upstream values
    show      called afterwards with :class:`Step`: what the asset's page and MLflow get to see; decides nothing
    upstream  assets that it is made of, with the types that read them; ``kind`` is the type of its own value
    table     the table whose CSV file it reads
    observes  what it depends on outside: the tracking store, the champion
    checks    (name, description) of its blocking checks
    still_there  asked of the stored value, the tracking store and what was observed there: why what the value tells
                 of is not there any more, None if it is
    """

    name: str
    group: str
    kinds: frozenset[str]
    description: str
    function: Callable[..., Made[Any]]
    show: Callable[..., Any]
    upstream: Mapping[str, Any]
    kind: Any
    parameters: tuple[str, ...]
    code: Code
    table: str | None = None
    observes: tuple[Observed, ...] = ()
    checks: tuple[tuple[str, str], ...] = ()
    still_there: Callable[..., str | None] | None = None

    @property
    def outside(self) -> tuple[str, ...]:
        """Assets of other people that it depends on: files, the tracking store, the champion."""
        return (*([f"{self.table}_csv"] if self.table else []), *self.observes)


RECIPES: dict[str, Recipe] = {}


def recsys_asset(
    *,
    group: str,
    kinds: set[str],
    show: Callable[..., Any],
    code: tuple[str, ...],
    parameters: tuple[str, ...] = (),
    table: str | None = None,
    observes: tuple[Observed, ...] = (),
    checks: tuple[tuple[str, str], ...] = (),
    still_there: Callable[..., str | None] | None = None,
    name: str | None = None,
    description: str | None = None,
    upstream: Mapping[str, Any] | None = None,
) -> Callable[[Callable[..., Made[Any]]], Recipe]:
    """Declare an asset.

    The function's parameters are ``inputs`` and upstream assets (typed: the type's ``load`` reads them), unless
    ``upstream`` names them. ``parameters``
    names the sections of the configuration that its value depends on; ``code`` the project's packages and modules: a
    test runs every asset and fails on one that is run and not named.
    """

    def declare(function: Callable[..., Made[Any]]) -> Recipe:
        signature = inspect.signature(function)
        asked = {p.name: p.annotation for p in signature.parameters.values() if p.name != "inputs"}
        recipe = Recipe(
            name=name or function.__name__,
            group=group,
            kinds=frozenset(kinds),
            description=description or inspect.getdoc(function) or "",
            function=function,
            show=show,
            upstream=asked if upstream is None else upstream,
            kind=get_args(signature.return_annotation)[0],
            parameters=parameters,
            code=Code(function, (*_EVERYWHERE, *code)),
            table=table,
            observes=observes,
            checks=checks,
            still_there=still_there,
        )
        RECIPES[recipe.name] = recipe
        return recipe

    return declare
