"""`recsys plan` says what a run would make, and makes nothing; `recsys check-home` reads every byte."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from assets.materialising import RECIPES
from assets.materialising.store import Store
from assets.workspace import Workspace
from pipelines.cli import main
from pipelines.settings import Settings


def call(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    return int(ended.value.code or 0), out, err


def where(settings: Settings) -> list[object]:
    return ["--home", settings.home, "--data", settings.data_dir, "--config", settings.config_file]


def as_json(out: str) -> Any:
    return json.loads(out)


def a_file_of(workspace: Workspace, name: str) -> Path:
    store = Store(workspace.store_directory)
    record = store.current(name)
    assert record is not None
    folder = store.directory(name, record.origin.version)
    return folder / next(iter(record.files))


def flip(path: Path) -> None:
    times = path.stat()
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def test_a_plan_with_nothing_to_make_says_so(
    settings: Settings, up_to_date: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(capsys, "plan", *where(settings)) == (0, f"0 of {len(RECIPES)} assets are out of date\n", "")
    code, out, _ = call(capsys, "plan", *where(settings), "--json")
    assert (code, as_json(out)) == (0, {"assets": list(RECIPES), "stale": {}})


def test_a_plan_names_what_is_out_of_date_with_the_reasons_and_makes_nothing(
    settings: Settings, up_to_date: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    store = Store(settings.workspace().store_directory)
    before = {name: store.versions(name) for name in RECIPES}
    (settings.data_dir / "tags.csv").unlink()

    code, out, err = call(capsys, "plan", *where(settings))

    lines = out.splitlines()
    assert (code, err) == (0, "")
    assert lines[0].startswith("raw_tags               tags.csv changed (SHA-256 ")
    assert lines[1] == "tags                   raw_tags was made anew"
    assert lines[-1] == f"{len(lines) - 1} of {len(RECIPES)} assets are out of date"
    document = as_json(call(capsys, "plan", *where(settings), "--json")[1])
    assert [line.split()[0] for line in lines[:-1]] == list(document["stale"])
    assert document["stale"]["tags"] == ["raw_tags was made anew"]
    assert {name: store.versions(name) for name in RECIPES} == before


def test_a_plan_of_an_empty_home_names_everything(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = call(capsys, "plan", *where(settings), "--json")
    assert (code, set(as_json(out)["stale"])) == (0, set(RECIPES))


def test_a_plan_of_data_that_are_not_there_is_one_line(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = call(capsys, "plan", "--home", settings.home, "--data", tmp_path / "nowhere")
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert "nowhere does not exist" in err
    code, out, _ = call(capsys, "plan", "--home", settings.home, "--data", tmp_path / "nowhere", "--json")
    assert (code, as_json(out)["status"]) == (1, "failed")


@pytest.mark.xdist_group("mlflow")
def test_a_whole_home_passes_the_check(
    settings: Settings, up_to_date: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = call(capsys, "check-home", "--home", settings.home)
    assert (code, err) == (0, "")
    assert out.endswith(" checked, 0 with faults\n")
    code, out, _ = call(capsys, "check-home", "--home", settings.home, "--json")
    document = as_json(out)
    assert (code, document["faults"]) == (0, {})
    assert document["n_checked"] >= len(RECIPES) + 1, "all values, and the champion"


@pytest.mark.xdist_group("mlflow")
def test_damage_that_does_not_show_is_found_and_named_and_the_next_plan_knows(
    settings: Settings, up_to_date: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    path = a_file_of(up_to_date, "als_model")
    flip(path)
    gone = a_file_of(up_to_date, "split")
    gone.unlink()

    code, out, _ = call(capsys, "check-home", "--home", settings.home)

    assert code == 1
    *faults, last = out.splitlines()
    assert last.endswith(" checked, 2 with faults")
    assert [line.split()[0] for line in faults] == ["split", "als_model"]
    assert f"{path.name} is damaged: expected SHA-256 " in faults[1]
    code, out, _ = call(capsys, "check-home", "--home", settings.home, "--json")
    assert code == 1
    assert [what.split()[0] for what in as_json(out)["faults"]] == ["split", "als_model"]
    stale = as_json(call(capsys, "plan", *where(settings), "--json")[1])["stale"]
    assert "is damaged" in stale["als_model"][0]


@pytest.mark.xdist_group("mlflow")
def test_a_damaged_champion_is_found(
    settings: Settings, up_to_date: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    artifacts = up_to_date.home_path / "mlflow" / "artifacts"
    bundle = max(artifacts.rglob("models/*/artifacts/**/*.npy"), default=None, key=lambda path: path.stat().st_size)
    bundle = bundle or max((path for path in artifacts.rglob("*.np*")), key=lambda path: path.stat().st_size)
    flip(bundle)

    code, out, _ = call(capsys, "check-home", "--home", settings.home, "--json")

    assert code == 1
    assert [what for what in as_json(out)["faults"] if what.startswith("model version 1 (champion)")]


def test_a_record_that_cannot_be_read_is_a_fault(
    settings: Settings, up_to_date: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree(up_to_date.home_path / "mlflow")
    (a_file_of(up_to_date, "links").parents[1] / "record.json").write_text("{")
    code, out, _ = call(capsys, "check-home", "--home", settings.home, "--json")
    assert (code, list(as_json(out)["faults"].values())) == (1, ["has no current value whose record can be read"])


def test_a_home_that_is_not_there_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = call(capsys, "check-home", "--home", tmp_path / "nowhere")
    assert (code, out) == (1, "")
    assert err.startswith("recsys: home ")
    assert "nowhere does not exist; give --home the folder of a run" in err
    assert not (tmp_path / "nowhere").exists()
