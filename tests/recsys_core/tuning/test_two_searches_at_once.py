"""Two processes never add to one study: the second waits, takes up what the first found, and ends the same."""

import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import recsys_core
from recsys_core.tuning.journal import open_journal

ROOT = Path(recsys_core.__file__).parents[1]
N_TRIALS = 8

SEARCH = textwrap.dedent(
    """
    import logging, sys, time
    from pathlib import Path
    from recsys_core.tuning import SEARCH_SPACE, StageSpace
    from recsys_core.tuning.journal import open_journal
    from recsys_core.tuning.study import run_stage

    path, hold = Path(sys.argv[1]), Path(sys.argv[2])
    logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(name)s: %(message)s")
    n_evaluated = 0

    def objective(values):
        global n_evaluated
        n_evaluated += 1
        if n_evaluated == 3:
            print("in the third trial", flush=True)
            while hold.exists():
                time.sleep(0.01)
        return -sum((float(value) - 0.37) ** 2 / 3.0 for value in values.values())

    with open_journal(path) as journal:
        found = run_stage(StageSpace("blend", SEARCH_SPACE), objective, 8, seed=11, journal=journal)
    print(f"evaluated {n_evaluated}")
    print([(trial.params, trial.value.hex()) for trial in found], flush=True)
    """
)


@contextmanager
def searching(path: Path, hold: Path) -> Iterator["subprocess.Popen[str]"]:
    arguments = [sys.executable, "-c", SEARCH, str(path), str(hold)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            yield process
        finally:
            process.kill()


def line_of(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().rstrip("\n")


def rest_of(process: "subprocess.Popen[str]") -> list[str]:
    lines = process.communicate(timeout=60)[0].splitlines()
    assert process.returncode == 0
    return lines


@pytest.fixture
def alone(tmp_path: Path) -> str:
    """What a search that nothing disturbs finds."""
    with searching(tmp_path / "alone.journal", tmp_path / "nothing") as process:
        return rest_of(process)[-1]


def test_a_second_search_waits_says_so_once_and_ends_the_same(tmp_path: Path, alone: str) -> None:
    path, hold = tmp_path / "study.journal", tmp_path / "hold"
    hold.touch()
    with searching(path, hold) as first, searching_after(first, path, tmp_path / "nothing") as second:
        assert line_of(second) == "recsys: waiting for another run that tunes the same study (study.journal)"
        hold.unlink()
        assert rest_of(first)[-1] == alone
        assert rest_of(second) == ["evaluated 0", alone]


def test_a_search_that_is_killed_lets_the_waiting_one_go_on(tmp_path: Path, alone: str) -> None:
    path, hold = tmp_path / "study.journal", tmp_path / "hold"
    hold.touch()
    with searching(path, hold) as first, searching_after(first, path, tmp_path / "nothing") as second:
        assert "waiting" in line_of(second)
        first.send_signal(signal.SIGKILL)
        assert line_of(second) == "in the third trial"
        assert rest_of(second) == [f"evaluated {N_TRIALS - 2}", alone]


@contextmanager
def searching_after(first: "subprocess.Popen[str]", path: Path, hold: Path) -> Iterator["subprocess.Popen[str]"]:
    """Another search, once ``first`` is in the middle of one of its trials."""
    assert line_of(first) == "in the third trial"
    with searching(path, hold) as second:
        yield second


def test_searches_of_other_versions_do_not_wait_for_each_other(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with open_journal(tmp_path / "one.journal"), open_journal(tmp_path / "two.journal"):
        assert caplog.messages == []
