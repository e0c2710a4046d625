"""A damaged file is told from a whole one; a whole one that was only touched or copied is accepted."""

import json
import os
import shutil
from pathlib import Path

import pytest

from recsys_core.errors import StorageError
from recsys_core.storage import FileRecord, check_files, file_digests

ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # of "abc", FIPS 180-2


@pytest.fixture
def value(tmp_path: Path) -> Path:
    directory = tmp_path / "value"
    (directory / "nested").mkdir(parents=True)
    (directory / "rows.parquet").write_bytes(bytes(range(256)) * 64)
    (directory / "nested" / "abc.txt").write_bytes(b"abc")
    (directory / "nested.json").write_bytes(b"{}")
    return directory


def flip_a_bit(path: Path, *, restore: bool) -> None:
    """Damage that keeps size, inode and, with ``restore``, the time of the last change."""
    before = path.stat()
    with path.open("r+b") as opened:
        opened.seek(1000)
        byte = opened.read(1)[0]
        opened.seek(1000)
        opened.write(bytes([byte ^ 4]))
    if restore:
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_every_file_is_recorded_by_its_path(value: Path) -> None:
    found = file_digests(value)
    assert list(found) == ["nested.json", "nested/abc.txt", "rows.parquet"]
    status = (value / "nested" / "abc.txt").stat()
    assert found["nested/abc.txt"] == FileRecord(ABC, 3, status.st_mtime_ns, status.st_ino)


@pytest.mark.parametrize("always", [False, True])
def test_a_whole_folder_has_no_faults(value: Path, always: bool) -> None:
    assert check_files(value, file_digests(value), always=always) == []


def test_a_flipped_bit_is_found(value: Path) -> None:
    records = file_digests(value)
    flip_a_bit(value / "rows.parquet", restore=False)
    damaged = file_digests(value)["rows.parquet"].sha256
    expected = [
        f"rows.parquet is damaged: expected SHA-256 {records['rows.parquet'].sha256[:12]}…, found {damaged[:12]}…"
    ]
    assert check_files(value, records, always=False) == expected
    assert check_files(value, records, always=True) == expected


def test_a_flipped_bit_behind_the_same_size_time_and_inode_is_found_when_everything_is_hashed(value: Path) -> None:
    records = file_digests(value)
    flip_a_bit(value / "rows.parquet", restore=True)
    assert check_files(value, records, always=False) == []
    assert len(check_files(value, records, always=True)) == 1


def test_untouched_files_are_not_read(value: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    records = file_digests(value)
    os.utime(value / "nested" / "abc.txt")
    read: list[str] = []
    opened = Path.open

    def recording(self: Path, *arguments: object, **options: object) -> object:
        read.append(self.name)
        return opened(self, *arguments, **options)  # type: ignore[arg-type, call-overload]

    monkeypatch.setattr(Path, "open", recording)
    assert check_files(value, records, always=False) == []
    assert read == ["abc.txt"]


@pytest.mark.parametrize("copying", [shutil.copy, shutil.copy2])
def test_a_touched_or_copied_file_with_the_same_bytes_is_accepted(value: Path, copying: object, tmp_path: Path) -> None:
    records = file_digests(value)
    os.utime(value / "nested.json", (0, 0))
    assert check_files(value, records, always=False) == []
    moved = shutil.copytree(value, tmp_path / "moved", copy_function=copying)  # type: ignore[arg-type]
    assert check_files(moved, records, always=False) == []
    flip_a_bit(moved / "rows.parquet", restore=True)
    assert len(check_files(moved, records, always=False)) == 1  # another inode: it is hashed


def test_missing_extra_and_shortened_files_are_all_named(value: Path) -> None:
    records = file_digests(value)
    (value / "nested" / "abc.txt").unlink()
    (value / "nested" / "more.txt").write_text("more")
    (value / "rows.parquet").write_bytes(b"")
    (value / "nested.json").unlink()
    (value / "nested.json").symlink_to("rows.parquet")
    assert check_files(value, records, always=False) == [
        "nested.json is a link or a device, expected a file",
        "nested/abc.txt is gone",
        f"rows.parquet is damaged: expected SHA-256 {records['rows.parquet'].sha256[:12]}…, found e3b0c44298fc…",
        "nested/more.txt is unexpected",
    ]


def test_of_a_folder_that_is_gone_every_file_is_gone(value: Path) -> None:
    records = file_digests(value)
    shutil.rmtree(value)
    assert check_files(value, records, always=True) == [f"{name} is gone" for name in records]


def test_an_empty_folder_has_no_records_and_no_faults(tmp_path: Path) -> None:
    assert file_digests(tmp_path) == {}
    assert check_files(tmp_path, {}, always=True) == []


def test_links_are_not_recorded(value: Path) -> None:
    (value / "link").symlink_to("rows.parquet")
    with pytest.raises(StorageError, match="link is a link or a device, expected a file"):
        file_digests(value)


def test_records_survive_json(value: Path) -> None:
    records = file_digests(value)
    text = json.dumps({name: record.as_dict() for name, record in records.items()})
    assert {name: FileRecord.from_dict(values) for name, values in json.loads(text).items()} == records


@pytest.mark.parametrize("values", [None, {}, {"sha256": ABC, "size": 3, "mtime_ns": 1, "inode": "1"}, {"sha256": ABC}])
def test_something_else_than_a_record_is_a_storage_error(values: dict[str, object]) -> None:
    with pytest.raises(StorageError, match=r"is not a file's record; expected sha256, size, mtime_ns, inode"):
        FileRecord.from_dict(values)
