"""A search that was killed goes on with the same outcome, bit for bit."""

import json
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import recsys_core
from recsys_core.errors import StorageError
from recsys_core.tuning import SEARCH_SPACE, StageSpace, Trial
from recsys_core.tuning.journal import Journal
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


def search(journal: Journal | None, function: object = objective, n_trials: int = N_TRIALS, key: str = "data") -> list:
    return run_stage(SPACE, function, n_trials, seed=11, journal=journal, key=key)  # type: ignore[arg-type]


@pytest.mark.parametrize("n_done", [0, 1, 7, 13])
def test_a_killed_search_goes_on_where_it_was(tmp_path: Path, n_done: int) -> None:
    path = tmp_path / "trials.log"
    with pytest.raises(Killed):
        search(Journal(path), killed_after(n_done))
    evaluated = []

    def counting(values: dict[str, float | int]) -> float:
        evaluated.append(values)
        return objective(values)

    assert search(Journal(path), counting) == search(None)
    assert len(evaluated) == N_TRIALS - n_done


def test_a_search_killed_by_the_system_in_mid_trial_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "trials.log"
    script = """
        import os, signal, sys
        from pathlib import Path
        from recsys_core.tuning import SEARCH_SPACE, StageSpace
        from recsys_core.tuning.journal import Journal
        from recsys_core.tuning.study import run_stage
        calls = []
        def objective(values):
            calls.append(1)
            if len(calls) > 9:
                os.kill(os.getpid(), signal.SIGKILL)
            return -sum((float(value) - 0.37) ** 2 / 3.0 for value in values.values())
        space = StageSpace("blend", SEARCH_SPACE)
        run_stage(space, objective, 14, seed=11, journal=Journal(Path(sys.argv[1])), key="data")
    """
    ended = subprocess.run([sys.executable, "-c", textwrap.dedent(script), str(path)], check=False, cwd=ROOT)
    assert ended.returncode == -signal.SIGKILL
    stored = Journal(path)
    assert len(stored.read(SPACE, "data")) == 9
    assert search(stored) == search(None)


def test_half_a_line_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "trials.log"
    search(Journal(path), n_trials=5)
    whole = path.read_bytes()
    last_line = whole.rstrip(b"\n").rfind(b"\n") + 1
    path.write_bytes(whole[: last_line + 40])
    assert len(Journal(path).read(SPACE, "data")) == 4
    assert search(Journal(path)) == search(None)
    for line in path.read_text().splitlines():
        json.loads(line)


def test_a_finished_search_is_not_run_again(tmp_path: Path) -> None:
    path = tmp_path / "trials.log"
    first = search(Journal(path))
    assert search(Journal(path), killed_after(0)) == first


def test_more_trials_continue_a_finished_search(tmp_path: Path) -> None:
    path = tmp_path / "trials.log"
    search(Journal(path), n_trials=6)
    assert search(Journal(path)) == search(None)


def test_fewer_trials_take_the_first_of_a_longer_search(tmp_path: Path) -> None:
    path = tmp_path / "trials.log"
    search(Journal(path))
    assert search(Journal(path), n_trials=6) == search(None, n_trials=6)


def test_other_data_or_another_space_is_not_continued(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "trials.log")
    search(journal)
    assert journal.read(SPACE, "other data") == []
    wider = StageSpace("blend", [p.replace(high=p.high * 2) for p in SEARCH_SPACE])
    assert journal.read(wider, "data") == []
    assert len(journal.read(SPACE, "data")) == N_TRIALS


def test_a_trial_that_another_program_left_unfinished_is_left_out(tmp_path: Path) -> None:
    import optuna

    path = tmp_path / "trials.log"
    search(Journal(path), n_trials=3)
    storage = optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(str(path)))
    study = optuna.load_study(study_name=storage.get_all_studies()[0].study_name, storage=storage)
    study.ask()  # running, and never told
    assert len(Journal(path).read(SPACE, "data")) == 3
    assert search(Journal(path)) == search(None)
    assert search(Journal(path), killed_after(0)) == search(None)


def test_a_file_that_is_no_journal_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "trials.log"
    path.write_text("not json\n{}\n")
    with pytest.raises(StorageError, match=r"trials\.log: is not a readable journal.*delete it"):
        Journal(path)


def test_a_stage_ends_at_its_deadline_but_never_without_a_trial() -> None:
    now = iter(range(1000))
    trials = run_stage(SPACE, objective, 50, seed=0, clock=lambda: float(next(now)), deadline=7.0)
    assert 1 < len(trials) < 5
    assert len(run_stage(SPACE, objective, 50, seed=0, clock=lambda: 9.0, deadline=7.0)) == 1


def test_every_trial_is_reported_also_the_ones_taken_up_again(tmp_path: Path) -> None:
    path = tmp_path / "trials.log"
    search(Journal(path), n_trials=4)
    seen: list[tuple[Trial, int, Trial]] = []
    trials = run_stage(
        SPACE, objective, 6, seed=11, journal=Journal(path), key="data", on_trial=lambda *told: seen.append(told)
    )
    assert [trial for trial, _, _ in seen] == trials
    assert {n_total for _, n_total, _ in seen} == {6}
    assert [best.value for _, _, best in seen] == [max(t.value for t in trials[: n + 1]) for n in range(6)]


def test_tuning_is_silent_and_keeps_the_programs_log_level(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    import optuna

    before = optuna.logging.get_verbosity()
    search(Journal(tmp_path / "trials.log"), n_trials=4)
    assert optuna.logging.get_verbosity() == before
    captured = capfd.readouterr()
    assert captured.out + captured.err == ""
