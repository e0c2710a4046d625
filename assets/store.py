"""Where asset values live: one folder per asset and version, and a pointer to the current one."""

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from recsys_core.errors import StorageError
from recsys_core.storage import Storable, atomic_directory, read_json, write_json

__all__ = ["Pointer", "Store"]

Value = TypeVar("Value", bound=Storable)
_KEPT_VERSIONS = 2  # the current one, and the one that a reader may still hold open


@dataclass(frozen=True, slots=True)
class Pointer:
    """What is current for an asset: its data version, the parts that version was derived from, if it may be used."""

    version: str
    parts: dict[str, Any]
    usable: bool


class Store:
    """Values under ``root/ASSET/VERSION/`` with ``root/ASSET/current.json`` naming the version to read.

    A value is written under a temporary name and renamed; then the pointer is replaced. A process killed at
    any moment leaves the previous pointer, or none: never half a value.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def scratch(self) -> Path:
        """A new folder on the store's file system for a value in the making; what is left over is removed later."""
        self.root.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix=".writing-scratch-", dir=self.root))

    def put(self, asset: str, version: str, value: Storable, *, parts: dict[str, Any], usable: bool = True) -> None:
        with atomic_directory(self.directory(asset, version)) as directory:
            value.save(directory)
        write_json(self._pointer_path(asset), {"version": version, "parts": parts, "usable": usable})
        self._prune(asset, version)

    def get(self, asset: str, kind: type[Value]) -> Value:
        pointer = self.pointer(asset)
        if pointer is None:
            raise StorageError(f"asset {asset} has not been materialised in {self.root}; run the pipeline first")
        return kind.load(self.directory(asset, pointer.version))

    def pointer(self, asset: str) -> Pointer | None:
        """The current version of ``asset``; None if there is none or its folder is gone."""
        path = self._pointer_path(asset)
        if not path.exists():
            return None
        try:
            pointer = Pointer(**read_json(path))
        except (StorageError, TypeError):
            return None  # a damaged pointer means: make it again
        return pointer if self.directory(asset, pointer.version).is_dir() else None

    def directory(self, asset: str, version: str) -> Path:
        return self.root / asset / version

    def remove_leftovers(self) -> int:
        """Remove what killed processes left unfinished. Only for the one holder of the home's lock."""
        leftovers = [*self.root.glob(".writing-*"), *self.root.glob("*/.writing-*")]
        for path in leftovers:
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
        return len(leftovers)

    def _pointer_path(self, asset: str) -> Path:
        return self.root / asset / "current.json"

    def _prune(self, asset: str, current: str) -> None:
        versions = [path for path in (self.root / asset).iterdir() if path.is_dir() and not path.name.startswith(".")]
        versions.sort(key=lambda path: path.stat().st_mtime_ns, reverse=True)
        others = [path for path in versions if path.name != current]
        for path in others[_KEPT_VERSIONS - 1 :]:
            shutil.rmtree(path, ignore_errors=True)
