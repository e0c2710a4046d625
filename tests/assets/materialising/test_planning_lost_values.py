"""The plan trusts no pointer: what is gone or damaged, in the store or in MLflow, is made again, with the reason."""

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from assets.materialising import RECIPES, world
from assets.materialising.planning import Plan, plan
from assets.materialising.store import Store
from assets.materialising.world import World
from assets.workspace import Workspace
from recsys_core.errors import RegistryError, StorageError
from registry.observing import Observed, observe
from tests.assets.materialising.configuring import with_descendants

RELEASE = {"registered_model", "promotion", "recommendations"}


def planned(workspace: Workspace) -> Plan:
    return plan(World(workspace))


def value_of(workspace: Workspace, name: str) -> Path:
    store = Store(workspace.store_directory)
    record = store.current(name)
    assert record is not None
    return store.directory(name, record.origin.version)


def a_file_of(workspace: Workspace, name: str) -> Path:
    return max(
        (path for path in value_of(workspace, name).rglob("*") if path.is_file()), key=lambda p: p.stat().st_size
    )


def flip(path: Path) -> None:
    times = path.stat()
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


@pytest.mark.parametrize("name", ["raw_tags", "hybrid_model", "evaluation", "registered_model", "recommendations"])
def test_a_value_whose_folder_is_gone_is_made_again_and_what_follows_too(up_to_date: Workspace, name: str) -> None:
    shutil.rmtree(value_of(up_to_date, name).parent)

    work = planned(up_to_date)

    assert set(work.stale) == with_descendants(name)
    assert work.causes == [f"{name}: never made, or its stored value is gone"]
    assert work.lost == {name: "never made, or its stored value is gone"}
    assert set(work.stale) & set(work.found) == set()


def test_a_damaged_pointer_makes_its_asset_again(up_to_date: Workspace) -> None:
    (up_to_date.store_directory / "ease_model" / "all" / "current.json").write_text('{"version": ')

    assert set(planned(up_to_date).stale) == with_descendants("ease_model")


@pytest.mark.parametrize("name", ["ratings", "als_model", "promotion"])
def test_a_file_that_is_gone_is_named(up_to_date: Workspace, name: str) -> None:
    path = a_file_of(up_to_date, name)
    path.unlink()

    work = planned(up_to_date)

    assert set(work.stale) == with_descendants(name)
    assert work.causes == [f"{name}: {path.relative_to(value_of(up_to_date, name)).as_posix()} is gone"]


def test_damage_that_does_not_show_is_planned_once_a_load_has_found_it(up_to_date: Workspace) -> None:
    assert planned(up_to_date).stale == {}
    path = a_file_of(up_to_date, "ratings")
    flip(path)
    assert planned(up_to_date).stale == {}, "size, time and inode are as they were"
    with pytest.raises(StorageError, match="is damaged"):
        Store(up_to_date.store_directory).load("ratings", RECIPES["ratings"].kind)

    work = planned(up_to_date)

    assert set(work.stale) == with_descendants("ratings")
    assert work.stale["ratings"][0].startswith(f"{path.name} is damaged: expected SHA-256 ")
    flip(path)
    assert planned(up_to_date).stale == {}, "mended"


def test_with_mlflows_folder_deleted_the_release_is_made_again(up_to_date: Workspace) -> None:
    shutil.rmtree(up_to_date.home_path / "mlflow")

    work = planned(up_to_date)

    assert set(work.stale) == RELEASE
    assert work.stale["registered_model"] == ["version 1 is not in the store"]
    assert work.stale["promotion"] == ["no version has the alias champion any more"]
    (reason,) = work.stale["recommendations"]
    assert reason.startswith("another champion: version 1 (")
    assert reason.endswith(" → none")
    assert not (up_to_date.home_path / "mlflow").exists(), "a look makes nothing"


def test_with_the_artifacts_gone_the_release_is_made_again(up_to_date: Workspace) -> None:
    shutil.rmtree(up_to_date.home_path / "mlflow" / "artifacts")

    work = planned(up_to_date)

    assert set(work.stale) == RELEASE
    assert work.stale["registered_model"][0].startswith("its artifacts are gone from ")
    assert "cannot be read)" in work.stale["recommendations"][0]


def sql(workspace: Workspace, statement: str) -> None:
    (database,) = (workspace.home_path / "mlflow").glob("*.db")
    with closing(sqlite3.connect(database)) as connection, connection:
        assert connection.execute(statement).rowcount == 1


def test_without_a_champion_the_gate_decides_again(up_to_date: Workspace) -> None:
    assert planned(up_to_date).stale == {}
    sql(up_to_date, "DELETE FROM registered_model_aliases WHERE alias = 'champion'")

    work = planned(up_to_date)

    assert set(work.stale) == {"promotion", "recommendations"}
    assert work.stale["promotion"] == ["no version has the alias champion any more"]


def observing(monkeypatch: pytest.MonkeyPatch, **found: str | None) -> None:
    """Another look at the tracking store than the real one."""

    def look(tracking: object) -> Observed:
        real = observe(tracking)  # type: ignore[arg-type]
        return Observed(**{**{name: getattr(real, name) for name in Observed.__slots__}, **found})  # type: ignore[arg-type]

    monkeypatch.setattr(world, "observe", look)


def test_after_a_rollback_only_recommendations_are_made_and_the_champions_are_named(
    up_to_date: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    observing(monkeypatch, champion="7", champion_model_id="m-seven")

    work = planned(up_to_date)

    assert list(work.stale) == ["recommendations"]
    (reason,) = work.stale["recommendations"]
    assert reason.startswith("another champion: version 1 (m-")
    assert reason.endswith(") → version 7 (m-seven)")


def test_with_another_tracking_store_the_release_is_made_there(
    up_to_date: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    observing(monkeypatch, store="http://mlflow:5000", champion=None, champion_model_id=None, champion_fault=None)

    work = planned(up_to_date)

    assert set(work.stale) == RELEASE
    reason = "another tracking store: embedded → http://mlflow:5000"
    assert [work.stale[name][0] for name in work.stale] == [reason] * 3


def test_a_tracking_store_that_cannot_be_asked_is_one_line(
    up_to_date: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(_: object) -> Observed:
        raise RegistryError("http://mlflow:5000 does not answer")

    monkeypatch.setattr(world, "observe", unreachable)
    with pytest.raises(RegistryError, match="does not answer"):
        planned(up_to_date)


def test_looking_changes_nothing(up_to_date: Workspace) -> None:
    planned(up_to_date)
    before = {path: path.stat().st_mtime_ns for path in up_to_date.home_path.rglob("*") if path.is_file()}
    planned(up_to_date)
    after = {path: path.stat().st_mtime_ns for path in up_to_date.home_path.rglob("*") if path.is_file()}
    assert [path for path in after if before.get(path) != after[path] and path.name != "hashes.json"] == []
