"""Values appear whole or not at all, under the version of their inputs; old ones go unless a run has pinned them."""

import os
import shutil
from collections.abc import Collection
from pathlib import Path

import pytest
from filelock import FileLock

from assets.materialising.store import Pins, Store
from recsys_core.errors import StorageError
from recsys_core.storage import remove_leftovers, write_json
from tests.assets.materialising.examples import Note, example_inputs


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def test_a_value_comes_back_and_its_record_says_what_it_was_made_of(store: Store) -> None:
    inputs = example_inputs()
    store.put(inputs, Note("hello"))

    assert store.load("note", Note) == store.load("note", Note, inputs.version) == Note("hello")
    record = store.current("note")
    assert record is not None
    assert record == store.record("note", inputs.version)
    assert record.origin == inputs.origin
    assert record.parts == inputs.parts()
    assert (record.usable, record.now, record.run_id) == (True, inputs.now, "run-1")
    assert list(record.files) == ["text"]
    assert store.faults("note", record, always=True) == []


def test_a_value_is_kept_under_asset_partition_and_version(store: Store) -> None:
    inputs = example_inputs()
    store.put(inputs, Note("hello"))
    assert store.directory("note", inputs.version) == store.root / "note" / "all" / inputs.version / "value"
    assert (store.root / "note" / "all" / "current.json").is_file()


def test_the_same_inputs_again_replace_the_value(store: Store) -> None:
    for text in ("one", "two"):
        store.put(example_inputs(), Note(text))
    assert store.load("note", Note) == Note("two")
    assert store.versions("note") == [example_inputs().version]


def test_an_older_version_can_be_asked_for_and_made_current_again(store: Store) -> None:
    one, two = example_inputs("1"), example_inputs("2")
    store.put(one, Note("one"))
    store.put(two, Note("two"))
    assert store.load("note", Note, one.version) == Note("one")
    assert store.load("note", Note) == Note("two")
    store.put(one, Note("one"))
    assert store.load("note", Note) == Note("one")


def test_a_failed_write_leaves_the_former_value_current_and_no_leftovers(store: Store) -> None:
    store.put(example_inputs("1"), Note("hello"))
    with pytest.raises(OSError, match="no space left"):
        store.put(example_inputs("2"), Note("explode"))
    assert store.load("note", Note) == Note("hello")
    folder = store.root / "note" / "all"
    assert sorted(path.name for path in folder.iterdir()) == sorted([example_inputs("1").version, "current.json"])


def test_what_a_killed_process_left_is_never_read_and_is_removed(store: Store) -> None:
    store.put(example_inputs(), Note("hello"))
    half = store.root / "note" / "all" / ".writing-v2-abc"
    half.mkdir()
    (half / "text").write_text("hel")
    assert store.load("note", Note) == Note("hello")
    assert store.versions("note") == [example_inputs().version]
    assert remove_leftovers(store.root) == 1
    assert not half.exists()


@pytest.mark.parametrize("gone", ["never made", "pointer", "version", "value's record"])
def test_what_is_not_there_is_nothing_to_the_plan_and_one_line_to_a_reader(store: Store, gone: str) -> None:
    folder = store.root / "note" / "all"
    if gone != "never made":
        store.put(example_inputs(), Note("hello"))
    if gone == "pointer":
        (folder / "current.json").unlink()
    elif gone == "version":
        shutil.rmtree(folder / example_inputs().version)
    elif gone == "value's record":
        (folder / example_inputs().version / "record.json").unlink()

    assert store.current("note") is None
    with pytest.raises(StorageError, match=r"asset note is not materialised in .*store; run the pipeline"):
        store.load("note", Note)


def test_a_version_that_is_not_there_is_named(store: Store) -> None:
    store.put(example_inputs(), Note("hello"))
    with pytest.raises(StorageError, match=r"version another of note is not in .*store; run the pipeline"):
        store.load("note", Note, "another")


def test_an_unusable_value_is_kept_for_inspection_but_marked(store: Store) -> None:
    store.put(example_inputs(), Note("bad"), usable=False)
    record = store.current("note")
    assert record is not None
    assert not record.usable
    assert store.load("note", Note) == Note("bad")


def fill(store: Store, n_versions: int) -> list[str]:
    """Versions in the order in which they were stored, each with a search of its own."""
    made = []
    for number in range(n_versions):
        inputs = example_inputs(str(number))
        store.folder("note").mkdir(parents=True, exist_ok=True)
        for name in (f"{inputs.version}.journal", f"{inputs.version}.journal.lock"):
            (store.folder("note") / name).write_text("trials")
        store.put(inputs, Note(str(number)))
        made.append(inputs.version)
    return made


def surplus(store: Store, keep: int = 1, remembered: Collection[str] = ()) -> tuple[set[str], set[str]]:
    """Versions, and searches, that can go."""
    folders, searches = store.surplus("note", keep, remembered)
    return {path.name for path in folders}, {path.name.split(".")[0] for path in searches}


def test_old_versions_go_with_their_searches_but_the_one_before_the_current_stays(store: Store) -> None:
    made = fill(store, 4)
    assert surplus(store) == ({*made[:2]}, {*made[:2]})
    assert surplus(store, 2) == ({made[0]}, {made[0]})
    assert store.versions("note") == made[::-1], "nothing goes by being looked for"


def test_the_current_version_stays_also_when_it_is_the_oldest(store: Store) -> None:
    made = fill(store, 3)
    write_json(store.folder("note") / "current.json", {"version": made[0]})
    assert surplus(store) == ({made[1]}, {made[1]})


def test_versions_that_a_run_has_pinned_stay_until_it_is_over(store: Store) -> None:
    made = fill(store, 4)
    Pins(store.root, "going-on").first("note", made[0])
    os.utime(store.root / ".pins" / "going-on", (0, 0))
    assert surplus(store, remembered={"going-on"}) == ({made[1]}, {made[1]})
    assert surplus(store) == ({*made[:2]}, {*made[:2]})


def test_versions_of_a_run_that_goes_on_stay(store: Store) -> None:
    fill(store, 4)
    assert surplus(store, remembered={"run-1"}) == (set(), set())


def test_pins_of_another_asset_keep_nothing_of_this_one(store: Store) -> None:
    made = fill(store, 4)
    Pins(store.root, "going-on").first("memo", made[0])
    assert made[0] in surplus(store)[0]


def test_a_search_that_goes_on_stays_with_its_version_and_one_that_was_given_up_goes(store: Store) -> None:
    made = fill(store, 4)
    journals = store.folder("note")
    for name in ("young.journal", "given-up.journal"):
        (journals / name).write_text("trials")
    os.utime(journals / "given-up.journal", (0, 0))
    with FileLock(journals / f"{made[0]}.journal.writing"):
        assert surplus(store) == ({made[1]}, {made[1], "given-up"})
    assert surplus(store) == ({*made[:2]}, {*made[:2], "given-up"})
