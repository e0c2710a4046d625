"""Versions from the registry."""

from importlib.metadata import version as package_version
from pathlib import Path

from recsys_core.errors import RegistryError
from registry.models import ModelRegistry
from serving.models.served import Found

__all__ = ["RegistrySource"]


class RegistrySource:
    """Aliases and files of `hybrid-recommender` in MLflow. Makes no store where there is none."""

    def __init__(self, registry: ModelRegistry) -> None:
        self._registry = registry
        self._package = package_version("hybrid-movie-recommender")

    def find(self, reference: str) -> Found:
        tracking = self._registry.tracking
        if tracking.embedded and not tracking.database.exists():
            raise RegistryError(f"no model is registered in {tracking.home}; run the pipeline first")
        found = self._registry.versions.get(reference)
        return Found(found.version, f"{found.version}:{found.bundle_fingerprint}:{self._package}")

    def folder_of(self, version: str) -> Path:
        return self._registry.bundle_path(version)
