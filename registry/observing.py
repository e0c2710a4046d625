"""What planning a command asks of the tracking store: who is champion, and whether a version is there, whole.

Asked at every command, also one that has nothing to do. MLflow takes seconds to import, so the embedded store's
database is read as the SQLite file that it is; other stores are asked through MLflow. Whether files are there is all
that is looked at: their contents are checked when they are loaded.
"""

from dataclasses import dataclass
from typing import Protocol

from registry.addresses import without_credentials
from registry.observed_database import ObservedDatabase
from registry.tracking import Tracking

__all__ = ["Observed", "observe", "version_fault"]


@dataclass(frozen=True, slots=True)
class Observed:
    """The tracking store as it is.

    store              which one it is: "embedded", or its address without user and password
    champion           number of the version that is champion; None when none is
    champion_model_id  MLflow's id of the champion's files; None without a champion, "" for one of unknown origin
    champion_fault     why the champion's files cannot be there, in words; None when they are
    """

    store: str
    champion: str | None
    champion_model_id: str | None
    champion_fault: str | None


class Store(Protocol):
    """A store that can be looked at. Every method raises a RegistryError of one line when it cannot be asked."""

    def champion(self) -> str | None:
        """Number of the version with the alias champion."""

    def model_id(self, version: str) -> str | None:
        """MLflow's id of a version's files, "" when it has none; None when there is no such version."""

    def files_fault(self, model_id: str) -> str | None:
        """Why the files of a logged model are not there; None when they are."""

    def evaluation_fault(self, version: str) -> str | None:
        """Why the evaluation twin that a version had is not there; None when it is, or when it never had one."""


def observe(tracking: Tracking) -> Observed:
    """Look at the store; an embedded one that does not exist yet has no champion and is not made.

    An embedded store whose home was moved or copied is mended first (see :mod:`registry.moved_home`).
    """
    store = _store(tracking)
    name = "embedded" if tracking.embedded else without_credentials(tracking.tracking_uri)
    champion = store.champion()
    if champion is None:
        return Observed(name, None, None, None)
    model_id = store.model_id(champion)
    fault = f"version {champion} is not in the store" if model_id is None else _files_fault(store, model_id)
    return Observed(name, champion, model_id or "", fault)


def version_fault(tracking: Tracking, version: str, model_id: str) -> str | None:
    """Why a registered version is not (whole) in the store in use, in words; None when it and its artifacts are there.

    ``model_id`` as it was when the version was registered, "" when that is not known: a store that was begun anew has
    other files under the same number. The version's evaluation twin counts as one of its artifacts, if it ever had one.
    """
    store = _store(tracking)
    found = store.model_id(version)
    if found is None:
        return f"version {version} is not in the store"
    if model_id and found != model_id:
        return f"version {version} is another one in this store: its files are {found or 'unknown'}, not {model_id}"
    return _files_fault(store, found) or store.evaluation_fault(version)


def _files_fault(store: Store, model_id: str) -> str | None:
    return store.files_fault(model_id) if model_id else "its files are unknown: this project did not register it"


def _store(tracking: Tracking) -> Store:
    if tracking.embedded:
        return ObservedDatabase(tracking)
    from registry.observed_server import ObservedServer

    return ObservedServer(tracking)
