"""Damage is found on load and then by the next plan; whatever byte is wrong, no wrong value is ever read."""

import os
import shutil
from pathlib import Path

import pytest

from assets.materialising.store import Store
from recsys_core.errors import StorageError
from tests.assets.materialising.examples import Note, example_inputs

VERSION = example_inputs().version
TEXT = "a value"


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setattr("assets.materialising.store._REPLACING_SECONDS", 0)
    made = Store(tmp_path / "store")
    made.put(example_inputs(), Note(TEXT))
    return made


def file_of(store: Store) -> Path:
    return store.directory("note", VERSION) / "text"


def flip(path: Path, *, restore_time: bool) -> None:
    """One bit of one byte, the size as it was."""
    before = path.stat()
    content = bytearray(path.read_bytes())
    content[3] ^= 1
    path.write_bytes(content)
    if restore_time:
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def faults(store: Store, *, always: bool = False) -> list[str]:
    record = store.current("note")
    assert record is not None
    return store.faults("note", record, always=always)


def test_a_flipped_bit_is_seen_at_once_when_the_files_time_shows_it(store: Store) -> None:
    flip(file_of(store), restore_time=False)
    (fault,) = faults(store)
    assert fault.startswith("text is damaged: expected SHA-256 ")


def test_a_flipped_bit_that_does_not_show_is_found_on_load_and_then_by_the_next_look(store: Store) -> None:
    flip(file_of(store), restore_time=True)
    assert faults(store) == [], "size, time and inode are as they were"

    with pytest.raises(StorageError, match=r"asset note, version \w+ in .*: text is damaged.*made again by the next"):
        store.load("note", Note)

    assert len(faults(store)) == 1, "what a load has found is remembered"
    store.put(example_inputs(), Note(TEXT))
    assert faults(store) == []
    assert store.load("note", Note) == Note(TEXT)


def test_a_check_of_all_bytes_finds_it_too_and_a_mended_file_is_accepted_again(store: Store) -> None:
    flip(file_of(store), restore_time=True)
    assert len(faults(store, always=True)) == 1
    assert len(faults(store)) == 1
    flip(file_of(store), restore_time=True)
    assert faults(store) == []


def test_a_missing_file_an_added_one_and_a_link_are_faults(store: Store) -> None:
    (store.directory("note", VERSION) / "more").write_text("?")
    assert faults(store) == ["more is unexpected"]
    (store.directory("note", VERSION) / "more").unlink()
    file_of(store).unlink()
    assert faults(store) == ["text is gone"]
    with pytest.raises(StorageError, match="text is gone"):
        store.load("note", Note)
    file_of(store).symlink_to("/dev/null")
    assert "link" in faults(store)[0]


def test_a_copied_home_is_accepted_and_its_files_are_read_once(store: Store, tmp_path: Path, monkeypatch) -> None:
    shutil.copytree(store.root, tmp_path / "copy")
    copy = Store(tmp_path / "copy")
    original = store.current("note")
    assert faults(copy) == []
    assert copy.load("note", Note) == Note(TEXT)

    def reading(*_: object) -> None:
        pytest.fail("bytes are read again though nothing changed")

    monkeypatch.setattr("recsys_core.storage.checksums._record", reading)
    assert faults(copy) == []
    assert faults(store) == []
    assert store.current("note") == original, "the original is not touched"


def test_a_touched_file_is_accepted(store: Store) -> None:
    os.utime(file_of(store), (1, 1))
    assert faults(store) == []
    assert store.load("note", Note) == Note(TEXT)


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "null", '"x"', "{}", '{"version": 7}', '{"version": null}', '{"version": ["v"]}',
     '{"version": "../x"}', '{"version": "v\\u0000"}', '{"version": "' + "v" * 300 + '"}'],
)  # fmt: skip
@pytest.mark.parametrize("name", ["current.json", f"{VERSION}/record.json"])
def test_a_damaged_pointer_or_record_means_that_there_is_nothing(store: Store, content: str, name: str) -> None:
    (store.root / "note" / "all" / name).write_text(content)
    assert store.current("note") is None
    with pytest.raises(StorageError, match="asset note is not materialised"):
        store.load("note", Note)


@pytest.mark.parametrize("name", ["current.json", f"{VERSION}/record.json"])
def test_whichever_byte_of_pointer_or_record_is_wrong_the_value_is_the_same_or_made_again(
    store: Store, name: str
) -> None:
    path = store.root / "note" / "all" / name
    whole, original = path.read_bytes(), store.current("note")
    assert original is not None
    for place in range(len(whole)):
        content = bytearray(whole)
        content[place] ^= 1 << place % 8
        path.write_bytes(content)
        record = store.current("note")
        if record is not None:
            assert (record.origin, record.parts) == (original.origin, original.parts), place
            assert (record.usable, record.now, record.run_id) == (original.usable, original.now, original.run_id)
            assert store.faults("note", record) == []
            assert store.load("note", Note) == Note(TEXT)
        path.write_bytes(whole)
    assert store.current("note") is not None


@pytest.mark.parametrize("length", [0, 1, 40, 200, -1])
def test_a_record_that_was_cut_off_means_that_there_is_nothing(store: Store, length: int) -> None:
    path = store.root / "note" / "all" / VERSION / "record.json"
    content = path.read_bytes().rstrip()
    path.write_bytes(content[:length])
    assert store.current("note") is None


def test_every_byte_of_a_value_counts(store: Store) -> None:
    path = file_of(store)
    whole = path.read_bytes()
    for place in range(len(whole)):
        content = bytearray(whole)
        content[place] ^= 4
        path.write_bytes(content)
        with pytest.raises(StorageError, match="text is damaged"):
            store.load("note", Note)
    path.write_bytes(whole)
    assert store.load("note", Note) == Note(TEXT)


def test_a_home_that_cannot_be_written_is_read_all_the_same(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def read_only(*_: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("assets.materialising.store.write_json", read_only)
    os.utime(file_of(store), (1, 1))
    assert store.load("note", Note) == Note(TEXT)
