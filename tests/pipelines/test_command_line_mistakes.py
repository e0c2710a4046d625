"""What a person gets wrong on the command line: one message on standard error, no stack trace, an exit code."""

import json
from pathlib import Path

import pytest

from pipelines.cli import main


def call(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    out, err = capsys.readouterr()
    assert "Traceback" not in err
    return int(ended.value.code or 0), out, err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["walk"], ["No such command 'walk'"]),
        (["run", "--dta", "x"], ["No such option", "--dta"]),
        (["plan", "--only", "data"], ["No such option", "--only"]),
        (["check-home", "--data", "x"], ["No such option", "--data"]),
        (["run", "--only", "models"], ["'models' is not one of 'data', 'training'"]),
        (["recommend", "-k", "0", "--user", "1"], ["0 is not in the range 1<=x<=1000"]),
        (["recommend", "--model", "svd"], ["'svd' is not one of 'hybrid', 'als', 'ease', 'content'"]),
        (["evaluate", "--seeds", "0"], ["0 is not in the range 1<=x<=100"]),
        (["evaluate", "--at", "0"], ["0 is not in the range x>=1"]),
        (["evaluate", "--trials", "3"], ["3 is not in the range x>=4"]),
        (["promote"], ["Missing argument 'VERSION'"]),
        (["check"], ["Missing argument 'FOLDER'"]),
        (["download", "ml-1b", "--out", "x"], ["'ml-1b' is not one of"]),
        (["synth", "--out", "x"], ["Missing option '--ratings'"]),
        (["synth", "--ratings", "9999", "--out", "x"], ["9999 is not in the range x>=10000"]),
        (["dev", "--dagster-port", "http"], ["'http' is not a valid integer"]),
    ],
)
def test_a_wrong_option_is_named_and_costs_exit_code_2(
    capsys: pytest.CaptureFixture[str], arguments: list[str], words: list[str]
) -> None:
    code, out, err = call(capsys, *arguments)

    assert (code, out) == (2, "")
    assert [word for word in words if word not in err] == [], err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "--data", "nowhere"], ["data folder", "nowhere does not exist", "recsys init-dataset FOLDER"]),
        (["plan", "--data", "nowhere"], ["data folder", "nowhere does not exist", "give --data a folder"]),
        (["check", "nowhere"], ["data folder", "nowhere is not there; name a folder"]),
        (["check", ".", "--config", "nowhere.yaml"], ["configuration", "nowhere.yaml: cannot be read"]),
        (["plan", "--config", "nowhere.yaml"], ["configuration", "nowhere.yaml: cannot be read"]),
        (["plan", "--dataset", "nowhere.yaml"], ["data set", "nowhere.yaml: cannot be read"]),
        (["check", ".", "--dataset", "nowhere.yaml"], ["data set", "nowhere.yaml: cannot be read"]),
        (["evaluate", "--dataset", "nowhere.yaml"], ["data set", "nowhere.yaml: cannot be read"]),
        (["check-home"], ["home ", "does not exist; give --home the folder of a run"]),
        (["run", "--config", "nowhere.yaml"], ["configuration", "nowhere.yaml: cannot be read"]),
        (["recommend", "--user", "1", "--liked", "2"], ["give --user or --liked, not both"]),
        (["recommend", "--user", "1"], ["no model is registered in", "run `recsys run` first"]),
        (["models"], ["no model is registered in"]),
        (["promote", "1"], ["no model is registered in"]),
        (["rollback"], ["no model is registered in"]),
        (["evaluate", "--train", "a.csv"], ["give either --data DIR", "or both --train A.csv and --test B.csv"]),
        (["evaluate", "--data", "nowhere"], ["nowhere does not exist"]),
        (["evaluate", "--train", "a.csv", "--test", "b.csv"], ["a.csv: there is no such file"]),
    ],
)
def test_a_users_mistake_is_one_message_and_with_json_one_document(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    arguments: list[str],
    words: list[str],
) -> None:
    monkeypatch.chdir(tmp_path)

    code, out, err = call(capsys, *arguments)
    assert (code, out) == (1, "")
    assert err.startswith("recsys: ")
    assert err.count("\n") == 1
    assert [word for word in words if word not in err] == [], err

    code, out, again = call(capsys, *arguments, "--json")
    assert (code, again) == (1, err)
    (failure,) = json.loads(out)["failed"]
    assert json.loads(out) == {"status": "failed", "failed": [failure]}
    assert failure == {"asset": None, "check": None, "message": err.removeprefix("recsys: ").rstrip("\n")}
    assert list(tmp_path.iterdir()) == [], "nothing is made before the mistake is found"


@pytest.mark.parametrize("command", [["run", "--data"], ["plan", "--data"], ["evaluate", "--data"], ["check"]])
def test_a_broken_declaration_is_its_one_message(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, command: list[str]
) -> None:
    (tmp_path / "dataset.yaml").write_text("name: [\n")

    code, out, err = call(capsys, *command, str(tmp_path))

    assert (code, out) == (1, "")
    assert err == f"recsys: data set {tmp_path}/dataset.yaml: line 2: is not valid YAML ({err.partition('YAML (')[2]}"
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    "command",
    [
        "run",
        "check",
        "plan",
        "check-home",
        "evaluate",
        "recommend",
        "models",
        "promote",
        "rollback",
        "download",
        "serve",
        "dev",
    ],
)
def test_help_describes_every_option(capsys: pytest.CaptureFixture[str], command: str) -> None:
    code, out, err = call(capsys, command, "--help")

    assert (code, err) == (0, "")
    options = [line.split() for line in out.splitlines() if line.strip().startswith("-")]
    assert options
    assert [line for line in options if len(line) == 1] == []


def test_the_list_of_commands_names_each_with_what_it_does(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = call(capsys, "--help")

    assert code == 0
    listed = dict(line.split(maxsplit=1) for line in out.split("Commands:")[1].strip().splitlines())
    assert set(listed) == {
        "run", "init-dataset", "check", "plan", "check-home", "evaluate", "recommend", "models", "promote", "rollback",
        "download", "serve", "experiment", "feedback", "dev", "clean", "synth",
    }  # fmt: skip


def test_the_version_is_the_packages(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = call(capsys, "--version")

    assert code == 0
    assert "0.1.0" in out


def test_interrupted_is_said_in_a_word(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("pipelines.running.run_pipeline", interrupt)

    code, out, err = call(capsys, "run")

    assert (code, out, err.strip()) == (130, "", "interrupted")
