"""What is on record about versions, for people who look at them: all versions, and the plots of their evaluation."""

from pathlib import Path
from tempfile import TemporaryDirectory

from registry.mlflow_library import as_registry_error
from registry.models import ModelRegistry
from registry.versions import ModelVersion

__all__ = ["ModelRecords"]

_PLOTS = "plots"
_UNASKED = "the registry cannot be asked"


class ModelRecords:
    """Reads only. Every method asks the registry anew; RegistryError when it cannot be asked."""

    def __init__(self, registry: ModelRegistry) -> None:
        self._registry = registry

    def versions(self) -> list[ModelVersion]:
        """Every version, the newest first."""
        with as_registry_error(_UNASKED):
            return self._registry.versions.all()

    def plots(self, version: ModelVersion) -> list[str]:
        """Names of the plots of the version's run, without ``.png``."""
        with as_registry_error(_UNASKED):
            found = self._registry.tracking.client.list_artifacts(version.run_id, _PLOTS)
        names = [Path(entry.path) for entry in found if not entry.is_dir]
        return sorted(name.stem for name in names if name.suffix == ".png")

    def plot(self, version: ModelVersion, name: str) -> bytes | None:
        """One plot as PNG; None where the version has none of this name."""
        if name not in self.plots(version):
            return None
        with as_registry_error(_UNASKED), TemporaryDirectory(prefix="recsys-plot-") as folder:
            client = self._registry.tracking.client
            path = Path(client.download_artifacts(version.run_id, f"{_PLOTS}/{name}.png", folder))
            return path.read_bytes()
