"""A tracking server, or a database that is not the embedded one, looked at through MLflow."""

from typing import Any

from registry.interface import BUNDLE_FOLDER, EVALUATION_FINGERPRINT, EVALUATION_MODEL, EVALUATION_RUN, MODEL_NAME
from registry.mlflow_library import as_registry_error, import_mlflow, is_missing
from registry.tracking import Tracking
from registry.versions import CHAMPION

__all__ = ["ObservedServer"]


class ObservedServer:
    """Answers what :class:`registry.observing.Store` asks."""

    def __init__(self, tracking: Tracking) -> None:
        self._tracking = tracking

    def champion(self) -> str | None:
        model = self._ask("get_registered_model", MODEL_NAME)
        found = None if model is None else model.aliases.get(CHAMPION)
        return None if found is None else str(found)

    def model_id(self, version: str) -> str | None:
        found = self._ask("get_model_version", MODEL_NAME, version)
        return None if found is None else str(found.tags.get("model_id") or found.model_id or "")

    def files_fault(self, model_id: str) -> str | None:
        model = self._ask("get_logged_model", model_id)
        if model is None:
            return f"its logged model {model_id} was deleted from the store"
        if self._ask("list_logged_model_artifacts", model_id, BUNDLE_FOLDER):
            return None
        return f"its artifacts are gone from {model.artifact_location}/{BUNDLE_FOLDER}"

    def evaluation_fault(self, version: str) -> str | None:
        found = self._ask("get_model_version", MODEL_NAME, version)
        run_id = "" if found is None else found.tags.get(EVALUATION_RUN) or found.run_id
        if not run_id:
            return None
        run = self._ask("get_run", run_id)
        if run is None:
            return f"its run {run_id} was deleted from the store"
        if EVALUATION_FINGERPRINT not in run.data.tags or self._ask("list_artifacts", run_id, EVALUATION_MODEL):
            return None
        return f"its evaluation model is gone from {run.info.artifact_uri}/{EVALUATION_MODEL}"

    def _ask(self, question: str, *values: str) -> Any:
        """The client's answer; None when there is no such thing."""
        mlflow = import_mlflow()
        with as_registry_error(f"the tracking store {self._tracking.shown_uri} cannot be asked for its models"):
            try:
                return getattr(self._tracking.client, question)(*values)
            except mlflow.MlflowException as error:
                if is_missing(error):
                    return None
                raise
