"""The code that an asset names: read from the files, told by name, and compared with the disk."""

from collections.abc import Callable
from pathlib import Path

import pytest

import assets.graph  # noqa: F401  (declares all recipes)
from assets.materialising import RECIPES, code
from assets.materialising.code import Code, differs_on_disk
from recsys_core.source_digest import source_digest

REPOSITORY = Path(__file__).parents[3]


def sample() -> int:
    return 1


@pytest.fixture
def edited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], Path]:
    """Let a file of the project say something else on disk: a copy stands for it."""

    def edit(name: str, text: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        loaded = dict(code._LOADED)
        monkeypatch.setattr(code, "_LOADED", {**loaded, path: loaded[REPOSITORY / name]})
        monkeypatch.setattr(code, "_ROOT", tmp_path)
        return path

    return edit


def text_of(name: str) -> str:
    return (REPOSITORY / name).read_text(encoding="utf-8")


def test_a_package_is_all_its_files_without_subpackages_and_a_module_is_one() -> None:
    package = Code(sample, ("recsys_core.sources.ease",)).files
    own, *files = package
    assert own == "sample in tests/assets/materialising/test_code_of_recipes.py"
    assert sorted(files) == sorted(
        p.relative_to(REPOSITORY).as_posix() for p in REPOSITORY.glob("recsys_core/sources/ease/*.py")
    )
    assert set(Code(sample, ("recsys_core.sources.ease.fit",)).files) == {own, "recsys_core/sources/ease/fit.py"}


def test_a_file_counts_by_what_it_says() -> None:
    files = Code(sample, ("recsys_core.sources.ease.fit",)).files
    assert files["recsys_core/sources/ease/fit.py"] == source_digest(text_of("recsys_core/sources/ease/fit.py"))
    assert files["sample in tests/assets/materialising/test_code_of_recipes.py"] == source_digest(
        "def sample() -> int:\n    return 1\n", function="sample"
    )


def test_a_library_that_named_code_imports_counts_with_its_release() -> None:
    import numpy
    import scipy

    found = Code(sample, ("recsys_core.sources.ease",)).libraries
    assert (found["numpy"], found["scipy"]) == (numpy.__version__, scipy.__version__)
    assert "mlflow" not in found


def test_a_name_that_is_no_module_is_told() -> None:
    with pytest.raises(ModuleNotFoundError, match=r"recsys_core\.eease: an asset names it as its code"):
        Code(sample, ("recsys_core.eease",))


@pytest.mark.parametrize("name", list(RECIPES))
def test_no_plot_and_no_page_decides_a_value(name: str) -> None:
    files = {file.split(" in ")[-1] for file in RECIPES[name].code.files}
    assert [file for file in files if "plot" in file or file == "assets/presenting.py"] == []


def test_only_what_fits_ease_follows_its_fit() -> None:
    def naming(file: str) -> set[str]:
        return {name for name, recipe in RECIPES.items() if file in recipe.code.files}

    assert naming("recsys_core/sources/ease/fit.py") & {"als_model", "content_model", "split", "item_features"} == set()
    assert {"hybrid_weights", "ease_model"} <= naming("recsys_core/sources/ease/fit.py")


def test_code_on_disk_is_the_loaded_one_as_long_as_nobody_edits_it(edited: Callable[[str, str], Path]) -> None:
    name = "recsys_core/sources/ease/fit.py"
    edited(name, f"# looks different\n{text_of(name)}\n\n")
    assert "recsys_core/sources/ease/fit.py" not in differs_on_disk()


@pytest.mark.parametrize("added", ["\nNEW = 1\n", "\ndef half(\n", "\n\x00\n"], ids=["edited", "half saved", "damaged"])
def test_code_that_says_something_else_on_disk_is_named(edited: Callable[[str, str], Path], added: str) -> None:
    name = "recsys_core/sources/ease/fit.py"
    edited(name, text_of(name) + added)
    assert differs_on_disk() == [name]


def test_code_that_is_gone_from_disk_is_named(edited: Callable[[str, str], Path]) -> None:
    edited("recsys_core/sources/ease/fit.py", "").unlink()
    assert differs_on_disk() == ["recsys_core/sources/ease/fit.py"]


def test_a_new_file_in_a_named_package_and_another_release_of_a_library_are_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    files = code._NAMED["recsys_core.sources.ease"]
    monkeypatch.setitem(code._NAMED, "recsys_core.sources.ease", tuple(path for path in files if path.name != "fit.py"))
    monkeypatch.setitem(code._RELEASES, "numpy", "1.0")
    assert differs_on_disk() == ["recsys_core/sources/ease/fit.py (new)", "numpy (another release)"]
