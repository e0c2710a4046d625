"""Old versions and runs leave the store: first what refers to them, then their files.

In the embedded store they go for good, with their files. On a server, and in any other database, they are deleted as a
client can: out of sight, until ``mlflow gc`` removes them there.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from recsys_core.retention import surplus
from recsys_core.storage import remove_directory
from registry.interface import EVALUATION_FINGERPRINT, EVALUATION_MODEL, EVALUATION_RUN, MODEL_NAME
from registry.mlflow_library import as_registry_error, import_mlflow, is_missing
from registry.promotion import PROMOTION_LOG, Promotions
from registry.promotion_log import PromotionLog
from registry.stored_folder import StoredFolder
from registry.tracking import DAGSTER_RUN_ID, Tracking
from registry.versions import CHAMPION, PREVIOUS_CHAMPION, ModelVersion, Versions

__all__ = ["OldModels", "OldRuns", "OldTwin", "old_models", "old_runs", "old_twins"]

_SETTLING = timedelta(minutes=10)  # a server may still be loading what had an alias so long ago
_PARENT = "mlflow.parentRunId"
_LEVELS = 2  # below a parent run: its stages, and their trials


@dataclass(frozen=True, slots=True)
class OldModels:
    """Versions that can go, with MLflow's ids of their files and of files that no version names; and what stays.

    folders  on this machine, of all that goes; those fetched from a server among them
    """

    versions: list[str]
    model_ids: list[str]
    folders: list[Path]
    kept: list[ModelVersion]

    def remove(self, tracking: Tracking) -> None:
        """The versions alone, and at once: to be called under the lock in which they were found."""
        with as_registry_error("old model versions cannot be deleted"):
            for version in self.versions:
                tracking.client.delete_model_version(MODEL_NAME, version)

    def remove_files(self, tracking: Tracking) -> None:
        with as_registry_error("the files of old model versions cannot be deleted"):
            for model_id in self.model_ids:
                with _unless_gone():
                    tracking.client.delete_logged_model(model_id)
            for folder in self.folders:
                remove_directory(folder)
            for model_id in self.model_ids if tracking.embedded else ():
                with _unless_gone():
                    _database(tracking)._hard_delete_logged_model(model_id)


@dataclass(frozen=True, slots=True)
class OldRuns:
    """One parent run that can go, and before it all runs below it; with their folders on this machine."""

    run_ids: list[str]
    folders: list[Path]

    def remove(self, tracking: Tracking) -> None:
        with as_registry_error("old runs cannot be deleted"):
            *children, parent = self.run_ids
            tracking.client.delete_run(parent)  # out of sight first; found again by whoever finishes this
            for folder in self.folders:
                remove_directory(folder)
            for run_id in [*children, parent] if tracking.embedded else ():
                with _unless_gone():
                    _database(tracking)._hard_delete_run(run_id)
            for run_id in children if not tracking.embedded else ():
                tracking.client.delete_run(run_id)


@dataclass(frozen=True, slots=True)
class OldTwin:
    """The evaluation twin in a run that stays."""

    run: Any
    stored: StoredFolder
    folders: list[Path]

    def remove(self, tracking: Tracking) -> None:
        """First what says that it is whole."""
        with as_registry_error(f"{self.stored.what} cannot be deleted"):
            if EVALUATION_FINGERPRINT in self.run.data.tags:
                tracking.client.delete_tag(self.run.info.run_id, EVALUATION_FINGERPRINT)
            self.stored.remove()


def old_models(
    tracking: Tracking, keep: int, *, in_use: Collection[str], made_here: Collection[str], now: datetime
) -> OldModels:
    """Versions beside the ``keep`` newest others than those in use. To be called under the store's lock.

    in_use     numbers of versions that something names: experiments, stored values
    made_here  Dagster's runs of this home: on a server, which may be others' too, only their versions are looked at

    Also in use is a version that has an alias, had one lately, is to get one, is younger than some minutes, that the
    gate measures refreshes against, or of which another registered model has a copy.
    """
    with as_registry_error("old model versions cannot be looked up"):
        known = Versions(tracking).all()
        entries = [*_pages(tracking.client.search_model_versions)]
        others = {name for entry in entries if entry.name != MODEL_NAME for name in _named_by(entry)}
        used = {*in_use, *_named_lately(tracking, now), *_measured_against(tracking, known)}
        used |= {found.version for found in known if found.aliases or now - found.created_at < _SETTLING}
        used |= {found.version for found in known if {found.model_id, f"{MODEL_NAME}/{found.version}"} & others}
        ours = [found for found in known if tracking.embedded or found.dagster_run_id in made_here]
        going = {*surplus([found.version for found in ours], keep, used)}
        kept = [found for found in known if found.version not in going]
        model_ids = [found.model_id for found in known if found.version in going and found.model_id]
        if tracking.embedded:
            staying = [entry for entry in entries if entry.name != MODEL_NAME or str(entry.version) not in going]
            needed = {name for entry in staying for name in _named_by(entry)}
            model_ids = [model.model_id for model in _models(tracking, now) if model.model_id not in needed]
        folders = [*_model_folders(tracking, model_ids), *_fetched(tracking, kept)]
    return OldModels(sorted(going, key=int), model_ids, folders, kept)


def old_runs(
    tracking: Tracking, kept: Collection[ModelVersion], going: Mapping[str, bool], keep: int
) -> Iterator[OldRuns]:
    """Parent runs, with all below them, of Dagster's runs that go; never the run of a kept version, or of its twin.

    going  for each of Dagster's runs whether it goes. Of runs that Dagster does not know, the embedded store's ``keep``
           newest stay
    """
    with as_registry_error("old runs cannot be looked up"):
        used = _runs_behind(tracking, kept)
        parents = {run.info.run_id: run for run in _runs(tracking, f"tags.{DAGSTER_RUN_ID} LIKE '%'")}
        unknown = [name for name, run in parents.items() if run.data.tags[DAGSTER_RUN_ID] not in going]
        chosen = [name for name, run in parents.items() if going.get(run.data.tags[DAGSTER_RUN_ID])]
        chosen += surplus(unknown, keep, used) if tracking.embedded else []
        for name in chosen:
            if name not in used:
                runs = [*_below(tracking, name, _LEVELS), parents[name]]
                yield OldRuns([run.info.run_id for run in runs], [*_folders(tracking, runs)])


def old_twins(
    tracking: Tracking, kept: Collection[ModelVersion], gone: Collection[str], made_here: Collection[str]
) -> Iterator[OldTwin]:
    """Evaluation twins of no version that stays, in runs that do: not one of ``gone``. Not while a run goes on, which
    keeps its twin before it registers the version.
    """
    with as_registry_error("old evaluation twins cannot be looked up"):
        used = {*gone, *_runs_behind(tracking, kept)}
        for run in _runs(tracking, f"tags.{DAGSTER_RUN_ID} LIKE '%'"):
            ours = tracking.embedded or run.data.tags[DAGSTER_RUN_ID] in made_here
            if ours and run.info.run_id not in used and run.info.lifecycle_stage == "active":
                address = f"{run.info.artifact_uri}/{EVALUATION_MODEL}"
                folder = tracking.folder_at(address)
                folders = [folder] if folder is not None and folder.is_dir() else []
                if folders or EVALUATION_FINGERPRINT in run.data.tags:
                    yield OldTwin(run, StoredFolder(tracking, address, "", "an old evaluation twin"), folders)


def _named_lately(tracking: Tracking, now: datetime) -> set[str]:
    """Versions that decisions of the last minutes, or pending ones, gave an alias or took it from."""
    entries = PromotionLog(tracking.home / PROMOTION_LOG).entries()
    old = now - _SETTLING
    fresh = [entry for entry in entries if entry.state == "decided" or datetime.fromisoformat(entry.at) > old]
    return {version for entry in fresh for version in (*entry.before.values(), *entry.after.values()) if version}


def _measured_against(tracking: Tracking, known: Collection[ModelVersion]) -> set[str]:
    """The last superior version behind the champion, and behind the one that a rollback would make champion."""
    promotions = Promotions(tracking)
    return {
        promotions.last_superior(found.version) for found in known if {CHAMPION, PREVIOUS_CHAMPION} & {*found.aliases}
    }


def _named_by(entry: Any) -> set[str]:
    """What a registered version's files may be called: MLflow's id of them, or another version, "NAME/3"."""
    names = (entry.model_id, entry.tags.get("model_id"), str(entry.source).removeprefix("models:/"))
    return {name for name in names if name}


def _models(tracking: Tracking, now: datetime) -> list[Any]:
    """The embedded store's files of versions, deleted ones too, but for those that may be in the making."""
    client, database = tracking.client, _database(tracking)
    found = [*_pages(client.search_logged_models, [tracking.experiment_id])]
    found += [database.get_logged_model(name, allow_deleted=True) for name in database._get_deleted_logged_models()]
    last = (now - _SETTLING).timestamp() * 1000
    return [model for model in found if model.name == MODEL_NAME and model.creation_timestamp < last]


def _model_folders(tracking: Tracking, model_ids: Collection[str]) -> Iterator[Path]:
    for model_id in model_ids if tracking.embedded else ():
        model = _database(tracking).get_logged_model(model_id, allow_deleted=True)
        yield from _own_folder(tracking, model.artifact_location, model_id)


def _fetched(tracking: Tracking, kept: Collection[ModelVersion]) -> list[Path]:
    """What was fetched from a server and belongs to no version any more."""
    folders = list((tracking.folder / "fetched").glob("[!.]*"))
    if not folders:
        return []
    runs = [tracking.client.get_run(run_id) for run_id in _runs_behind(tracking, kept)]
    needed = {found.bundle_fingerprint for found in kept}
    needed |= {run.data.tags.get(EVALUATION_FINGERPRINT, "") for run in runs}
    return [path for path in folders if path.name not in needed]


def _runs_behind(tracking: Tracking, versions: Collection[ModelVersion]) -> set[str]:
    """The runs that made these versions, and those that keep their evaluation twins."""
    entries = [tracking.client.get_model_version(MODEL_NAME, found.version) for found in versions]
    return {name for entry in entries for name in (entry.run_id, entry.tags.get(EVALUATION_RUN)) if name}


def _below(tracking: Tracking, run_id: str, levels: int) -> Iterator[Any]:
    """The runs below a run, the deepest first."""
    for run in _runs(tracking, f"tags.`{_PARENT}` = '{run_id}'"):
        if levels > 1:
            yield from _below(tracking, run.info.run_id, levels - 1)
        yield run


def _folders(tracking: Tracking, runs: Collection[Any]) -> Iterator[Path]:
    for run in runs if tracking.embedded else ():
        yield from _own_folder(tracking, run.info.artifact_uri, run.info.run_id)


def _own_folder(tracking: Tracking, address: str, name: str) -> Iterator[Path]:
    """The folder of a run or a model, which is called like it; nothing where it is on another machine, or not there."""
    folder = tracking.folder_at(address)
    folder = folder.parent if folder is not None and folder.parent.name == name else folder
    if folder is not None and name in folder.parts and folder.is_dir():
        yield folder


def _runs(tracking: Tracking, condition: str) -> Iterator[Any]:
    """Runs of our experiment, the newest first; deleted ones, too: a killed clean-up left them."""
    view, order = import_mlflow().entities.ViewType.ALL, ["attributes.start_time DESC"]
    return _pages(tracking.client.search_runs, [tracking.experiment_id], condition, run_view_type=view, order_by=order)


def _pages(search: Any, *conditions: Any, **options: Any) -> Iterator[Any]:
    token = None
    while True:
        page = search(*conditions, **options, page_token=token)
        yield from page
        token = page.token
        if not token:
            return


def _database(tracking: Tracking) -> Any:
    """What ``mlflow gc`` uses: the client's own way into the database can only mark what it deletes."""
    return tracking.client._tracking_client.store


@contextmanager
def _unless_gone() -> Iterator[None]:
    try:
        yield
    except import_mlflow().MlflowException as error:
        if not is_missing(error):
            raise
