"""A run uses one version of everything: the first that any of its processes took."""

import multiprocessing
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from assets.materialising.store import Pins

SPAWN = multiprocessing.get_context("spawn")


def pin_at_once(root: Path, ready, go, answers, number: int) -> None:
    pins = Pins(root, "run")
    ready.release()
    go.wait()
    answers.put([pins.first(f"asset-{each}", f"version {number}") for each in range(20)])


def test_the_first_of_several_processes_wins_and_all_use_what_it_pinned(tmp_path: Path) -> None:
    ready, go, answers = SPAWN.Semaphore(0), SPAWN.Event(), SPAWN.Queue()
    writers = [SPAWN.Process(target=pin_at_once, args=(tmp_path, ready, go, answers, number)) for number in range(3)]
    for writer in writers:
        writer.start()
    for _ in writers:
        ready.acquire()
    go.set()
    answered = [answers.get(timeout=60) for _ in writers]
    for writer in writers:
        writer.join()

    assert answered[0] == answered[1] == answered[2]
    assert answered[0] == [Pins(tmp_path, "run").get(f"asset-{each}") for each in range(20)]
    assert set(answered[0]) <= {f"version {number}" for number in range(3)}
    assert sorted(path.name for path in (tmp_path / ".pins" / "run").iterdir()) == sorted(
        f"asset-{each}" for each in range(20)
    ), "no draft is left"


def test_what_is_pinned_stays(tmp_path: Path) -> None:
    pins = Pins(tmp_path, "run")
    assert pins.get("split") is None
    assert pins.first("split", "v1") == "v1"
    assert pins.first("split", "v2") == "v1"
    assert Pins(tmp_path, "run").get("split") == "v1"
    assert Pins(tmp_path, "another run").get("split") is None


def test_a_runs_own_pin_goes_before_its_parents_and_that_before_its_plans(tmp_path: Path) -> None:
    Pins(tmp_path, "plan").first("split", "of the plan")
    assert Pins(tmp_path, "one", ["parent", "plan"]).get("split") == "of the plan"
    Pins(tmp_path, "parent").first("split", "of the parent")
    assert Pins(tmp_path, "two", ["parent", "plan"]).get("split") == "of the parent"
    Pins(tmp_path, "three").first("split", "own")
    assert Pins(tmp_path, "three", ["parent", "plan"]).get("split") == "own"


def test_what_was_taken_from_another_run_is_kept_whatever_becomes_of_that_run(tmp_path: Path) -> None:
    Pins(tmp_path, "parent").first("split", "v1")
    assert Pins(tmp_path, "run", ["parent"]).get("split") == "v1"
    Pins(tmp_path, "parent").made("split", "v2")
    assert Pins(tmp_path, "run", ["parent"]).get("split") == "v1"
    assert Pins(tmp_path, "run again", ["run"]).get("split") == "v1"


def test_what_a_run_has_made_itself_is_what_it_goes_on_with(tmp_path: Path) -> None:
    pins = Pins(tmp_path, "run", ["plan"])
    Pins(tmp_path, "plan").first("split", "v1")
    pins.first("split", "v1")
    pins.made("split", "v2")
    assert pins.get("split") == "v2"
    assert Pins(tmp_path, "plan").get("split") == "v1"


def test_whole_documents_can_be_pinned(tmp_path: Path) -> None:
    document = {"split": {"seed": 1}, "features": [1, None, "ü"]}
    assert Pins(tmp_path, "run").first("configuration", document) == document


def test_all_pins_of_an_asset_are_known(tmp_path: Path) -> None:
    Pins(tmp_path, "one").first("split", "v1")
    Pins(tmp_path, "two").first("split", "v2")
    Pins(tmp_path, "two").first("splits", "v3")
    assert Pins.of_all(tmp_path, "split") == {"v1", "v2"}
    assert Pins.of_all(tmp_path, "als_model") == set()


def aged(root: Path, run: str) -> None:
    moment = time.time() - 3600
    os.utime(root / ".pins" / run, (moment, moment))


@pytest.mark.parametrize(
    ("age", "kept", "stays"),
    [(aged, set(), False), (aged, {"run"}, True), (lambda *_: None, set(), True)],
    ids=["of a run that is over", "of a run that is remembered", "of a plan that has no run yet"],
)
def test_pins_are_forgotten_with_their_run(
    tmp_path: Path, age: Callable[[Path, str], None], kept: set[str], stays: bool
) -> None:
    Pins(tmp_path, "run").first("split", "v1")
    age(tmp_path, "run")
    Pins.forget(tmp_path, kept)
    assert (Pins(tmp_path, "run").get("split") == "v1") == stays


def test_nothing_is_forgotten_where_nothing_is(tmp_path: Path) -> None:
    Pins.forget(tmp_path / "nowhere", set())
    assert Pins.of_all(tmp_path / "nowhere", "split") == set()
