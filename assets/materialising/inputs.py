"""What goes into a value: named and frozen before the work begins, and all that the work is given."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Self, TypeVar

from pydantic import BaseModel

from assets.materialising.names import AssetNames
from assets.materialising.recipe import Recipe
from assets.materialising.versions import digest
from engines import Engine
from recsys_core.dataset.schema import DatasetSpec
from recsys_core.errors import RecsysError, StorageError
from registry.tracking import Tracking

__all__ = ["Files", "InputChangedError", "Inputs", "Origin", "Places", "descent"]

Section = TypeVar("Section", bound=BaseModel)


class InputChangedError(RecsysError):
    """What an asset is made of changed while it was made: nothing is stored, and the step is tried once more."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value comes from.

    version       its data version
    code_version  digest of the code and the parameters behind it, its upstream assets' included
    descent       everything that it comes from, near or far: "asset split" → version, "parameters of 'split'" → digest,
                  "file ratings.csv" → what was read
    """

    version: str
    code_version: str
    descent: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Places:
    """Folders, addresses and the engine that the work is given. Where they are decides nothing about its result.

    csv      the file that a raw asset reads, None for an optional one that is not there
    scratch  an empty folder that goes when the step ends
    studies  where searches are kept
    values   folders of the upstream values
    told     what the MLflow run is told of this one: "data_dir", "dataset_file" (its declaration), "why" it was started
    """

    csv: Path | None
    scratch: Path
    docs: Path
    studies: Path
    values: Mapping[str, Path]
    tracking: Tracking
    engine: Engine
    told: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Files:
    """An upstream value that is handed on as it is stored, and is checked but not loaded."""

    directory: Path

    @classmethod
    def load(cls, directory: Path) -> Self:
        return cls(directory)


@dataclass(frozen=True)
class Inputs:
    """Everything that goes into one value of one asset.

    files       for each CSV file that is read, by table, "name SHA-256" or "absent"
    upstream    the versions that are loaded
    parameters  the sections of the configuration that count
    code        digests of the project's files that count, by name; ``libraries`` the releases of others'
    store       the tracking store that is written to; "" where none is
    engine      by whom the steps that count are done, as :func:`engines.who_does` names it; "" where there are none
    champion    the champion at the time, as :class:`registry.observing.Observed` names it; "" where it does not matter

    These make the version. Recorded, but no part of it, are ``now`` (seconds since 1970, UTC), ``run_id`` (Dagster's),
    ``against`` (the champion's version number, for the gate), ``descent`` and ``recipes`` (the code versions of what is
    loaded: how each was made, whatever the data).
    """

    asset: str
    dataset: DatasetSpec
    files: Mapping[str, str]
    upstream: Mapping[str, str]
    parameters: Mapping[str, BaseModel]
    code: Mapping[str, str]
    libraries: Mapping[str, str]
    store: str
    champion: str
    engine: str
    code_version: str
    descent: Mapping[str, str]
    now: int
    run_id: str = ""
    against: str | None = None
    recipes: Mapping[str, str] = field(default_factory=dict)
    places: Places = field(default=None, compare=False, repr=False)  # type: ignore[assignment]

    def parts(self) -> dict[str, Any]:
        """What the version is made of, as JSON can hold it."""
        return {
            "asset": self.asset,
            "dataset": f"{self.dataset.name} {digest(self.dataset.deciding())}",
            "files": dict(self.files),
            "upstream": dict(self.upstream),
            "parameters": {name: section.model_dump(mode="json") for name, section in self.parameters.items()},
            "code": dict(self.code),
            "libraries": dict(self.libraries),
            "store": self.store,
            "champion": self.champion,
            "engine": self.engine,
        }

    @cached_property
    def version(self) -> str:
        return digest(self.parts())

    @property
    def origin(self) -> Origin:
        return Origin(self.version, self.code_version, self.descent)

    @property
    def study(self) -> Path:
        """File of the search for this version alone; it goes with the version."""
        return self.places.studies / f"{self.version}.journal"

    def of(self, kind: type[Section]) -> Section:
        """The section of the parameters that is a ``kind``; the recipe must have named it."""
        for section in self.parameters.values():
            if isinstance(section, kind):
                return section
        raise KeyError(f"{self.asset} asks for {kind.__name__}, which its recipe does not name")

    @property
    def data_fingerprint(self) -> str:
        """One short digest of the contents of all files that the value comes from: equal for equal data."""
        return digest({name: found for name, found in self.descent.items() if name.startswith("file ")})


def descent(
    recipe: Recipe,
    files: Mapping[str, str],
    parameters: Mapping[str, str],
    upstream: Mapping[str, Origin],
    names: AssetNames,
) -> dict[str, str]:
    """All that a value comes from; StorageError when two of its upstream values come from different versions of one.

    ``parameters`` are digests by section; ``names`` are for the error alone.
    """
    merged = {f"file {table}": found for table, found in files.items()}
    merged |= {f"parameters of {name!r}": found for name, found in parameters.items()}
    merged |= {f"asset {name}": origin.version for name, origin in upstream.items()}
    for name, origin in upstream.items():
        for what, version in origin.descent.items():
            if merged.setdefault(what, version) != version:
                other = names(what.removeprefix("asset "))
                raise StorageError(
                    f"{names(recipe.name)} cannot be made: {names(name)} comes from another version of {other} "
                    f"({version[:12]}) than the one at hand ({merged[what][:12]}), so "
                    "they do not belong together; bring all up to date: `recsys run`, or the job bring_up_to_date"
                )
    return merged
