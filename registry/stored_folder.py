"""One folder of artifacts in the store: whether it is whole, and its way to this machine."""

import hashlib
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recsys_core.errors import RegistryError
from recsys_core.storage import atomic_directory
from registry.content_hash import folder_fingerprint
from registry.mlflow_library import as_registry_error, import_mlflow
from registry.tracking import Tracking

__all__ = ["StoredFolder", "damage_mark"]


def damage_mark(tracking: Tracking, address: str) -> Path:
    """The file that is there while the folder at ``address`` is known to be damaged: plans look at no contents."""
    return tracking.folder / "damaged" / hashlib.sha256(address.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class StoredFolder:
    """The folder at ``address``, which holds files of the content ``fingerprint``.

    what    what it is called in messages: "the bundle of hybrid-recommender version 3"
    advice  what to do when it cannot be read, as the end of a message: "; train again"
    """

    tracking: Tracking
    address: str
    fingerprint: str
    what: str
    advice: str = ""

    def path(self) -> Path:
        """The folder on this machine, checked; RegistryError when it is not there, or not as it was stored.

        Files on this machine are used where they lie; those of a server are fetched once, into ``home/mlflow/fetched``.
        """
        with as_registry_error(f"{self.what} cannot be read from {self.address}", self.advice):
            local = self.tracking.folder_at(self.address)
            if local is None:
                return self._fetched()
            try:
                self._check(local)
            except RegistryError:
                self._remember(damaged=True)
                raise
            self._remember(damaged=False)
            return local

    def fault(self, original: Path | None = None) -> str | None:
        """Why the folder in the store is not whole, in words; None when it is.

        On this machine the contents are compared; of a server's files only the names and sizes, with those of
        ``original``, a folder of the same content (without one: whether there are any).
        """
        local = self.tracking.folder_at(self.address)
        if local is not None:
            found = _fingerprint(local)
            self._remember(damaged=found != self.fingerprint)
            return None if found == self.fingerprint else f"{local} {_difference(self.fingerprint, found)}"
        sizes = self._sizes()
        if not sizes:
            return f"there is nothing at {self.address}"
        if original is None or sizes == {file.relative_to(original).as_posix(): file.stat().st_size
                                         for file in original.rglob("*") if file.is_file()}:  # fmt: skip
            return None
        return f"the files at {self.address} are not those that were stored"

    def _remember(self, *, damaged: bool) -> None:
        mark = damage_mark(self.tracking, self.address)
        with suppress(OSError):  # a home that cannot be written
            if damaged:
                mark.parent.mkdir(exist_ok=True)
                mark.touch()
            else:
                mark.unlink(missing_ok=True)

    def remove(self) -> None:
        """Take the files out of the store, so that new ones do not mix with old ones."""
        local = self.tracking.folder_at(self.address)
        if local is None:
            parent, name = self._repository()
            parent.delete_artifacts(name)
        elif local.exists():
            shutil.rmtree(local)

    def _fetched(self) -> Path:
        """What was fetched before is still good when the server is gone, but not when somebody changed it."""
        fetched = self.tracking.folder / "fetched" / self.fingerprint
        if fetched.is_dir() and _fingerprint(fetched) == self.fingerprint:
            return fetched
        mlflow = import_mlflow()
        with atomic_directory(fetched) as staging:
            mlflow.artifacts.download_artifacts(
                artifact_uri=self.address, dst_path=str(staging), tracking_uri=self.tracking.tracking_uri
            )
            inner = staging / self.address.rsplit("/", 1)[-1]
            self._check(inner)
            for path in inner.iterdir():
                path.rename(staging / path.name)
            inner.rmdir()
        return fetched

    def _check(self, folder: Path) -> None:
        found = _fingerprint(folder)
        if found != self.fingerprint:
            raise RegistryError(f"{self.what} in {folder} {_difference(self.fingerprint, found)}{self.advice}")

    def _repository(self) -> tuple[Any, str]:
        """MLflow's way to the folder above this one, and this one's name."""
        from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

        parent, _, name = self.address.rpartition("/")
        return get_artifact_repository(parent, tracking_uri=self.tracking.tracking_uri), name

    def _sizes(self) -> dict[str, int | None]:
        """Bytes of each file by its name below the folder."""
        repository, name = self._repository()
        found, folders = {}, [name]
        while folders:
            for entry in repository.list_artifacts(folders.pop()):
                if entry.is_dir:
                    folders.append(entry.path)
                else:
                    found[entry.path.removeprefix(f"{name}/")] = entry.file_size
        return found


def _fingerprint(folder: Path) -> str | None:
    """None when there are no files."""
    if not folder.is_dir() or not any(path.is_file() for path in folder.rglob("*")):
        return None
    return folder_fingerprint(folder)


def _difference(expected: str, found: str | None) -> str:
    if found is None:
        return "is gone: there are no files"
    return f"is damaged: expected content {expected[:12]}, found {found[:12]}"
