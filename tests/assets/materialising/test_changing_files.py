"""A CSV file that changes while it is read: made once more, or refused; never stored under another content's name."""

import hashlib
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

import engines.local
from assets.materialising.store import Store
from assets.materialising.world import World
from pipelines.settings import Settings
from recsys_core.dataset.table_folders import RawTable
from tests.assets.materialising.running_steps import failure, materialize, messages, tags_of

Edit = Callable[[Path], None]


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


def grow(path: Path) -> None:
    with path.open("a") as opened:
        opened.write("999,0000999,999\n")


def replace_by_another(path: Path) -> None:
    other = path.with_name("other")
    other.write_text(path.read_text().replace("0000101", "0000102"))
    other.replace(path)


def change_in_place(path: Path) -> None:
    path.write_text(path.read_text().replace("0000101", "0000102"))


@pytest.fixture
def changing(monkeypatch: pytest.MonkeyPatch) -> Callable[[Edit, int], None]:
    """Let a file change between the moment its inputs are fixed and the moment it is read, so many times."""
    reading = engines.local.read_table

    def prepare(edit: Edit, times: int) -> None:
        left = [edit] * times

        def read(path: Path, *arguments: Any) -> Any:
            if left:
                left.pop()(path)
            return reading(path, *arguments)

        monkeypatch.setattr(engines.local, "read_table", read)

    return prepare


@pytest.mark.parametrize("edit", [grow, replace_by_another, change_in_place])
def test_a_file_that_changes_while_it_is_read_is_read_once_more_and_then_fits(
    settings: Settings, instance: dg.DagsterInstance, changing: Callable[[Edit, int], None], edit: Edit
) -> None:
    changing(edit, 1)

    result = materialize(settings.workspace(), "raw_links", instance=instance)

    assert result.success
    assert messages(instance, result, logging.WARNING) == [
        "links.csv changed while it was read; making raw_links once more"
    ]
    store = Store(settings.workspace().store_directory)
    record, value = store.current("raw_links"), store.load("raw_links", RawTable)
    assert record is not None
    path = settings.data_dir / "links.csv"
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    assert record.parts["files"] == {"links": f"links.csv {sha256}"}
    assert value.summary["sha256"] == sha256
    assert value.n_rows == len(path.read_text().splitlines()) - 1
    assert tags_of(result, "raw_links")["dagster/input_data_version/links_csv"] == f"links.csv {sha256}"
    assert World(settings.workspace()).file("links")[1] == f"links.csv {sha256}", "it is not stale afterwards"
    assert len(store.versions("raw_links")) == 1


def test_a_file_that_changes_again_is_refused_in_one_line_and_nothing_is_stored(
    settings: Settings, instance: dg.DagsterInstance, changing: Callable[[Edit, int], None]
) -> None:
    changing(grow, 2)

    result = materialize(settings.workspace(), "raw_links", instance=instance)

    assert not result.success
    assert failure(result) == (
        "links.csv changed while it was read, the second time, too; run again when it has come to rest"
    )
    store = Store(settings.workspace().store_directory)
    assert store.current("raw_links") is None
    assert store.versions("raw_links") == []
    assert list(store.root.glob("**/.writing-*")) == []
    assert result.asset_materializations_for_node("raw_links") == []


def test_the_former_value_stays_when_a_changing_file_is_refused(
    settings: Settings, instance: dg.DagsterInstance, changing: Callable[[Edit, int], None]
) -> None:
    assert materialize(settings.workspace(), "raw_links", instance=instance).success
    store = Store(settings.workspace().store_directory)
    before = store.current("raw_links")
    grow(settings.data_dir / "links.csv")
    changing(grow, 2)

    assert not materialize(settings.workspace(), "raw_links", instance=instance).success
    assert store.current("raw_links") == before


def test_an_optional_file_that_is_not_there_is_an_empty_table_of_its_own_version(
    settings: Settings, instance: dg.DagsterInstance
) -> None:
    assert materialize(settings.workspace(), "raw_tags", instance=instance).success
    store = Store(settings.workspace().store_directory)
    there = store.current("raw_tags")
    (settings.data_dir / "tags.csv").unlink()

    result = materialize(settings.workspace(), "raw_tags", instance=instance)

    record, value = store.current("raw_tags"), store.load("raw_tags", RawTable)
    assert record is not None
    assert there is not None
    assert record.origin.version != there.origin.version
    assert (record.parts["files"], value.n_rows) == ({"tags": "absent"}, 0)
    assert tags_of(result, "raw_tags")["dagster/input_data_version/tags_csv"] == "absent"
