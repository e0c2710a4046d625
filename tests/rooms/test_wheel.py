"""What is installed is what is in the repository, works away from it, and takes nothing else along."""

import json
import os
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from tests.corpus.made_home import settings_in

pytestmark = pytest.mark.xdist_group("wheel")  # one wheel and one environment for all

ROOT = Path(__file__).parents[2]
ROOMS = {"assets", "engines", "pipelines", "recsys_core", "registry", "serving", "ui"}
BESIDE = {".streamlit", "data", "mlflow"}  # folders of which a wheel takes some files along
SHIPPED = {
    "app.py", ".streamlit/config.toml", "mlflow/promotion.yaml", "data/sample/source/LICENSE-CC-BY-NC-3.0.txt",
    *(f"data/sample/{name}" for name in (
        "README.md", "README.txt", "genome_scores.csv", "genome_tags.csv", "links.csv", "movies.csv", "ratings.csv",
        "tags.csv",
    )),
}  # fmt: skip


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
        if name.split("/")[0] in ROOMS | BESIDE or "/" not in name:
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
    expected |= {f"recsys_core/shipped/{name}" for name in SHIPPED}
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
    assert len(found[ROOT]) == 28
    assert found[tmp_path] == found[ROOT]


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Programs of an environment with the wheel, and with the packages of this one but not its editable project."""
    place = tmp_path_factory.mktemp("elsewhere") / "venv"
    venv.create(place)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "--python", str(place)]
    subprocess.run([*pip, "install", "--no-index", "--no-deps", str(wheel)], check=True)
    (site_packages,) = place.glob("lib/python*/site-packages")
    (site_packages / "others.pth").write_text(f"{Path(pytest.__file__).parents[1]}\n")  # reads no .pth file in there
    return place / "bin"


def said(*command: str | Path, cwd: Path) -> str:
    """What a program says that knows nothing of the checkout."""
    environment = {"HOME": str(cwd), "PATH": os.defpath, "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd, env=environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_an_installed_program_finds_the_sample_the_policy_and_the_page(installed: Path, tmp_path: Path) -> None:
    program = """
from pipelines.services import Ports, development_services
from pipelines.settings import Settings
from registry.policy import POLICY_FILE, load_policy
settings = Settings.from_environment()
load_policy()
page = development_services(settings, Ports())[-1].command
print(settings.data_dir / "ratings.csv", POLICY_FILE, next(word for word in page if word.endswith("app.py")))
"""
    found = [Path(word) for word in said(installed / "python", "-W", "ignore", "-c", program, cwd=tmp_path).split()]
    shipped = next(installed.parent.glob("lib/python*/site-packages/recsys_core/shipped"))
    assert [str(path.relative_to(shipped)) for path in found] == [
        "data/sample/ratings.csv",
        "mlflow/promotion.yaml",
        "app.py",
    ]
    assert all(path.read_bytes() == (ROOT / path.relative_to(shipped)).read_bytes() for path in found)


@pytest.mark.slow
def test_the_whole_pipeline_runs_where_there_is_no_checkout(installed: Path, tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    options = ("--data", settings.data_dir, "--home", settings.home, "--config", tmp_path / "small.yaml", "--json")
    report = json.loads(said(installed / "recsys", "run", *options, cwd=tmp_path))
    assert (report["status"], report["model_version"]) == ("succeeded", "1")
    assert len(list(settings.home.glob("mlflow/artifacts/models/*/artifacts/code/recsys_core/bundle/bundle.py"))) == 1
