"""How an asset is declared: a typed function from values to a value, and all that its result depends on."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Generic, Literal, TypeVar, get_args

from assets.materialising.code import Code
from assets.materialising.names import file_asset
from engines import StepName
from recsys_core.dataset.schema import DatasetSpec

__all__ = ["RECIPES", "Made", "Recipe", "recsys_asset"]

Value = TypeVar("Value")
_EVERYWHERE = ("recsys_core.dataset", "recsys_core.parameters", "recsys_core.storage")
"""Code that reads and writes every value, or says what its columns are."""


@dataclass(frozen=True, slots=True)
class Made(Generic[Value]):
    """What an asset function returns: the value, and facts of its making that its page shows."""

    value: Value
    facts: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """An asset: the function that makes it, and what its value depends on. Used as a decorator of the function.

    show         called afterwards with :class:`Step`: what the asset's page and MLflow get to see; decides nothing
    modules      the project's packages and modules that decide the value: a test runs every asset, and fails on one
                 that is run and not named
    parameters   names of the sections of the configuration that decide it
    steps        what it asks of the engine: which one does them is part of its version
    table        the table whose CSV file it reads
    observes     what it depends on outside: the tracking store, the champion
    checks       (name, description) of its blocking checks
    quality      (name, description) of checks that are shown and stop nothing
    still_there  asked with the folder of the stored value, the tracking store and what was observed there: why what
                 the value tells of is not there any more, None if it is
    follows      asked with the current value and the one just made, and the names of their data sets, before that is
                 stored: raises what speaks against a home that holds both, unless the run is forced
    describe     its description as it follows from the data set, where that of the function does not do
    name, description, upstream
                 those of the function, unless given: upstream assets are its parameters but ``inputs``, with the types
                 that read them
    kind         the type of its own value
    """

    group: str
    kinds: set[str]
    show: Callable[..., Any]
    modules: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    steps: tuple[StepName, ...] = ()
    table: str | None = None
    observes: tuple[Literal["tracking_store", "champion"], ...] = ()
    checks: tuple[tuple[str, str], ...] = ()
    quality: tuple[tuple[str, str], ...] = ()
    still_there: Callable[..., str | None] | None = None
    follows: Callable[[Any, Any, tuple[str, str]], None] | None = None
    describe: Callable[[DatasetSpec], str] | None = None
    name: str = ""
    description: str = ""
    upstream: Mapping[str, Any] = field(default_factory=dict)
    function: Callable[..., Made[Any]] = Made  # and what follows: given by the decorator
    kind: Any = None
    code: Code = field(default=None)  # type: ignore[assignment]

    def __call__(self, function: Callable[..., Made[Any]], *, kind: Any = None) -> "Recipe":
        """Declare the asset that ``function`` makes; ``kind`` where its annotation does not say the value's type."""
        signature = inspect.signature(function)
        asked = {p.name: p.annotation for p in signature.parameters.values() if p.name != "inputs"}
        recipe = replace(
            self,
            name=self.name or function.__name__,
            description=self.description or inspect.getdoc(function) or "",
            upstream=self.upstream or asked,
            function=function,
            kind=kind or get_args(signature.return_annotation)[0],
            code=Code(function, (*_EVERYWHERE, *self.modules, *(("engines",) if self.steps else ()))),
        )
        RECIPES[recipe.name] = recipe
        return recipe

    @property
    def outside(self) -> tuple[str, ...]:
        """Assets of other people that it depends on: files, the tracking store, the champion."""
        return (*([file_asset(self.table)] if self.table else []), *self.observes)

    def description_in(self, dataset: DatasetSpec) -> str:
        """What its page says that it is."""
        return self.describe(dataset) if self.describe else self.description


RECIPES: dict[str, Recipe] = {}
recsys_asset = Recipe
