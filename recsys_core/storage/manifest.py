"""The manifest beside every stored value: what it is, from which data and with which parameters."""

import json
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Protocol, Self

from recsys_core.errors import StorageError
from recsys_core.storage.atomic import write_json

__all__ = ["Storable", "package_version", "read_json", "read_manifest", "write_manifest"]

MANIFEST = "manifest.json"
_DISTRIBUTION = "hybrid-movie-recommender"


class Storable(Protocol):
    """A value that can be written into an (existing, empty) folder and read back from it."""

    def save(self, directory: Path) -> None: ...

    @classmethod
    def load(cls, directory: Path) -> Self: ...


def package_version() -> str:
    try:
        return version(_DISTRIBUTION)
    except PackageNotFoundError:  # running from a source tree that was never installed
        return "0+source"


def read_json(path: Path) -> Any:
    """Read a JSON file; a missing or damaged one is a :class:`StorageError`."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StorageError(f"{path}: cannot be read ({error})") from error


def write_manifest(
    directory: Path, kind: str, *, schema_version: int = 1, parameters: Mapping[str, Any] | None = None, **extra: Any
) -> None:
    """Write ``manifest.json`` for a value of type ``kind``; ``extra`` entries stand beside the standard ones."""
    write_json(
        directory / MANIFEST,
        {
            "kind": kind,
            "schema_version": schema_version,
            "package_version": package_version(),
            "parameters": dict(parameters or {}),
            **extra,
        },
    )


def read_manifest(directory: Path, kind: str, *, schema_version: int = 1) -> dict[str, Any]:
    """Read ``manifest.json`` and check that it describes a ``kind`` of this ``schema_version``."""
    manifest = read_json(directory / MANIFEST)
    if not isinstance(manifest, dict):
        raise StorageError(f"{directory / MANIFEST}: holds a {type(manifest).__name__}, expected an object")
    found = (manifest.get("kind"), manifest.get("schema_version"))
    if found != (kind, schema_version):
        raise StorageError(
            f"{directory}: holds {found[0]!r} in version {found[1]}, expected {kind!r} in version {schema_version}"
        )
    return dict(manifest)
