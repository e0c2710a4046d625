"""Registered versions and their aliases."""

import json
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from recsys_core.errors import RegistryError
from registry.interface import MODEL_NAME
from registry.mlflow_library import as_registry_error, import_mlflow, is_missing
from registry.tracking import Tracking

__all__ = ["CHALLENGER", "CHAMPION", "PREVIOUS_CHAMPION", "RECIPE", "ModelVersion", "Versions"]

CHAMPION = "champion"
PREVIOUS_CHAMPION = "previous_champion"
CHALLENGER = "challenger"
RECIPE = "recipe"  # tag of a version: digest of the code and the configuration that made it
_GATE = " The gate: "


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """One registered version. ``verdict`` and ``recipe`` are None until the gate or a person has judged it."""

    version: str
    aliases: tuple[str, ...]
    created_at: datetime
    verdict: str | None
    metrics: Mapping[str, Any]
    run_id: str
    model_id: str | None
    data_fingerprint: str
    bundle_fingerprint: str
    dagster_run_id: str | None
    recipe: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """One entry of ``recsys models --json``."""
        return {
            "version": self.version,
            "aliases": list(self.aliases),
            "created_at": self.created_at.isoformat(timespec="seconds").replace("+00:00", "Z"),
            "verdict": self.verdict,
            "metrics": dict(self.metrics),
        }


class Versions:
    """Finds versions of one registered model and moves its aliases; RegistryError when the store cannot be asked."""

    def __init__(self, tracking: Tracking, name: str = MODEL_NAME) -> None:
        self.tracking = tracking
        self.name = name

    def all(self) -> list[ModelVersion]:
        """Every version, the newest first; empty when nothing was registered yet."""
        by_version: dict[str, list[str]] = {}
        for alias, version in self.aliases().items():
            by_version.setdefault(version, []).append(alias)
        found = self._search(f"name = '{self.name}'")
        entries = [_model_version(entry, tuple(sorted(by_version.get(str(entry.version), ())))) for entry in found]
        return sorted(entries, key=lambda entry: int(entry.version), reverse=True)

    def list_models(self) -> dict[str, Any]:
        """The document of ``recsys models --json``."""
        return {"models": [entry.as_dict() for entry in self.all()]}

    def get(self, reference: str | int) -> ModelVersion:
        """The version with this number or alias ("3", "champion")."""
        aliases = self.aliases()
        version = str(reference) if str(reference).isdecimal() else aliases.get(str(reference))
        known = self.all()
        for entry in known:
            if entry.version == version:
                return entry
        if not known:
            raise RegistryError(
                f"no version of {self.name} is registered in {self.tracking.shown_uri}; run the pipeline first"
            )
        numbers = ", ".join(entry.version for entry in known)
        raise RegistryError(
            f"{self.name} has no version or alias {str(reference)!r}; it has the versions {numbers} "
            f"and the aliases {', '.join(sorted(aliases)) or 'none'}"
        )

    def find(self, alias: str) -> ModelVersion | None:
        """The version with ``alias``, or None."""
        version = self.aliases().get(alias)
        return None if version is None else self.get(version)

    def with_bundle(self, bundle_fingerprint: str) -> list[ModelVersion]:
        """Every version made from this very bundle, the oldest first."""
        found = self._search(f"name = '{self.name}' and tag.bundle_fingerprint = '{bundle_fingerprint}'")
        return [self.get(version) for version in sorted((str(entry.version) for entry in found), key=int)]

    def aliases(self) -> dict[str, str]:
        """Alias to version number; empty when nothing was registered yet."""
        registered = self._registered()
        return {} if registered is None else {alias: str(version) for alias, version in registered.aliases.items()}

    def set_alias(self, alias: str, version: str | None) -> None:
        """Point ``alias`` at ``version``; None takes it away."""
        client = self.tracking.client
        with as_registry_error(f"the alias {alias} of {self.name} cannot be moved"):
            if version is None:
                client.delete_registered_model_alias(self.name, alias)
            else:
                client.set_registered_model_alias(self.name, alias, version)

    def tag(self, version: str, tags: Mapping[str, str]) -> None:
        with as_registry_error(f"{self.name} version {version} cannot be tagged"):
            for key, value in tags.items():
                self.tracking.client.set_model_version_tag(self.name, version, key, value)

    def tell_verdict(self, version: str, verdict: str, reasons: Sequence[str]) -> None:
        """Let the version's description end with what the gate said of it."""
        client = self.tracking.client
        with as_registry_error(f"{self.name} version {version} cannot be described"):
            before = (client.get_model_version(self.name, version).description or "").partition(_GATE)[0]
            client.update_model_version(self.name, version, f"{before}{_GATE}**{verdict}**: {'; '.join(reasons)}.")

    def ensure_registered(self) -> None:
        """Make the registered model, without a version, when it is not there."""
        if self._registered() is None:
            self.tracking.client.create_registered_model(
                self.name, description="Hybrid movie recommender: ALS, EASE, content and popularity in one score."
            )

    def _registered(self) -> Any | None:
        mlflow = import_mlflow()
        with self._asking():
            try:
                return self.tracking.client.get_registered_model(self.name)
            except mlflow.MlflowException as error:
                if is_missing(error):
                    return None
                raise

    def _asking(self) -> AbstractContextManager[None]:
        return as_registry_error(f"the tracking store {self.tracking.shown_uri} cannot be asked for its models")

    def _search(self, condition: str) -> list[Any]:
        found: list[Any] = []
        token = None
        while True:
            with self._asking():
                page = self.tracking.client.search_model_versions(condition, page_token=token)
            found.extend(page)
            token = page.token
            if not token:
                return found


def _model_version(entry: Any, aliases: tuple[str, ...]) -> ModelVersion:
    tags = entry.tags
    return ModelVersion(
        version=str(entry.version),
        aliases=aliases,
        created_at=datetime.fromtimestamp(entry.creation_timestamp / 1000, tz=UTC),
        verdict=tags.get("verdict"),
        metrics=_metrics(tags.get("metrics", "{}")),
        run_id=entry.run_id or "",
        model_id=entry.model_id or tags.get("model_id"),
        data_fingerprint=tags.get("data_fingerprint", ""),
        bundle_fingerprint=tags.get("bundle_fingerprint", ""),
        dagster_run_id=tags.get("dagster_run_id"),
        recipe=tags.get(RECIPE),
    )


def _metrics(text: str) -> Mapping[str, Any]:
    """Nothing when the tag was edited into something else: one version's tag must not hide all versions."""
    try:
        metrics = json.loads(text)
    except ValueError:
        return {}
    return metrics if isinstance(metrics, dict) else {}
