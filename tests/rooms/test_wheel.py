"""What is installed is what is in the repository: every file of the rooms, and nothing of another folder."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = {"assets", "pipelines", "recsys_core", "registry", "serving", "ui"}


@pytest.fixture(scope="module")
def in_repository() -> set[str]:
    """Paths of the files that git holds or would take, as far as they are there."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout
    except (FileNotFoundError, subprocess.CalledProcessError):
        pytest.skip("this is no clone of the repository")
    return {name for name in listed.split("\0") if name and (ROOT / name).is_file()}


@pytest.fixture(scope="module")
def wheel(in_repository: set[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel of a copy, in which mlflow/ looks like a package."""
    copy, built = tmp_path_factory.mktemp("copy"), tmp_path_factory.mktemp("wheel")
    for name in in_repository:
        if name.split("/")[0] in ROOMS | {"mlflow"} or "/" not in name:
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, copy / name)
    (copy / "mlflow" / "__init__.py").touch()
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    options = ["--no-index", "--no-deps", "--no-build-isolation", "--wheel-dir", str(built)]
    done = subprocess.run([*pip, "wheel", *options, "."], capture_output=True, text=True, check=False, cwd=copy)
    assert done.returncode == 0, done.stderr
    (wheel,) = built.iterdir()
    return wheel


@pytest.fixture(scope="module")
def in_wheel(wheel: Path) -> set[str]:
    """Paths of the files in it."""
    with zipfile.ZipFile(wheel) as opened:
        return {name for name in opened.namelist() if ".dist-info/" not in name}


def test_every_file_of_the_rooms_is_installed(in_repository: set[str], in_wheel: set[str]) -> None:
    expected = {name for name in in_repository if name.split("/")[0] in ROOMS}
    assert {name.split("/")[0] for name in expected} == ROOMS
    assert sorted(expected - in_wheel) == []
    assert sorted(in_wheel - expected) == []


def test_the_folder_mlflow_is_no_package_even_if_it_looks_like_one(in_wheel: set[str]) -> None:
    assert [name for name in in_wheel if name.startswith("mlflow")] == []


def test_installed_code_has_the_versions_of_the_checkout(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as opened:
        opened.extractall(tmp_path)
    program = (
        "import json, assets.graph; from assets.materialising import RECIPES; "
        "print(json.dumps([assets.__file__, {n: [r.code.files, r.code.libraries] for n, r in RECIPES.items()}]))"
    )
    command = [sys.executable, "-W", "ignore", "-c", program]
    found = {}
    for place in (tmp_path, ROOT):
        environment = {**os.environ, "PYTHONPATH": str(place), "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=place, env=environment)
        loaded_from, found[place] = json.loads(done.stdout)
        assert loaded_from.startswith(f"{place}/")
    assert len(found[ROOT]) == 25
    assert found[tmp_path] == found[ROOT]
