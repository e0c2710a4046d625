"""What a killed process left half-written is told from work in progress by its lock, whoever asks."""

import errno
import fcntl
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from recsys_core.storage import atomic_directory, atomic_file, remove_leftovers, scratch_directory, write_json

DAY = 24 * 60 * 60

MAKER = textwrap.dedent(
    """
    import sys, time
    from pathlib import Path
    from recsys_core.storage import atomic_directory, atomic_file, scratch_directory

    kind, target = sys.argv[1], Path(sys.argv[2])
    making = {"directory": atomic_directory, "file": atomic_file, "scratch": scratch_directory}[kind]
    with making(target) as staging:
        (staging if kind == "file" else staging / "half.txt").write_text("half")
        print(staging, flush=True)
        sys.stdin.readline()
    print("done", flush=True)
    """
)


@contextmanager
def at_work(kind: str, target: Path) -> Iterator[tuple["subprocess.Popen[str]", Path]]:
    """A process in the middle of making ``target``, and what it writes into."""
    arguments = [sys.executable, "-c", MAKER, kind, str(target)]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as maker:
        assert maker.stdout is not None
        yield maker, Path(maker.stdout.readline().rstrip("\n"))
        maker.kill()


@pytest.mark.parametrize("kind", ["directory", "file", "scratch"])
def test_work_of_a_living_process_is_left_alone_and_that_of_a_killed_one_removed(tmp_path: Path, kind: str) -> None:
    with at_work(kind, tmp_path / "store" / "value") as (maker, staging):
        for _ in range(3):
            assert remove_leftovers(tmp_path) == 0
        assert staging.exists()
        maker.send_signal(signal.SIGKILL)
        maker.wait()
        assert staging.exists()
        assert remove_leftovers(tmp_path) == 1
        assert not staging.exists()
    assert remove_leftovers(tmp_path) == 0


def test_a_process_whose_work_was_looked_at_finishes_it(tmp_path: Path) -> None:
    with at_work("directory", tmp_path / "value") as (maker, _):
        remove_leftovers(tmp_path)
        assert maker.communicate("go on\n")[0] == "done\n"
    assert (tmp_path / "value" / "half.txt").read_text() == "half"
    assert [path.name for path in tmp_path.iterdir()] == ["value"]


def test_work_of_this_very_process_is_left_alone(tmp_path: Path) -> None:
    with (
        atomic_directory(tmp_path / "value") as folder,
        atomic_file(tmp_path / "value.json") as file,
        scratch_directory(tmp_path) as scratch,
    ):
        assert remove_leftovers(tmp_path) == 0
        assert folder.is_dir()
        assert file.is_file()
        assert scratch.is_dir()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["value", "value.json"]


def test_leftovers_are_found_on_three_levels_and_nothing_else_is_touched(tmp_path: Path) -> None:
    for parent in ("", "asset", "asset/version", "asset/version/deeper"):
        (tmp_path / parent / ".writing-value-abc" / ".writing-inner").mkdir(parents=True)
        (tmp_path / parent / ".writing-rows.json-abc").write_text("{")
        (tmp_path / parent / "kept.txt").write_text("kept")
    outside = tmp_path.parent / f"{tmp_path.name}-outside"
    (outside / ".writing-value-abc").mkdir(parents=True)
    (tmp_path / "linked").symlink_to(outside)
    (tmp_path / ".writing-link-abc").symlink_to(outside)
    assert remove_leftovers(tmp_path) == 6
    left = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.*") if path.name != "deeper"}
    assert left == {
        ".writing-link-abc",
        "kept.txt",
        "asset/kept.txt",
        "asset/version/kept.txt",
        "asset/version/deeper/kept.txt",
        "asset/version/deeper/.writing-rows.json-abc",
        "asset/version/deeper/.writing-value-abc",
        "asset/version/deeper/.writing-value-abc/.writing-inner",
    }
    assert (outside / ".writing-value-abc").is_dir()


def test_a_root_that_is_not_there_has_no_leftovers(tmp_path: Path) -> None:
    assert remove_leftovers(tmp_path / "nowhere") == 0


def test_scratch_is_removed_with_all_that_is_in_it_also_after_an_error(tmp_path: Path) -> None:
    def failing() -> None:
        with scratch_directory(tmp_path / "store") as scratch:
            assert scratch.name.startswith(".writing-scratch-")
            (scratch / "nested").mkdir()
            (scratch / "nested" / "rows.txt").write_text("1")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        failing()
    assert list((tmp_path / "store").iterdir()) == []


@pytest.mark.parametrize("making", [atomic_directory, atomic_file, scratch_directory])
def test_what_is_cleared_before_its_maker_could_lock_it_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, making: object
) -> None:
    flock, cleared = fcntl.flock, []

    def late(descriptor: int, operation: int) -> None:
        if not cleared:
            cleared.append(0)  # from here on, locks are taken at once
            cleared.append(remove_leftovers(tmp_path))
        flock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", late)
    with making(tmp_path / "value") as staging:  # type: ignore[operator]
        assert sum(cleared) == 1
        assert staging.exists()
        assert remove_leftovers(tmp_path) == 0


def test_what_somebody_else_has_locked_before_its_maker_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flock, held = fcntl.flock, []

    def late(descriptor: int, operation: int) -> None:
        if not held:
            other = os.open(next(tmp_path.glob(".writing-*")), os.O_RDONLY)
            held.append(other)
            flock(other, operation)
        flock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", late)
    with atomic_directory(tmp_path / "value") as staging:
        (staging / "one.txt").write_text("1")
    os.close(held[0])
    assert (tmp_path / "value" / "one.txt").read_text() == "1"
    assert remove_leftovers(tmp_path) == 1  # what was given up is nobody's


@pytest.mark.parametrize("answer", [errno.ENOSYS, errno.ENOTSUP, errno.EBADF, errno.ENOLCK])
def test_without_locks_only_what_nobody_touched_for_a_day_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: int
) -> None:
    def unknown(descriptor: int, operation: int) -> None:
        raise OSError(answer, os.strerror(answer))

    monkeypatch.setattr(fcntl, "flock", unknown)
    staging = tmp_path / ".writing-value-abc"
    staging.mkdir()
    (staging / "rows.txt").write_text("half")
    long_ago = time.time() - DAY - 60
    os.utime(staging, (long_ago, long_ago))
    assert remove_leftovers(tmp_path) == 0  # somebody still writes to a file in it
    os.utime(staging / "rows.txt", (long_ago, long_ago))
    assert remove_leftovers(tmp_path) == 1
    write_json(tmp_path / "value.json", 1)
    with atomic_directory(tmp_path / "value"):
        assert remove_leftovers(tmp_path) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["value", "value.json"]


def test_a_folder_whose_maker_died_between_moving_it_away_and_moving_the_new_one_in_is_put_back(tmp_path: Path) -> None:
    old = tmp_path / ".writing-value-old-a1_b2c3d"
    (old / "replaced").mkdir(parents=True)
    (old / "replaced" / "one.txt").write_text("whole")
    assert remove_leftovers(tmp_path) == 1
    assert (tmp_path / "value" / "one.txt").read_text() == "whole"
    (old / "replaced").mkdir(parents=True)
    assert remove_leftovers(tmp_path) == 1  # its successor is there: nothing to put back
    assert (tmp_path / "value" / "one.txt").read_text() == "whole"
    assert [path.name for path in tmp_path.iterdir()] == ["value"]


def test_many_makers_of_one_folder_and_clearing_beside_them_never_disturb_one_another(tmp_path: Path) -> None:
    ended, failures = threading.Event(), []

    def guarded(work: object) -> None:
        try:
            while not ended.is_set():
                work()  # type: ignore[operator]
        except BaseException as error:
            failures.append(error)

    def make() -> None:
        with atomic_directory(tmp_path / "value") as staging:
            for name in ("one.txt", "two.txt"):
                (staging / name).write_text(staging.name)

    def clear() -> None:
        remove_leftovers(tmp_path)

    threads = [threading.Thread(target=guarded, args=(work,)) for work in (make, make, make, clear, clear)]
    for thread in threads:
        thread.start()
    time.sleep(1.0)
    ended.set()
    for thread in threads:
        thread.join()
    assert failures == []
    assert [path.name for path in tmp_path.iterdir()] == ["value"]
    assert (tmp_path / "value" / "one.txt").read_text() == (tmp_path / "value" / "two.txt").read_text()
