"""Every byte of a home against its checksum: stored values, and the versions in MLflow that have an alias."""

import assets.graph  # noqa: F401  (declares all recipes)
from assets.materialising import RECIPES
from assets.materialising.store import Store
from pipelines.settings import Settings
from recsys_core.errors import RecsysError
from registry.models import ModelRegistry
from registry.observing import observe

__all__ = ["check_everything"]


def check_everything(settings: Settings) -> dict[str, str]:
    """For everything that was looked at, what is wrong with it; "" where nothing is.

    Values are those of all kept versions. RecsysError when there is no home, or the tracking store cannot be asked.
    """
    if not settings.home.is_dir():
        raise RecsysError(f"home {settings.home} does not exist; give --home the folder of a run")
    workspace = settings.workspace()
    store = Store(workspace.store_directory)
    checked: dict[str, str] = {}
    for asset in RECIPES:
        for version in store.versions(asset):
            record = store.record(asset, version)
            faults = store.faults(asset, record, always=True) if record else ["its record cannot be read"]
            checked[f"{asset} {version}"] = "; ".join(faults)
    tracking = workspace.tracking()
    if observe(tracking).champion is not None:
        registry = ModelRegistry(tracking)
        for alias, version in sorted(registry.versions.aliases().items()):
            checked[f"model version {version} ({alias})"] = _fault(registry, version)
    return checked


def _fault(registry: ModelRegistry, version: str) -> str:
    try:
        registry.bundle_path(version)
        registry.evaluation_model_path(version)
    except RecsysError as error:
        return str(error)
    return ""
