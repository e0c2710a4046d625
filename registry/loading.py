"""The models that a version keeps, loaded. Whatever stands in the way is a RegistryError of one line."""

from recsys_core.bundle import ModelBundle, Titles
from recsys_core.hybrid import HybridModel
from registry.mlflow_library import as_registry_error
from registry.models import ModelRegistry
from registry.versions import CHAMPION

__all__ = ["load_bundle", "load_evaluation_model", "load_titles"]

_OTHER = "; if it is the champion, `recsys promote VERSION` makes another version the champion"


def load_bundle(registry: ModelRegistry, reference: str | int = CHAMPION) -> ModelBundle:
    """The bundle of a version or alias; also one written in an older format is a RegistryError."""
    folder = registry.bundle_path(reference)
    with as_registry_error(f"the bundle of {registry.name} {reference} cannot be loaded", _OTHER):
        return ModelBundle.load(folder)


def load_titles(registry: ModelRegistry, reference: str | int = CHAMPION) -> Titles:
    """The catalogue of a version or alias alone."""
    folder = registry.bundle_path(reference)
    with as_registry_error(f"the titles of {registry.name} {reference} cannot be loaded", _OTHER):
        return Titles.load(folder / "titles.parquet")


def load_evaluation_model(registry: ModelRegistry, reference: str | int = CHAMPION) -> HybridModel:
    """The evaluation twin of a version or alias; also one written in an older format is a RegistryError."""
    folder = registry.evaluation_model_path(reference)
    with as_registry_error(f"the evaluation model of {registry.name} {reference} cannot be loaded", _OTHER):
        return HybridModel.load(folder)
