"""Values appear whole or not at all, and only usable ones are current."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import pytest

from assets.store import Store
from recsys_core.errors import StorageError


@dataclass(frozen=True)
class Note:
    text: str

    def save(self, directory: Path) -> None:
        (directory / "text").write_text(self.text)
        if self.text == "explode":
            raise OSError("no space left on device")

    @classmethod
    def load(cls, directory: Path) -> Self:
        return cls((directory / "text").read_text())


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def test_a_value_comes_back_and_its_pointer_says_what_it_was_made_of(store: Store) -> None:
    store.put("note", "v1", Note("hello"), parts={"code": "1"})
    assert store.get("note", Note) == Note("hello")
    pointer = store.pointer("note")
    assert pointer is not None
    assert (pointer.version, pointer.parts, pointer.usable) == ("v1", {"code": "1"}, True)


def test_a_failed_write_leaves_the_former_value_current_and_no_leftovers(store: Store) -> None:
    store.put("note", "v1", Note("hello"), parts={})
    with pytest.raises(OSError, match="no space left"):
        store.put("note", "v2", Note("explode"), parts={})
    assert store.get("note", Note) == Note("hello")
    assert sorted(path.name for path in (store.root / "note").iterdir()) == ["current.json", "v1"]


def test_what_a_killed_process_left_is_never_read_and_is_removed(store: Store) -> None:
    store.put("note", "v1", Note("hello"), parts={})
    half = store.root / "note" / ".writing-v2-abc"
    half.mkdir()
    (half / "text").write_text("hel")
    scratch = store.scratch()
    assert store.get("note", Note) == Note("hello")
    assert store.remove_leftovers() == 2
    assert not half.exists()
    assert not scratch.exists()


@pytest.mark.parametrize("content", ["", "{", '{"version": "v1"}', '{"version": "v9", "parts": {}, "usable": true}'])
def test_a_damaged_pointer_or_a_missing_folder_means_that_there_is_nothing(store: Store, content: str) -> None:
    store.put("note", "v1", Note("hello"), parts={})
    (store.root / "note" / "current.json").write_text(content)
    assert store.pointer("note") is None
    with pytest.raises(StorageError, match="note has not been materialised"):
        store.get("note", Note)


def test_an_unusable_value_is_kept_for_inspection_but_marked(store: Store) -> None:
    store.put("note", "v1", Note("bad"), parts={}, usable=False)
    pointer = store.pointer("note")
    assert pointer is not None
    assert not pointer.usable


def test_old_versions_go_but_the_one_before_the_current_stays(store: Store) -> None:
    for number in range(4):
        store.put("note", f"v{number}", Note(str(number)), parts={})
    folders = {path.name for path in (store.root / "note").iterdir() if path.is_dir()}
    assert folders == {"v2", "v3"}
    assert json.loads((store.root / "note" / "current.json").read_text())["version"] == "v3"
