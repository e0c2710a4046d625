"""Files and folders appear whole or not at all, also when the process is killed."""

import json
import math
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from recsys_core.errors import StorageError
from recsys_core.storage import atomic_directory, atomic_file, read_json, read_manifest, write_json, write_manifest


def entries(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def write_version(target: Path, version: int) -> None:
    with atomic_directory(target) as staging:
        (staging / "nested").mkdir()
        (staging / "one.txt").write_text(str(version))
        (staging / "nested" / "two.txt").write_text(str(version))


def read_version(target: Path) -> tuple[str, str]:
    return (target / "one.txt").read_text(), (target / "nested" / "two.txt").read_text()


def test_a_folder_appears_only_when_the_block_has_ended(tmp_path: Path) -> None:
    target = tmp_path / "made" / "value"
    with atomic_directory(target) as staging:
        (staging / "one.txt").write_text("1")
        assert not target.exists()
        assert staging.parent == target.parent
    assert entries(target) == ["one.txt"]
    assert entries(target.parent) == ["value"]


def test_a_folder_replaces_the_older_one_wholly(tmp_path: Path) -> None:
    target = tmp_path / "value"
    with atomic_directory(target) as staging:
        (staging / "only_in_the_old.txt").write_text("old")
    write_version(target, 2)
    assert entries(target) == ["nested", "one.txt"]
    assert entries(tmp_path) == ["value"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_an_error_in_the_block_leaves_the_older_folder_and_no_rest(tmp_path: Path, error: type[BaseException]) -> None:
    target = tmp_path / "value"
    write_version(target, 1)

    def broken() -> None:
        with atomic_directory(target) as staging:
            (staging / "one.txt").write_text("half")
            raise error

    with pytest.raises(error):
        broken()
    assert read_version(target) == ("1", "1")
    assert entries(tmp_path) == ["value"]


def test_the_older_folder_comes_back_when_the_new_one_cannot_be_moved_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "value"
    write_version(target, 1)
    rename = Path.rename

    def failing(self: Path, to: Path) -> Path:
        if to == target and self.name != "replaced":
            raise OSError("the disk is gone")
        return rename(self, to)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(OSError, match="disk is gone"):
        write_version(target, 2)
    assert read_version(target) == ("1", "1")
    assert entries(tmp_path) == ["value"]


def test_a_file_whose_data_cannot_be_flushed_is_not_moved_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "value.json"
    write_json(target, {"version": 1})

    def failing(descriptor: int) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises(OSError, match="no space left"):
        write_json(target, {"version": 2})
    assert read_json(target) == {"version": 1}
    assert entries(tmp_path) == ["value.json"]


def test_an_error_in_the_block_leaves_the_older_file_and_no_rest(tmp_path: Path) -> None:
    target = tmp_path / "value.txt"
    target.write_text("old")

    def broken() -> None:
        with atomic_file(target) as staging:
            staging.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        broken()
    assert target.read_text() == "old"
    assert entries(tmp_path) == ["value.txt"]


def test_everything_is_flushed_before_it_is_renamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    events: list[str] = []
    fsync, rename = os.fsync, Path.rename

    def recording_fsync(descriptor: int) -> None:
        events.append("flush " + Path(f"/proc/self/fd/{descriptor}").readlink().name)
        fsync(descriptor)

    def recording_rename(self: Path, to: Path) -> Path:
        events.append("rename to " + to.name)
        return rename(self, to)

    monkeypatch.setattr(os, "fsync", recording_fsync)
    monkeypatch.setattr(Path, "rename", recording_rename)
    write_version(tmp_path / "value", 1)
    before = events[: events.index("rename to value")]
    assert {"flush one.txt", "flush nested", "flush two.txt"} <= set(before)
    assert events[-1] == f"flush {tmp_path.name}"  # the rename itself, in the parent's entries


@pytest.mark.parametrize("value", [math.nan, math.inf, {"deep": [1.0, -math.inf]}])
def test_json_refuses_what_json_cannot_hold(tmp_path: Path, value: object) -> None:
    target = tmp_path / "value.json"
    write_json(target, "old")
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(target, value)
    assert read_json(target) == "old"
    assert entries(tmp_path) == ["value.json"]


WRITER = textwrap.dedent(
    """
    import sys
    from pathlib import Path
    from recsys_core.storage import atomic_directory, write_json

    directory = Path(sys.argv[1])
    version = 0
    while True:
        version += 1
        with atomic_directory(directory / "value") as staging:
            (staging / "nested").mkdir()
            (staging / "one.txt").write_text(str(version) * 1000)
            (staging / "nested" / "two.txt").write_text(str(version) * 1000)
        write_json(directory / "value.json", {"version": version, "again": [version] * 1000})
        if version == 1:
            print("writing", flush=True)
    """
)


@pytest.mark.parametrize("delay", [0.0, 0.013, 0.037, 0.071])
def test_a_killed_writer_leaves_whole_values(tmp_path: Path, delay: float) -> None:
    with subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"writing\n"
        time.sleep(delay)
        writer.send_signal(signal.SIGKILL)
        assert writer.wait() == -signal.SIGKILL
    target = tmp_path / "value"
    # Killed between the two renames, the older folder still waits beside it.
    there = target if target.exists() else next(tmp_path.glob(".writing-value-old-*/replaced"))
    one, two = read_version(there)
    assert one == two
    assert len(one) >= 1000
    found = read_json(tmp_path / "value.json")
    assert found["again"] == [found["version"]] * 1000


def test_a_manifest_says_what_was_stored_and_with_what(tmp_path: Path) -> None:
    write_manifest(tmp_path, "Thing", parameters={"factors": 64}, fingerprint="abc")
    found = read_manifest(tmp_path, "Thing")
    assert found["parameters"] == {"factors": 64}
    assert found["fingerprint"] == "abc"
    assert found["package_version"]


@pytest.mark.parametrize(
    ("kind", "schema_version", "message"),
    [
        ("Other", 1, "holds 'Thing' in version 1, expected 'Other' in version 1"),
        ("Thing", 2, "holds 'Thing' in version 1, expected 'Thing' in version 2"),
    ],
)
def test_a_manifest_of_another_kind_or_version_is_refused(
    tmp_path: Path, kind: str, schema_version: int, message: str
) -> None:
    write_manifest(tmp_path, "Thing")
    with pytest.raises(StorageError, match=message):
        read_manifest(tmp_path, kind, schema_version=schema_version)


@pytest.mark.parametrize("content", [None, b"", b"{", b"[1]", b'"text"', b"\xff\xfe"])
def test_a_missing_or_damaged_manifest_is_a_storage_error(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "manifest.json").write_bytes(content)
    with pytest.raises(StorageError, match=r"manifest\.json"):
        read_manifest(tmp_path, "Thing")


def test_the_same_value_is_written_as_the_same_bytes(tmp_path: Path) -> None:
    write_json(tmp_path / "one.json", {"b": 1, "a": "é"})
    write_json(tmp_path / "two.json", {"a": "é", "b": 1})
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()
    assert json.loads((tmp_path / "one.json").read_text(encoding="utf-8")) == {"a": "é", "b": 1}
