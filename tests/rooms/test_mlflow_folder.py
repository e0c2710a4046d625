"""The folder mlflow/ holds policy and deployment files, and must never be taken for the library of that name."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "mlflow"


@pytest.fixture(scope="module")
def pyproject() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def test_the_folder_holds_no_python():
    assert (FOLDER / "promotion.yaml").is_file()
    assert [path for path in FOLDER.rglob("*") if path.suffix in {".py", ".pyi", ".pyc", ".so"}] == []


def test_no_other_folder_of_that_name_could_be_imported():
    hidden = {".venv", ".git", ".recsys", "node_modules"}
    found = [
        path
        for top in ROOT.iterdir()
        if top.is_dir() and top.name not in hidden
        for path in [top, *top.rglob("*")]
        if path.name in {"mlflow", "mlflow.py"} and path != FOLDER
    ]
    assert found == []


@pytest.mark.parametrize("place", ["first", "last"])
def test_import_mlflow_is_the_library_with_the_checkout_on_the_path(place):
    # the spec alone: importing it would take seconds
    program = (
        "import sys, importlib.util;"
        f"sys.path.{'insert(0, sys.argv[1])' if place == 'first' else 'append(sys.argv[1])'};"
        "print(importlib.util.find_spec('mlflow').origin)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(ROOT)], capture_output=True, text=True, check=True, cwd=ROOT
    )
    origin = Path(done.stdout.strip())
    assert origin.name == "__init__.py"
    assert FOLDER not in origin.parents


def test_pytest_and_the_import_sorter_know_the_folder_is_not_code(pyproject):
    assert "mlflow" in pyproject["tool"]["pytest"]["ini_options"]["norecursedirs"]
    assert "mlflow" in pyproject["tool"]["ruff"]["lint"]["isort"]["known-third-party"]


def test_only_the_registry_imports_mlflow():
    importing = re.compile(r"^\s*(import mlflow|from mlflow)\b", re.MULTILINE)
    found = {
        path.relative_to(ROOT).parts[0]
        for top in ("assets", "pipelines", "recsys_core", "registry", "engines", "serving", "ui")
        for path in (ROOT / top).rglob("*.py")
        if importing.search(path.read_text(encoding="utf-8"))
    }
    assert found == {"registry"}


@pytest.fixture(scope="module")
def compose() -> dict:
    return yaml.safe_load((FOLDER / "compose.yaml").read_text())


def test_every_setting_of_the_compose_file_is_in_the_example(compose):
    used = set(re.findall(r"\$\{(\w+)", (FOLDER / "compose.yaml").read_text()))
    example = set(re.findall(r"^(\w+)=", (FOLDER / ".env.example").read_text(), re.MULTILINE))
    assert used == example


def test_the_example_holds_no_password():
    assert "MLFLOW_DATABASE_PASSWORD=\n" in (FOLDER / ".env.example").read_text()


def test_the_server_waits_for_its_database_and_both_tell_their_health(compose):
    services = compose["services"]
    assert all("healthcheck" in service for service in services.values())
    assert services["server"]["depends_on"]["database"]["condition"] == "service_healthy"
    mounted = {volume.split(":")[0] for service in services.values() for volume in service["volumes"]}
    assert mounted == set(compose["volumes"])


def test_the_server_is_of_the_release_that_is_locked(compose):
    locked = re.search(r"^mlflow==([\d.]+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE).group(1)
    assert compose["services"]["server"]["image"] == f"ghcr.io/mlflow/mlflow:v{locked}-full"


def test_every_image_is_pinned_and_nothing_listens_beyond_this_machine_unasked(compose):
    for service in compose["services"].values():
        assert re.search(r":v?\d+\.\d+", service["image"])
    assert compose["services"]["server"]["ports"] == ["${MLFLOW_LISTEN:-127.0.0.1}:${MLFLOW_PORT:-5000}:5000"]
    assert "ports" not in compose["services"]["database"]
