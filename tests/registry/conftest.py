"""An MLflow store for each test: a copy of one database that was migrated once."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from registry.interface import input_example
from registry.models import ModelRegistry
from registry.tracking import Tracking
from registry.versions import ModelVersion

MakeBundle = Callable[..., Path]  # (name, folder=None)
Register = Callable[..., ModelVersion]  # (name, *, dagster_run_id, folder, into)
METRICS = {"hybrid": {"ndcg@10": 0.35, "coverage@10": 0.05}}
_HERE = Path(__file__).parent
# MLflow's own calls, not ours: deprecated in SQLAlchemy 2.1 and for pandas 4.
_NARROW = (
    "ignore:The ``noload`` loader strategy is deprecated:sqlalchemy.exc.SADeprecationWarning",
    "ignore:.*Any type hint is inferred as AnyType:UserWarning",  # of its own classes, when it is imported
    "ignore:Operation with range is deprecated:pandas.errors.Pandas4Warning",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if _HERE in item.path.parents:
            for warning in _NARROW:
                item.add_marker(pytest.mark.filterwarnings(warning))


@pytest.fixture(scope="session")
def migrated_database(made_once: Callable[[str, Callable[[Path], None]], Path]) -> Path:
    def migrate(folder: Path) -> None:
        assert Tracking(folder).client is not None  # makes the tables

    return Tracking(made_once("migrated", migrate)).database


@pytest.fixture
def home(tmp_path: Path, migrated_database: Path) -> Path:
    folder = tmp_path / "home"
    (folder / "mlflow").mkdir(parents=True)
    shutil.copy(migrated_database, folder / "mlflow" / "mlflow.db")
    return folder


@pytest.fixture
def tracking(home: Path) -> Tracking:
    return Tracking(home)


@pytest.fixture
def fake_pyfunc() -> Path:
    return _HERE / "data" / "fake_pyfunc_model.py"


@pytest.fixture
def make_bundle(tmp_path: Path) -> MakeBundle:
    """Makes the folder of a fake bundle; bundles of the same name have the same content."""

    def make(name: str, folder: str | None = None) -> Path:
        directory = tmp_path / (folder or f"bundle-{name}")
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "bundle.json").write_text(json.dumps({"name": name}))
        return directory

    return make


@pytest.fixture
def registry(tracking: Tracking) -> ModelRegistry:
    return ModelRegistry(tracking)


@pytest.fixture
def register(registry: ModelRegistry, make_bundle: MakeBundle, fake_pyfunc: Path) -> Register:
    """Registers a fake bundle, by default in the test's own home; answers the version."""

    def registered(
        name: str, *, dagster_run_id: str = "d1", folder: str | None = None, into: Tracking | None = None
    ) -> ModelVersion:
        tracking = into or registry.tracking
        return ModelRegistry(tracking).register_bundle(
            make_bundle(name, folder),
            tracking.parent_run(dagster_run_id),
            data_fingerprint="data-1",
            metrics=METRICS,
            example=input_example(1, [1, 2]),
            dagster_run_id=dagster_run_id,
            python_model=fake_pyfunc,
        )

    return registered
