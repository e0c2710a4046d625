"""`recsys experiment report`: a table for people, one document for programs, and mistakes in one message."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.cli import main
from pipelines.settings import Settings
from serving.events import EventStore, event_store_path

_DECLARED = """
experiments:
  - name: blend
    control: old
    arms: [{name: old, model: champion, share: 0.5}, {name: new, model: 3, share: 0.5}]
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("RECSYS_HOME", "RECSYS_EXPERIMENTS", "RECSYS_EVENTS_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def declared(here: Path) -> Path:
    file = here / "experiments.yaml"
    file.write_text(_DECLARED)
    return file


@pytest.fixture
def filled(store: EventStore, add: Callable[..., None]) -> str:
    for user_id in range(1, 241):
        turn = user_id // 2
        add(user_id, ("old", "new")[user_id % 2], shown=10, clicks=turn % 4, ratings=(4.0,) if turn % 9 == 0 else ())
    add(900, "old")
    add(900, "new")
    return store.address


def call(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(["experiment", "report", *arguments])
    out, err = capsys.readouterr()
    assert "Traceback" not in err
    return int(ended.value.code or 0), out, err


def test_a_table_for_people(declared: Path, filled: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = call(capsys, "blend", "--events", filled)

    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "blend: NO_DIFFERENCE_YET"
    assert lines[3].split()[:4] == ["arm", "(model)", "share", "people"]
    assert lines[4].split()[:5] == ["old", "(champion)", "50%", "120", "0"]
    assert lines[5].split()[:5] == ["new", "(3)", "50%", "120", "0"]
    assert "(decides)" in out
    assert "too few" in out, "for mean ratings"
    assert "Left out, seen in more than one arm: 1." in lines


def test_one_document_for_programs(declared: Path, filled: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = call(capsys, "blend", "--events", filled, "--json")

    document = json.loads(out)
    assert (code, err) == (0, "")
    assert document["experiment"] == "blend"
    assert [arm["n_people"] for arm in document["arms"]] == [120, 120]


def test_the_environment_says_where_things_are(
    here: Path, filled: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = here / "elsewhere.yaml"
    elsewhere.write_text(_DECLARED)
    monkeypatch.setenv("RECSYS_EXPERIMENTS", "elsewhere.yaml")
    monkeypatch.setenv("RECSYS_EVENTS_URL", filled)

    assert call(capsys, "blend")[0] == 0
    settings = Settings.from_environment()
    assert (settings.experiments_file, settings.events_url) == (elsewhere.resolve(), filled)
    assert {"RECSYS_EXPERIMENTS", "RECSYS_EVENTS_URL"} <= settings.as_environment().keys()


def test_a_relative_path_to_the_events_becomes_absolute(here: Path) -> None:
    assert Settings.from_environment(events_url="e.db").events_url == str(here.resolve() / "e.db")
    assert Settings.from_environment(events_url="postgresql://h/d").events_url == "postgresql://h/d"


def test_the_events_of_the_home_are_read(here: Path, declared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    EventStore.open(event_store_path(here / "h")).close()

    code, out, _ = call(capsys, "blend", "--home", "h")

    assert code == 0
    assert out.startswith("blend: TOO_FEW\n  new has 0 of 0 and old has 0 of 0 people")


def test_mistakes_in_one_message(here: Path, declared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "broken.yaml").write_text("experiments: [{name: blend}]")
    for arguments, words in [
        (["other"], "no experiment is named 'other'; there are blend"),
        (["blend"], "events.db: there is no such file; the server makes it at the first event"),
        (["blend", "--file", "none.yaml"], "none.yaml: cannot be read (No such file or directory)"),
        (["blend", "--file", "broken.yaml"], "experiments.0.arms ('blend') is missing"),
        (["blend", "--events", "mysql://h"], "expected a path, sqlite:///PATH or postgresql://"),
    ]:
        code, out, err = call(capsys, *arguments)
        assert (code, out) == (1, "")
        assert words in err
        assert len(err.splitlines()) == 1
        code, out, _ = call(capsys, *arguments, "--json")
        assert words in json.loads(out)["failed"][0]["message"]
