"""Versions from the registry."""

from pathlib import Path

from registry.models import ModelRegistry

__all__ = ["RegistrySource"]


class RegistrySource:
    """Aliases and files of `hybrid-recommender` in MLflow."""

    def __init__(self, registry: ModelRegistry) -> None:
        self._registry = registry

    def version_of(self, reference: str) -> str:
        return self._registry.versions.get(reference).version

    def folder_of(self, version: str) -> Path:
        return self._registry.bundle_path(version)
