"""A search that was killed goes on with the same outcome, bit for bit."""

import json
import signal
import subprocess
import sys
import textwrap
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

import pytest

import recsys_core
from recsys_core.errors import StorageError
from recsys_core.tuning import SEARCH_SPACE, StageSpace, Trial
from recsys_core.tuning.journal import open_journal
from recsys_core.tuning.study import run_stage

SPACE = StageSpace("blend", SEARCH_SPACE)
N_TRIALS = 14
ROOT = Path(recsys_core.__file__).parents[1]


class Killed(BaseException):
    """Stands for whatever ends a process."""


def objective(values: dict[str, float | int]) -> float:
    """A smooth hill with an irrational top: its values use all bits of a float."""
    return -sum((float(value) - 0.37) ** 2 / 3.0 for value in values.values())


def killed_after(n: int) -> object:
    calls = []

    def fragile(values: dict[str, float | int]) -> float:
        calls.append(1)
        if len(calls) > n:
            raise Killed
        return objective(values)

    return fragile


def search(path: Path | None, function: object = objective, n_trials: int = N_TRIALS, **options: object) -> list[Trial]:
    with nullcontext() if path is None else open_journal(path) as journal:
        return run_stage(SPACE, function, n_trials, seed=11, journal=journal, **options)  # type: ignore[arg-type]


def stored(path: Path, space: StageSpace = SPACE, decided: Sequence[object] = ()) -> list[Trial]:
    with open_journal(path) as journal:
        return journal.read(space, decided)


@pytest.mark.parametrize("n_done", [0, 1, 7, 13])
def test_a_killed_search_goes_on_where_it_was(tmp_path: Path, n_done: int) -> None:
    path = tmp_path / "trials.log"
    with pytest.raises(Killed):
        search(path, killed_after(n_done))
    evaluated = []

    def counting(values: dict[str, float | int]) -> float:
        evaluated.append(values)
        return objective(values)

    assert search(path, counting) == search(None)
    assert len(evaluated) == N_TRIALS - n_done


def test_a_search_killed_by_the_system_in_mid_trial_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "trials.log"
    script = """
        import os, signal, sys
        from pathlib import Path
        from recsys_core.tuning import SEARCH_SPACE, StageSpace
        from recsys_core.tuning.journal import open_journal
        from recsys_core.tuning.study import run_stage
        calls = []
        def objective(values):
            calls.append(1)
            if len(calls) > 9:
                os.kill(os.getpid(), signal.SIGKILL)
            return -sum((float(value) - 0.37) ** 2 / 3.0 for value in values.values())
        space = StageSpace("blend", SEARCH_SPACE)
        with open_journal(Path(sys.argv[1])) as journal:
            run_stage(space, objective, 14, seed=11, journal=journal)
    """
    ended = subprocess.run([sys.executable, "-c", textwrap.dedent(script), str(path)], check=False, cwd=ROOT)
    assert ended.returncode == -signal.SIGKILL
    assert len(stored(path)) == 9
    assert search(path) == search(None)


def test_half_a_line_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "trials.log"
    search(path, n_trials=5)
    whole = path.read_bytes()
    last_line = whole.rstrip(b"\n").rfind(b"\n") + 1
    path.write_bytes(whole[: last_line + 40])
    assert len(stored(path)) == 4
    assert search(path) == search(None)
    for line in path.read_text().splitlines():
        json.loads(line)


def test_a_finished_search_is_not_run_again(tmp_path: Path) -> None:
    path = tmp_path / "trials.log"
    first = search(path)
    assert search(path, killed_after(0)) == first


def test_more_trials_continue_a_finished_search(tmp_path: Path) -> None:
    path = tmp_path / "trials.log"
    search(path, n_trials=6)
    assert search(path) == search(None)


def test_fewer_trials_take_the_first_of_a_longer_search(tmp_path: Path) -> None:
    path = tmp_path / "trials.log"
    search(path)
    assert search(path, n_trials=6) == search(None, n_trials=6)


def test_what_followed_other_decisions_or_another_space_is_not_continued(tmp_path: Path) -> None:
    path = tmp_path / "trials.log"
    search(path, decided=[{"factors": 64}])
    assert stored(path, decided=[{"factors": 32}]) == []
    assert stored(path) == []
    wider = StageSpace("blend", [p.replace(high=p.high * 2) for p in SEARCH_SPACE])
    assert stored(path, wider, [{"factors": 64}]) == []
    assert len(stored(path, decided=[{"factors": 64}])) == N_TRIALS


def test_a_trial_that_another_program_left_unfinished_is_left_out(tmp_path: Path) -> None:
    import optuna

    path = tmp_path / "trials.log"
    search(path, n_trials=3)
    storage = optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(str(path)))
    study = optuna.load_study(study_name=storage.get_all_studies()[0].study_name, storage=storage)
    study.ask()  # running, and never told
    assert len(stored(path)) == 3
    assert search(path) == search(None)
    assert search(path, killed_after(0)) == search(None)


def test_a_file_that_is_no_journal_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "trials.log"
    path.write_text("not json\n{}\n")
    with pytest.raises(StorageError, match=r"trials\.log: is not a readable journal.*delete it"):
        stored(path)


@pytest.mark.parametrize("line", [1, 3])
def test_a_journal_that_is_damaged_in_the_middle_says_what_to_do(tmp_path: Path, line: int) -> None:
    path = tmp_path / "trials.log"
    search(path, n_trials=5)
    lines = path.read_bytes().splitlines(keepends=True)
    lines[line] = b"\x00" * (len(lines[line]) - 1) + b"\n"
    path.write_bytes(b"".join(lines))
    with pytest.raises(StorageError, match=r"trials\.log: is not a readable journal.*delete it"):
        search(path)
    path.unlink()
    assert search(path) == search(None)


def test_a_stage_ends_at_its_deadline_but_never_without_a_trial() -> None:
    now = iter(range(1000))
    trials = run_stage(SPACE, objective, 50, seed=0, clock=lambda: float(next(now)), deadline=7.0)
    assert 1 < len(trials) < 5
    assert len(run_stage(SPACE, objective, 50, seed=0, clock=lambda: 9.0, deadline=7.0)) == 1


def test_a_stage_that_ran_out_of_time_stays_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "trials.log"
    now = iter(range(1000))
    first = search(path, n_trials=50, clock=lambda: float(next(now)), deadline=7.0)
    assert 1 < len(first) < 5
    assert search(path, killed_after(0), n_trials=50) == first


def test_every_trial_is_reported_also_the_ones_taken_up_again(tmp_path: Path) -> None:
    path = tmp_path / "trials.log"
    search(path, n_trials=4)
    seen: list[tuple[Trial, int, Trial]] = []
    trials = search(path, n_trials=6, on_trial=lambda *told: seen.append(told))
    assert [trial for trial, _, _ in seen] == trials
    assert {n_total for _, n_total, _ in seen} == {6}
    assert [best.value for _, _, best in seen] == [max(t.value for t in trials[: n + 1]) for n in range(6)]


def test_tuning_is_silent_and_keeps_the_programs_log_level(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    import optuna

    before = optuna.logging.get_verbosity()
    search(tmp_path / "trials.log", n_trials=4)
    assert optuna.logging.get_verbosity() == before
    captured = capfd.readouterr()
    assert captured.out + captured.err == ""
