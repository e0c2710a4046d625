"""Every byte of a home against its checksum: stored values, and the versions in MLflow that have an alias."""

import assets.graph  # noqa: F401  (declares all recipes)
from assets.materialising import RECIPES
from assets.materialising.store import Store
from pipelines.settings import Settings
from recsys_core.errors import RecsysError
from registry.models import ModelRegistry

__all__ = ["check_everything"]


def check_everything(settings: Settings) -> dict[str, str]:
    """For everything that was looked at, what is wrong with it; "" where nothing is.

    Values are the current ones. RecsysError when there is no home, or the tracking store cannot be asked.
    """
    if not settings.home.is_dir():
        raise RecsysError(f"home {settings.home} does not exist; give --home the folder of a run")
    workspace = settings.workspace()
    store = Store(workspace.store_directory)
    checked: dict[str, str] = {}
    for asset in RECIPES:
        record = store.current(asset)
        if record is not None:
            checked[f"{asset} {record.origin.version}"] = "; ".join(store.faults(asset, record, always=True))
        elif store.versions(asset):
            checked[asset] = "has no current value whose record can be read"
    tracking = workspace.tracking()
    if not tracking.embedded or tracking.database.exists():
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
