"""The models that are being served: the champion and what experiments ask for, followed as their aliases move."""

import gc
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol

import structlog

from recsys_core.errors import RecsysError, RegistryError
from serving.models.served import Found, Served, load_served

__all__ = ["CHAMPION", "ModelShelf", "Source"]

CHAMPION = "champion"
_RETRY_SECONDS = 60.0
_REASONS = {
    "lookup": "no champion is registered (recsys run makes one), or the registry cannot be asked; the log says which",
    "load": "the champion cannot be loaded; the log says why",
}
_FAULTS = {
    "lookup": "is not registered, or the registry cannot be asked; the log says which",
    "load": "cannot be loaded; the log says why",
}
_log = structlog.get_logger("serving.models")


class Source(Protocol):
    """Where versions come from: an alias or a number stands for a version, a version has a folder."""

    def find(self, reference: str) -> Found: ...

    def folder_of(self, version: str) -> Path: ...


class ModelShelf:
    """Models by reference ("champion", "challenger", "3").

    :meth:`refresh` looks the references up and loads what has changed. A reference changes in one step: who asks gets
    the old model or the new one, whole. One that fails to load is reported and tried again after a minute; until then,
    and while the registry cannot be reached, the last good one answers.
    """

    def __init__(
        self,
        source: Source,
        references: Callable[[], Iterable[str]] = tuple,
        *,
        load: Callable[[Found, Path], Served] = load_served,
        on_failure: Callable[[str], None] = lambda kind: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source, self._load, self._on_failure, self._clock = source, load, on_failure, clock
        self._references = references
        self._served: dict[str, Served] = {}
        self._looked = False
        self._failed: dict[str, float] = {}
        self._said: dict[str, str] = {}
        self._kinds: dict[str, str] = {}
        self._faults: dict[str, str] = {}
        self._lock = threading.Lock()

    def get(self, reference: str = CHAMPION) -> Served | None:
        """What answers for ``reference`` now; None while nothing could be loaded."""
        return self._served.get(reference)

    def all(self) -> dict[str, Served]:
        return dict(self._served)

    @property
    def is_complete(self) -> bool:
        """Whether every reference was looked up once, and there is a champion."""
        return self._looked and CHAMPION in self._served

    @property
    def reason(self) -> str:
        """Why there is no champion, in words for who asks; the log has the error, which may hold addresses."""
        return _REASONS.get(self._kinds.get(CHAMPION, ""), "the models are being loaded")

    @property
    def faults(self) -> tuple[str, ...]:
        """What could not be followed at the last look, one sentence for each reference, without addresses."""
        return tuple(self._faults.values())

    def refresh(self, *, force: bool = False) -> bool:
        """Look every reference up and load what has changed; True when something did. Blocks while it loads.

        force  try again at once what has failed before
        """
        with self._lock:
            if force:
                self._failed.clear()
            wanted = tuple(dict.fromkeys((CHAMPION, *self._references())))
            changed = [self._follow(reference) for reference in wanted]
            self._looked = True
            self._faults = {name: fault for name, fault in self._faults.items() if name in wanted}
            if gone := set(self._served) - set(wanted):  # an experiment is over: its models need not stay
                self._served = {name: served for name, served in self._served.items() if name in wanted}
            return any(changed) or bool(gone)

    def _follow(self, reference: str) -> bool:
        try:
            found = self._source.find(reference)
        except Exception as error:  # whatever the registry's client raises, the last good model goes on
            self._tell(reference, "lookup", error)
            return False
        current = self._served.get(reference)
        if current is not None and current.identity == found.identity:
            self._follows(reference)
            return False
        if self._clock() < self._failed.get(found.identity, float("-inf")):
            return False
        try:
            loaded = self._already(found) or self._load(found, self._source.folder_of(found.version))
        except Exception as error:  # a damaged bundle, a full disk, too little memory
            self._failed[found.identity] = self._clock() + _RETRY_SECONDS
            self._tell(reference, "load", error, version=found.version)
            return False
        self._served = {**self._served, reference: loaded}
        gc.collect()
        gc.freeze()  # a model's many small objects stay: looking at them again and again would hold up answers
        self._failed.pop(found.identity, None)
        self._follows(reference)
        before = current.version if current else None
        _log.info("model swapped", reference=reference, version=found.version, before=before)
        return True

    def _already(self, found: Found) -> Served | None:
        return next((served for served in self._served.values() if served.identity == found.identity), None)

    def _follows(self, reference: str) -> None:
        self._said.pop(reference, None)
        self._faults.pop(reference, None)

    def _tell(self, reference: str, kind: str, error: Exception, **more: str) -> None:
        """Count a failure; say it once for as long as it stays the same."""
        self._on_failure(kind)
        self._kinds[reference] = kind
        text = str(error) if isinstance(error, RecsysError) else f"{type(error).__name__}: {error}"
        kept = self._served.get(reference)
        self._faults[reference] = _fault(reference, kind, error, kept, **more)
        if self._said.get(reference) != text:
            self._said[reference] = text
            _log.warning(
                "model not refreshed", reference=reference, kind=kind, error=text,
                still_serving=kept.version if kept else None, **more,
            )  # fmt: skip


def _fault(reference: str, kind: str, error: Exception, kept: Served | None, version: str = "") -> str:
    """For the operator who asks. What a registry's client says may hold an address: that is for the log alone."""
    plain = isinstance(error, RecsysError) and not isinstance(error, RegistryError)
    why = f"cannot be loaded: {error}" if plain and kind == "load" else _FAULTS[kind]
    what = f"version {version} ({reference})" if version else reference
    return f"{what} {why}; " + (f"version {kept.version} goes on answering" if kept else "nothing answers in its place")
