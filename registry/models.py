"""Model versions: from a bundle on disk to a registered version, and back to its files."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from recsys_core.errors import RegistryError
from recsys_core.storage import atomic_directory
from registry.content_hash import folder_fingerprint
from registry.data_sets import DataSet
from registry.interface import (
    BUNDLE_FOLDER,
    EVALUATION_FINGERPRINT,
    EVALUATION_MODEL,
    EVALUATION_RUN,
    MODEL_NAME,
    InputExample,
)
from registry.mlflow_library import as_registry_error, import_mlflow, is_missing
from registry.pyfunc_files import PYFUNC_FILE, pyfunc_folder
from registry.run_log import RunLog
from registry.stored_folder import StoredFolder
from registry.tracking import Tracking
from registry.versions import CHAMPION, ModelVersion, Versions

__all__ = ["PYFUNC_FILE", "ModelRegistry"]


class ModelRegistry:
    """Registers model bundles as MLflow pyfunc versions and finds their files again."""

    def __init__(self, tracking: Tracking, name: str = MODEL_NAME) -> None:
        self.tracking = tracking
        self.name = name
        self.versions = Versions(tracking, name)

    def register_bundle(
        self,
        bundle_dir: Path,
        parent_run_id: str,
        *,
        data_fingerprint: str,
        metrics: Mapping[str, Any],
        example: InputExample,
        dagster_run_id: str | None = None,
        tags: Mapping[str, str] | None = None,
        python_model: Path = PYFUNC_FILE,
    ) -> ModelVersion:
        """Register the bundle in ``bundle_dir``; the same bundle gives the version that it gave before.

        Files of that version that are gone or damaged are put back in place; a version whose logged model was deleted
        from the store does not count. A new version appears only when all its files are in place and it has answered
        ``example`` (see :func:`registry.interface.input_example`). ``metrics`` are kept as they are, nested or not,
        for ``recsys models``.
        """
        fingerprint = folder_fingerprint(bundle_dir)
        with (
            self.tracking.lock(),
            as_registry_error(f"a bundle cannot be registered as a version of {self.name}"),
        ):
            for known in self.versions.with_bundle(fingerprint):
                model = self._logged_model(known)
                if model is not None:
                    self._restore(known, model, bundle_dir, example, python_model)
                    self._take_over_evaluation_model(known, parent_run_id)
                    return known
            self.versions.ensure_registered()
            model_id = self._store(bundle_dir, parent_run_id, example, python_model)
            texts = {
                **(tags or {}),
                "data_fingerprint": data_fingerprint,
                "bundle_fingerprint": fingerprint,
                "metrics": json.dumps(metrics, sort_keys=True, allow_nan=False),
                "model_id": model_id,
            }
            if dagster_run_id:
                texts["dagster_run_id"] = dagster_run_id
            with self.tracking.as_global():  # a models:/ source is looked up at MLflow's global address
                created = self.tracking.client.create_model_version(
                    self.name, f"models:/{model_id}", run_id=parent_run_id, tags=texts, model_id=model_id
                )
        return self.versions.get(str(created.version))

    def describe(
        self, version: str, log: RunLog, text: str, *, metrics: Mapping[str, float], measured_on: DataSet
    ) -> None:
        """Say of a version what it is, for people: ``text``, with a link to the run behind ``log``, and its metrics,
        tied in that run to its logged model and to the data that they were measured on.
        """
        found, client = self.versions.get(version), self.tracking.client
        log.data_sets(measured_on)
        log.metrics(metrics, model_id=found.model_id, data_set=measured_on)
        address = f"#/experiments/{self.tracking.experiment_id}/runs/{log.run_id}"
        with as_registry_error(f"{self.name} version {version} cannot be described"):
            client.update_model_version(self.name, version, f"{text} Made and measured in [this run]({address}).")

    def bundle_path(self, reference: str | int = CHAMPION) -> Path:
        """Folder with the bundle of a version or alias, checked against its fingerprint.

        RegistryError when it cannot be read. See :meth:`registry.stored_folder.StoredFolder.path` for where it lies.
        """
        found = self.versions.get(reference)
        what, advice = f"the bundle of {self.name} version {found.version}", self._advice(found)
        if found.model_id is None:
            raise RegistryError(f"{self.name} version {found.version} was not registered by this project{advice}")
        with as_registry_error(f"{what} cannot be read", advice):
            model = self.tracking.client.get_logged_model(found.model_id)
        return self._bundle(found, model.artifact_location).path()

    def log_evaluation_model(self, parent_run_id: str, directory: Path) -> None:
        """Keep a version's evaluation twin: the same model fitted without the test users, to be compared with later.

        A copy that is gone or damaged is written again. Its fingerprint is written last: a copy that was cut short has
        none and is never read.
        """
        fingerprint = folder_fingerprint(directory)
        with as_registry_error(f"the evaluation model cannot be kept with run {parent_run_id}"):
            client = self.tracking.client
            run = client.get_run(parent_run_id)
            kept = self._evaluation_model(run, fingerprint)
            known = run.data.tags.get(EVALUATION_FINGERPRINT)
            if known == fingerprint and kept.fault(directory) is None:
                return
            if known is not None:
                client.delete_tag(parent_run_id, EVALUATION_FINGERPRINT)
            kept.remove()
            client.log_artifacts(parent_run_id, str(directory), EVALUATION_MODEL)
            client.set_tag(parent_run_id, EVALUATION_FINGERPRINT, fingerprint)

    def evaluation_model_path(self, reference: str | int = CHAMPION) -> Path:
        """Folder with the evaluation twin of a version or alias; RegistryError when it has none or a damaged one."""
        found = self.versions.get(reference)
        what, advice = f"the evaluation model of {self.name} version {found.version}", self._advice(found)
        with as_registry_error(f"{what} cannot be read", advice):
            run = self.tracking.client.get_run(self._evaluation_run_id(found))
        fingerprint = run.data.tags.get(EVALUATION_FINGERPRINT)
        if fingerprint is None:
            raise RegistryError(f"{what} was never stored whole; the version cannot be compared, only promoted by hand")
        return self._evaluation_model(run, fingerprint, what, advice).path()

    def _bundle(self, version: ModelVersion, artifacts: str) -> StoredFolder:
        return StoredFolder(
            self.tracking,
            f"{artifacts}/{BUNDLE_FOLDER}",
            version.bundle_fingerprint,
            f"the bundle of {self.name} version {version.version}",
            self._advice(version),
        )

    def _evaluation_model(
        self, run: Any, fingerprint: str, what: str = "the evaluation model", advice: str = ""
    ) -> StoredFolder:
        address = f"{run.info.artifact_uri}/{EVALUATION_MODEL}"
        return StoredFolder(self.tracking, address, fingerprint, what, advice)

    def _advice(self, version: ModelVersion) -> str:
        if CHAMPION in version.aliases:
            return "; it is the champion: `recsys promote VERSION` makes another version the champion"
        return "; choose another version (`recsys models` lists them), or train again"

    def _logged_model(self, version: ModelVersion) -> Any | None:
        """MLflow's logged model behind a version; None when it was deleted."""
        mlflow = import_mlflow()
        try:
            return self.tracking.client.get_logged_model(version.model_id) if version.model_id else None
        except mlflow.MlflowException as error:
            if is_missing(error):
                return None
            raise

    def _restore(
        self, version: ModelVersion, model: Any, bundle_dir: Path, example: InputExample, python_model: Path
    ) -> None:
        """Put the files of a registered version back in place, where they are not whole, from the same bundle."""
        bundle = self._bundle(version, model.artifact_location)
        beside = {entry.path for entry in self.tracking.client.list_logged_model_artifacts(model.model_id)}
        if bundle.fault(bundle_dir) is None and {"MLmodel", "code", python_model.name} <= beside:
            return
        with pyfunc_folder(
            self.tracking,
            bundle_dir,
            run_id=version.run_id,
            model_id=model.model_id,
            example=example,
            python_model=python_model,
        ) as folder:
            local = self.tracking.folder_at(model.artifact_location)
            if local is None:
                bundle.remove()
                self.tracking.client.log_model_artifacts(model.model_id, str(folder))
            else:
                with atomic_directory(local) as staging:
                    shutil.copytree(folder, staging, dirs_exist_ok=True)
        fault = bundle.fault(bundle_dir)
        if fault is not None:
            raise RegistryError(f"{bundle.what} could not be put back in place: {fault}{bundle.advice}")

    def _evaluation_run_id(self, version: ModelVersion) -> str:
        """The run that keeps a version's evaluation twin: its own, or the one that had to take over."""
        kept = self.tracking.client.get_model_version(self.name, version.version)
        return str(kept.tags.get(EVALUATION_RUN) or version.run_id)

    def _take_over_evaluation_model(self, version: ModelVersion, run_id: str) -> None:
        """Let the twin kept with ``run_id`` stand for the version's own one, when that cannot be read any more."""
        client = self.tracking.client
        try:
            self.evaluation_model_path(version.version)
        except RegistryError:
            run = client.get_run(run_id)
            if EVALUATION_FINGERPRINT in run.data.tags:
                self.versions.tag(version.version, {EVALUATION_RUN: run_id})

    def _store(self, bundle_dir: Path, run_id: str, example: InputExample, python_model: Path) -> str:
        """Store the pyfunc model with the parent run; its id. A model that fails its example is left as FAILED."""
        from mlflow.entities import LoggedModelOutput

        client = self.tracking.client
        model = client.create_logged_model(
            self.tracking.experiment_id, self.name, source_run_id=run_id, model_type="recommender"
        )
        model_id, ready = str(model.model_id), False
        try:
            with pyfunc_folder(
                self.tracking, bundle_dir, run_id=run_id, model_id=model_id, example=example, python_model=python_model
            ) as folder:
                client.log_model_artifacts(model_id, str(folder))
            client.log_outputs(run_id, [LoggedModelOutput(model_id, step=0)])
            ready = True
        finally:
            client.finalize_logged_model(model_id, "READY" if ready else "FAILED")
        return model_id
