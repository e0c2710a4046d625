"""Corrupted input through the pipeline: rejected rows counted, or one clear stop; never a stack trace.

One case of each kind, by the error, what its message begins with and the tables that it touches: all cases are read
and validated in tests/corpus, and what the pipeline adds is the same for each of a kind.

Each case begins with a home in which the healthy folder was made, as a person's would who gets a new file: only
what the corruption touches is made anew.
"""

import logging
import shutil
from pathlib import Path

import pytest

from assets.materialising.store import Store
from pipelines.running import run_pipeline
from pipelines.settings import Settings
from recsys_core.dataset.table_folders import CleanTable
from recsys_core.errors import RecsysError
from tests.corpus.corrupted_inputs import CORRUPTED_INPUTS, CorruptedInput
from tests.corpus.healthy_folder import HEALTHY_ROWS, write_healthy_folder
from tests.end_to_end.calling import recsys

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("corrupted")]

BY_KIND = {(case.error, case.stop[:1], case.tables): case for case in reversed(CORRUPTED_INPUTS)}
CASES = [pytest.param(case, id=case.name) for case in BY_KIND.values()]
THROUGH_THE_COMMAND = ("no such folder", "truncated line", "UTF-16", "more rejects than the limit")


@pytest.fixture(scope="module")
def healthy_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("healthy")
    write_healthy_folder(folder / "data")
    assert run_pipeline(Settings(home=folder / "home", data_dir=folder / "data"), only="data").failed == []
    return folder / "home"


@pytest.mark.parametrize("case", CASES)
def test_rows_are_counted_or_the_run_stops_with_one_message(
    case: CorruptedInput, healthy_home: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    case.write(tmp_path / "data")
    shutil.copytree(healthy_home, tmp_path / "home")
    settings = Settings(home=tmp_path / "home", data_dir=tmp_path / "data")
    logging.getLogger("recsys").setLevel(logging.WARNING)

    failures = _failures(settings)

    out, err = capfd.readouterr()
    assert (out, err) == ("", "")
    if case.stop:
        assert failures
        messages = [message for _, _, message in failures]
        assert any(all(part in message for part in _words(case)) for message in messages), messages
        assert [message for message in messages if "\n" in message or "unexpected error" in message] == []
        if case.error == "FailedValidationError":
            assert {check for _, check, _ in failures} == {"expectations"}
        return
    assert failures == []
    for table in HEALTHY_ROWS:
        summary = Store(settings.workspace().store_directory).load(table, CleanTable).summary
        expected = (case.n_in(table), case.n_rejected(table)) if table in case.tables else (HEALTHY_ROWS[table], 0)
        assert (table, summary["n_in"], summary["n_rejected"]) == (table, *expected)
        assert summary["n_accepted"] == summary["n_in"] - summary["n_rejected"]


@pytest.mark.parametrize("name", THROUGH_THE_COMMAND)
def test_the_command_line_says_the_same(name: str, healthy_home: Path, tmp_path: Path) -> None:
    (case,) = [case for case in CORRUPTED_INPUTS if case.name == name]
    case.write(tmp_path / "data")
    shutil.copytree(healthy_home, tmp_path / "home")

    said = recsys("run", "--only", "data", "--data", tmp_path / "data", "--home", tmp_path / "home", "--json")

    document = said.document
    if case.stop:
        assert (said.code, document["status"]) == (1, "failed")
        assert all(set(failure) == {"asset", "check", "message"} for failure in document["failed"])
        assert any(all(part in failure["message"] for part in _words(case)) for failure in document["failed"])
    else:
        assert (said.code, said.err, document["status"]) == (0, "", "succeeded")
        for table, n_rejected in case.rejected.items():
            n_in = case.n_in(table)
            expected = {"in": n_in, "accepted": n_in - n_rejected, "rejected": n_rejected}
            assert document["rows"][table] == expected


def _failures(settings: Settings) -> list[tuple[str | None, str | None, str]]:
    try:
        outcome = run_pipeline(settings, only="data")
    except RecsysError as error:
        return [(None, None, str(error))]
    return [(failed.asset, failed.check, failed.message) for failed in outcome.failed]


def _words(case: CorruptedInput) -> tuple[str, ...]:
    """Parts of the message; a folder that is not there is told before any file is looked for."""
    return ("does not exist",) if case.name == "no such folder" else case.stop
