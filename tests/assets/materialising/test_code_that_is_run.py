"""What an asset names as its code is all the project's code that runs while its value is made."""

import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest

import assets.graph  # noqa: F401  (declares all recipes)
from assets.materialising import RECIPES
from pipelines.running import run_pipeline
from pipelines.settings import Settings
from recsys_core.validating.running import import_great_expectations
from tests.corpus.healthy_folder import FEW_TRIALS

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("great_expectations")]

REPOSITORY = Path(__file__).parents[3]
SITE_PACKAGES = f"{Path(pytest.__file__).parents[1]}/"
ROOMS = ("assets", "engines", "pipelines", "recsys_core", "registry")
TELLS_MLFLOW = {  # how far a search has come
    "assets/tracking.py",
    *(f"registry/{name}.py" for name in ("addresses", "data_sets", "mlflow_library", "moved_home", "plain_path")),
    *(f"registry/{name}.py" for name in ("run_log", "search_log", "source", "store_checks", "tracking")),
}
DECIDES_NOTHING = TELLS_MLFLOW | {
    "assets/materialising/inputs.py",  # hands over what the version is made of
    "assets/materialising/names.py",  # what assets are called
    "assets/materialising/versions.py",  # digests of it
    "assets/presenting.py",  # says how far a search has come
    "recsys_core/errors.py",
    "recsys_core/memory.py",  # gives it back
    "recsys_core/syntax.py",  # lets one thread parse at a time
}
COUNTS_FOR_NOTHING = {
    "_pytest", "alembic", "click", "coverage", "dagster", "dagster_shared", "filelock", "pydantic", "pydantic_core",
    "sqlalchemy", "threadpoolctl", "tqdm", "typing_extensions", "yaml",
}  # fmt: skip


class Recorder:
    """The project's files of which code is run inside a block, and the libraries that it calls directly."""

    def __init__(self) -> None:
        self.files: set[str] = set()
        self.libraries: set[str] = set()
        self._known: dict[CodeType, str] = {}

    def __enter__(self) -> "Recorder":
        threading.setprofile(self._note)
        sys.setprofile(self._note)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)
        threading.setprofile(None)  # type: ignore[arg-type]

    def _note(self, frame: FrameType, event: str, arg: Any) -> None:
        if event == "call":
            place = self._place(frame.f_code)
            if place.startswith("own "):
                self.files.add(place[4:])
            elif place and frame.f_back is not None and self._decides(frame.f_back.f_code):
                self.libraries.add(place)
        elif event == "c_call" and self._decides(frame.f_code):
            module = getattr(arg, "__module__", None) or type(getattr(arg, "__self__", None)).__module__
            self.libraries.add(str(module).split(".")[0])

    def _decides(self, code: CodeType) -> bool:
        place = self._place(code)
        return place.startswith("own ") and place.split(" ")[-1] not in TELLS_MLFLOW

    def _place(self, code: CodeType) -> str:
        """ "own recsys_core/sources/als/fit.py" of ours, "scipy" of a library, "" of Python itself."""
        if code not in self._known:
            path = code.co_filename
            if path.startswith(SITE_PACKAGES):
                self._known[code] = path.removeprefix(SITE_PACKAGES).split("/")[0].removesuffix(".py")
            else:
                inside = path.startswith(f"{REPOSITORY}/")
                name = path.removeprefix(f"{REPOSITORY}/")
                own = inside and name.split("/")[0] in ROOMS
                self._known[code] = f"own {_own_name(name, code)}" if own else ""
        return self._known[code]


def _own_name(path: str, code: CodeType) -> str:
    """The file; of one that declares assets, the top-level function in it, because that is what is named there."""
    if path.startswith("assets/") and path.count("/") == 1:
        return f"{code.co_qualname.split('.')[0]} in {path}"
    return path


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory, made_home: Path) -> dict[str, Recorder]:
    folder = tmp_path_factory.mktemp("recorded")
    shutil.copytree(made_home, folder, dirs_exist_ok=True)
    (folder / "small.yaml").write_text(f"{FEW_TRIALS}onboarding: {{seed: 8}}\n")  # another bundle, which is judged
    recorders = {name: Recorder() for name in RECIPES}

    def listening(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def called(*arguments: Any, **values: Any) -> Any:
            with recorders[name]:
                return function(*arguments, **values)

        return called

    settings = Settings(folder / "home", folder / "data", config_file=folder / "small.yaml")
    import_great_expectations()  # recording imports would take minutes
    with pytest.MonkeyPatch.context() as patch:
        for name, recipe in list(RECIPES.items()):
            patch.setitem(RECIPES, name, replace(recipe, function=listening(name, recipe.function)))
        assert run_pipeline(settings, force=True).failed == []
    return recorders


def _unnamed(name: str, files: set[str]) -> Iterator[str]:
    named = set(RECIPES[name].code.files)
    for file in sorted(files):
        whole = file.split(" in ")[-1]
        if file not in named and whole not in named and whole not in DECIDES_NOTHING:
            yield file


@pytest.mark.parametrize("name", list(RECIPES))
def test_an_asset_names_all_code_that_makes_its_value(recorded: dict[str, Recorder], name: str) -> None:
    assert recorded[name].files
    assert list(_unnamed(name, recorded[name].files)) == [], f"the recipe of {name} must name these in `code`"


@pytest.mark.parametrize("name", list(RECIPES))
def test_an_asset_names_all_libraries_that_its_code_calls(recorded: dict[str, Recorder], name: str) -> None:
    called = recorded[name].libraries - set(sys.stdlib_module_names) - set(ROOMS) - COUNTS_FOR_NOTHING - {"builtins"}
    named = {library.replace("-", "_") for library in RECIPES[name].code.libraries}
    assert sorted(called - named) == [], f"the recipe of {name} must name these in `libraries`"
