"""Model versions: from a bundle on disk to a registered version, and back to its files."""

import json
import os
import shutil
import tempfile
import time
from collections.abc import Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from recsys_core.errors import RegistryError
from recsys_core.storage import atomic_directory
from registry.content_hash import folder_fingerprint
from registry.interface import BUNDLE, MODEL_NAME, OUTPUT_COLUMNS, pip_requirements, signature
from registry.mlflow_library import import_mlflow
from registry.run_log import metric_key
from registry.tracking import Tracking
from registry.versions import CHAMPION, ModelVersion, Versions

__all__ = ["PYFUNC_FILE", "ModelRegistry"]

PYFUNC_FILE = Path(__file__).with_name("pyfunc_model.py")
_EVALUATION_MODEL = "evaluation_model"
_EVALUATION_FINGERPRINT = "evaluation_model_fingerprint"
_STAGING = ".registering-"


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
        example: Any,
        dagster_run_id: str | None = None,
        tags: Mapping[str, str] | None = None,
        python_model: Path = PYFUNC_FILE,
    ) -> ModelVersion:
        """Register the bundle in ``bundle_dir``; the same bundle gives the version that it gave before.

        The version appears only when all its files are in place and it has answered ``example`` (see
        :func:`registry.interface.input_example`). ``metrics`` are kept as they are, nested or not, for
        ``recsys models``.
        """
        fingerprint = folder_fingerprint(bundle_dir)
        with self.tracking.lock():
            known = self.versions.with_bundle(fingerprint)
            if known is not None:
                return known
            self.versions.ensure_registered()
            model_id = self._store(bundle_dir, parent_run_id, example, python_model, _numbers(metrics))
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

    def bundle_path(self, reference: str | int = CHAMPION) -> Path:
        """Folder with the bundle of a version or alias, checked against its fingerprint.

        Files on this machine are used where they lie; those of a server are fetched once, into ``home/mlflow/fetched``.
        """
        found = self.versions.get(reference)
        if found.model_id is None:
            raise RegistryError(f"{self.name} version {found.version} was not registered by this project")
        model = self.tracking.client.get_logged_model(found.model_id)
        folder = f"artifacts/{BUNDLE}"
        return self._local(
            f"{model.artifact_location}/{folder}",
            found.bundle_fingerprint,
            f"the bundle of {self.name} version {found.version}",
        )

    def log_evaluation_model(self, parent_run_id: str, directory: Path) -> None:
        """Keep a version's evaluation twin: the same model fitted without the test users, to be compared with later.

        Its fingerprint is written last: a copy that was cut short has none and is never read.
        """
        client = self.tracking.client
        fingerprint = folder_fingerprint(directory)
        if client.get_run(parent_run_id).data.tags.get(_EVALUATION_FINGERPRINT) == fingerprint:
            return
        client.log_artifacts(parent_run_id, str(directory), _EVALUATION_MODEL)
        client.set_tag(parent_run_id, _EVALUATION_FINGERPRINT, fingerprint)

    def evaluation_model_path(self, reference: str | int = CHAMPION) -> Path:
        """Folder with the evaluation twin of a version or alias; RegistryError when it has none or a damaged one."""
        found = self.versions.get(reference)
        run = self.tracking.client.get_run(found.run_id)
        fingerprint = run.data.tags.get(_EVALUATION_FINGERPRINT)
        what = f"the evaluation model of {self.name} version {found.version}"
        if fingerprint is None:
            raise RegistryError(f"{what} was never stored whole; the version cannot be compared, only promoted by hand")
        return self._local(f"{run.info.artifact_uri}/{_EVALUATION_MODEL}", fingerprint, what)

    def _store(
        self, bundle_dir: Path, run_id: str, example: Any, python_model: Path, metrics: Mapping[str, float]
    ) -> str:
        """Store the pyfunc model with the parent run; its id. A model that fails its example is left as FAILED."""
        mlflow = import_mlflow()
        client = self.tracking.client
        model = client.create_logged_model(
            self.tracking.experiment_id, self.name, source_run_id=run_id, model_type="recommender"
        )
        ready = False
        try:
            with self._staging() as staging:
                shutil.copytree(bundle_dir, staging / BUNDLE, copy_function=_link)  # MLflow keeps the folder's name
                folder = staging / "model"
                mlflow.pyfunc.save_model(
                    folder,
                    python_model=str(python_model),
                    artifacts={BUNDLE: str(staging / BUNDLE)},
                    signature=signature(),
                    input_example=example,
                    pip_requirements=pip_requirements(),
                    mlflow_model=mlflow.models.Model(
                        artifact_path=model.artifact_location, run_id=run_id, model_id=model.model_id
                    ),
                )
                _check_answers(mlflow, folder, example)
                for cache in folder.rglob("__pycache__"):
                    shutil.rmtree(cache)
                client.log_model_artifacts(model.model_id, str(folder))
            self._log_metrics(run_id, model.model_id, metrics)
            ready = True
        finally:
            client.finalize_logged_model(model.model_id, "READY" if ready else "FAILED")
        return str(model.model_id)

    def _log_metrics(self, run_id: str, model_id: str, metrics: Mapping[str, float]) -> None:
        from mlflow.entities import LoggedModelOutput, Metric

        client, now = self.tracking.client, int(time.time() * 1000)
        client.log_outputs(run_id, [LoggedModelOutput(model_id, step=0)])
        entries = [Metric(metric_key(name), value, now, 0, model_id=model_id) for name, value in metrics.items()]
        client.log_batch(run_id, metrics=entries)

    @contextmanager
    def _staging(self) -> Any:
        """A folder on the disk of the artifacts; what a killed process left there is removed."""
        for left in self.tracking.folder.glob(f"{_STAGING}*"):
            shutil.rmtree(left, ignore_errors=True)
        with tempfile.TemporaryDirectory(prefix=_STAGING, dir=self.tracking.folder) as folder:
            yield Path(folder)

    def _local(self, uri: str, fingerprint: str, what: str) -> Path:
        """The folder behind ``uri`` on this machine, checked against ``fingerprint``."""
        mlflow = import_mlflow()
        fetched = self.tracking.folder / "fetched" / fingerprint
        if fetched.is_dir():
            return fetched
        try:
            if uri.startswith(("file:", "/")):
                found = Path(mlflow.artifacts.download_artifacts(artifact_uri=uri))  # answers the path, copies nothing
                _check_fingerprint(found, fingerprint, what)
                return found
            with atomic_directory(fetched) as staging:
                mlflow.artifacts.download_artifacts(
                    artifact_uri=uri, dst_path=str(staging), tracking_uri=self.tracking.tracking_uri
                )
                inner = staging / uri.rsplit("/", 1)[-1]
                _check_fingerprint(inner, fingerprint, what)
                for path in inner.iterdir():
                    path.rename(staging / path.name)
                inner.rmdir()
        except (mlflow.MlflowException, OSError) as error:
            raise RegistryError(f"{what} cannot be read from {uri} ({error})") from error
        return fetched


def _link(source: str, target: str) -> None:
    """A second name for a file where the disk allows it, else a copy."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _check_answers(mlflow: Any, folder: Path, example: Any) -> None:
    """Load the stored model as a server would, and let it answer ``example``."""
    try:
        answer = mlflow.pyfunc.load_model(str(folder)).predict(example)
    except Exception as error:
        raise RegistryError(f"the model does not answer its own example, so it is not registered ({error})") from error
    missing = [column for column in OUTPUT_COLUMNS if column not in answer.columns]
    if missing or len(answer) == 0:
        raise RegistryError(
            f"the model answers its own example with {len(answer)} rows and without the columns {missing}; "
            "it is not registered"
        )


def _check_fingerprint(folder: Path, fingerprint: str, what: str) -> None:
    found = folder_fingerprint(folder) if folder.is_dir() else "nothing"
    if found != fingerprint:
        raise RegistryError(
            f"{what} in {folder} is damaged: expected content {fingerprint[:12]}, found {found[:12]}; "
            "train again, or promote another version"
        )


def _numbers(metrics: Mapping[str, Any], prefix: str = "") -> dict[str, float]:
    """The numbers among nested metrics by dotted name: {"hybrid": {"ndcg@10": 0.3}} has "hybrid.ndcg@10"."""
    flat: dict[str, float] = {}
    for name, value in metrics.items():
        if isinstance(value, Mapping):
            flat.update(_numbers(value, f"{prefix}{name}."))
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            flat[f"{prefix}{name}"] = float(cast(float, value))
    return flat
