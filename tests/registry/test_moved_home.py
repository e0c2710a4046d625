"""A home that is copied, moved or renamed, with whatever signs in its path."""

import hashlib
import logging
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from recsys_core.errors import RegistryError
from registry import moved_home
from registry.addresses import local_path
from registry.content_hash import folder_fingerprint
from registry.models import ModelRegistry
from registry.plain_path import plain_path
from registry.tracking import Tracking

ROOT = Path(__file__).parents[2]
NAMES = ("with space", "100%", "%41", "what?", "#1", "Bücher", "all % ? # %20 ü")


def contents(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and path.name != ".lock"
    }


def addresses(home: Path) -> list[str]:
    """Every address in the database that leads to a folder of this machine."""
    found = []
    with moved_home.opened(home / "mlflow" / "mlflow.db") as connection:
        for table, column in moved_home._COLUMNS:
            found += [str(row[0]) for row in connection.execute(f"SELECT {column} FROM {table}") if row[0]]
    return [address for address in found if local_path(address) is not None]


@pytest.fixture
def warnings(caplog):
    caplog.set_level(logging.WARNING, "recsys")
    return lambda: [record.getMessage() for record in caplog.records if record.name == "recsys"]


@pytest.fixture
def filled(home, register, registry, make_bundle):
    """A home with a champion and its evaluation twin."""
    made = register("A")
    registry.log_evaluation_model(made.run_id, make_bundle("twin"))
    registry.versions.set_alias("champion", made.version)
    return home


CHANGE = """
import logging, sys
from pathlib import Path
from registry.interface import input_example
from registry.models import ModelRegistry
from registry.tracking import Tracking

logging.basicConfig(format="%(name)s: %(message)s")
home, bundle, python_model = map(Path, sys.argv[1:])
tracking = Tracking(home)
tracking.log(tracking.parent_run("d1")).json("later", {})
registry = ModelRegistry(tracking)
run_id = tracking.parent_run("d2")
registry.register_bundle(
    bundle, run_id, data_fingerprint="d", metrics={}, example=input_example(1, [1]), python_model=python_model
)
registry.log_evaluation_model(run_id, bundle)
registry.log_evaluation_model(tracking.parent_run("d1"), bundle)
registry.versions.set_alias("champion", "2")
for path in (registry.bundle_path(), registry.bundle_path("1"), registry.evaluation_model_path("1")):
    assert path.is_relative_to(home), path
"""


def test_what_happens_in_a_copy_leaves_the_original_untouched(filled, tmp_path, make_bundle, fake_pyfunc):
    copy = tmp_path / "copy"
    shutil.copytree(filled, copy)
    before = contents(filled)
    # a process of its own: MLflow remembers for its process where the files of a run are
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", CHANGE, str(copy), str(make_bundle("B")), str(fake_pyfunc)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr
    assert contents(filled) == before
    (message,) = [line for line in done.stderr.splitlines() if line.startswith("recsys: ")]
    assert f"the home {copy} was at {filled} before: " in message
    assert list((copy / "mlflow" / "artifacts").rglob("later.json"))


def test_a_copy_is_mended_once_and_the_original_never(filled, tmp_path, warnings):
    copy = tmp_path / "copy"
    shutil.copytree(filled, copy)
    for home in (copy, copy, filled):
        assert Tracking(home).client is not None
    assert len(warnings()) == 1


@pytest.mark.parametrize("name", NAMES)
def test_a_renamed_home_works_at_the_first_command(filled, tmp_path, make_bundle, register, warnings, name):
    moved = tmp_path / name
    n_before = len([address for address in addresses(filled) if str(filled) in address])
    filled.rename(moved)
    tracking = Tracking(moved)
    registry = ModelRegistry(tracking)
    assert folder_fingerprint(registry.bundle_path()) == folder_fingerprint(make_bundle("A"))
    assert registry.bundle_path().is_relative_to(moved)
    assert registry.evaluation_model_path().is_relative_to(moved)
    assert registry.versions.aliases() == {"champion": "1"}
    assert f": {n_before} addresses" in warnings()[0]
    assert register("B", dagster_run_id="d2", into=tracking).version == "2"
    assert registry.bundle_path("2").is_relative_to(moved)
    with tracking.as_global() as mlflow:
        assert mlflow.pyfunc.load_model("models:/hybrid-recommender@champion")
    known = {"bundle-A", "bundle-B", "bundle-twin", moved.name}
    assert {path.name for path in tmp_path.iterdir()} == known  # no stray folder beside it
    root = plain_path(moved)
    kept_here = [address for address in addresses(moved) if local_path(address).is_relative_to(root)]
    assert len(kept_here) >= n_before

    back = tmp_path / "back again"  # the odd name leads nowhere now
    moved.rename(back)
    again = ModelRegistry(Tracking(back))
    assert again.bundle_path("2").is_relative_to(back)
    assert f"the home {back} was at {moved} before" in warnings()[-1]


@pytest.mark.parametrize("name", NAMES)
def test_a_home_may_be_begun_under_any_name(tmp_path, migrated_database, register, name):
    home = tmp_path / name
    (home / "mlflow").mkdir(parents=True)
    shutil.copy(migrated_database, home / "mlflow" / "mlflow.db")
    tracking = Tracking(home)
    register("A", into=tracking)
    assert ModelRegistry(tracking).bundle_path("1").is_relative_to(home)
    with moved_home.opened(home / "mlflow" / "mlflow.db") as connection:
        assert connection.execute("SELECT count(*) FROM model_versions").fetchone() == (1,)
    known = {"bundle-A", "home", home.name}  # the second is the fixture's
    assert {path.name for path in tmp_path.iterdir()} == known


def test_nothing_outside_the_old_home_is_rewritten(filled, tmp_path):
    beside = tmp_path / "home-of-others"  # begins with the same letters
    with moved_home.opened(filled / "mlflow" / "mlflow.db") as connection, connection:
        for number, address in enumerate((beside.as_uri(), "s3://bucket/home", f"{filled.as_uri()}/../x")):
            connection.execute(
                "INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle_stage, workspace) "
                "VALUES (?, ?, ?, 'active', 'default')",
                (100 + number, f"theirs {number}", address),
            )
    outside = [address for address in addresses(filled) if not address.startswith(f"{filled.as_uri()}/mlflow")]
    moved = tmp_path / "moved"
    filled.rename(moved)
    assert Tracking(moved).client is not None
    assert [address for address in addresses(moved) if not address.startswith(f"{moved.as_uri()}/mlflow")] == outside


def test_artifacts_that_were_meant_to_lie_elsewhere_stay_there(home, tmp_path, warnings):
    shared = tmp_path / "shared" / "mlflow" / "artifacts"
    shared.mkdir(parents=True)
    tracking = Tracking(home, artifact_location=shared.as_uri())
    tracking.log(tracking.parent_run("d1")).json("a", {})
    for again in (Tracking(home), Tracking(home, artifact_location=shared.as_uri())):
        again.log(again.parent_run("d1")).json("b", {})
    assert warnings() == []
    assert list(shared.rglob("b.json"))


def test_another_name_for_the_same_home_is_no_move(filled, tmp_path, warnings):
    (tmp_path / "link").symlink_to(filled)
    before = contents(filled)
    assert ModelRegistry(Tracking(tmp_path / "link")).bundle_path().is_dir()
    assert ModelRegistry(Tracking(filled)).bundle_path().is_dir()
    assert warnings() == []
    assert contents(filled) == before


def test_a_process_killed_while_mending_changes_nothing_and_the_next_one_mends(filled, tmp_path):
    moved = tmp_path / "moved"
    filled.rename(moved)
    before = addresses(moved)
    program = (
        "import os, pathlib, sys, registry.moved_home as m\n"
        "home, follow = pathlib.Path(sys.argv[1]), m._follow\n"
        "def follow_and_die(connection, old, new):\n"
        "    follow(connection, old, new)\n"
        "    connection.execute('PRAGMA cache_spill = 1'); connection.execute('PRAGMA cache_size = 1')\n"
        "    os._exit(9)\n"
        "m._follow = follow_and_die\n"
        "m.mend_addresses(home)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(moved)], check=False, env={"PYTHONPATH": str(ROOT)})
    assert done.returncode == 9
    assert addresses(moved) == before
    assert ModelRegistry(Tracking(moved)).bundle_path().is_relative_to(moved)


@pytest.mark.parametrize(
    "schema",
    ["", "CREATE TABLE other (x)", "CREATE TABLE experiments (experiment_id, place)"],
    ids=["empty", "another program's", "another version's"],
)
def test_a_database_of_another_schema_is_left_alone(tmp_path, schema):
    (tmp_path / "mlflow").mkdir()
    with sqlite3.connect(tmp_path / "mlflow" / "mlflow.db") as connection:
        connection.executescript(schema)
    connection.close()
    assert not moved_home.is_moved(tmp_path)
    assert moved_home.mend_addresses(tmp_path) == 0


def test_tables_that_another_version_lacks_are_passed_over(tmp_path, warnings):
    (tmp_path / "mlflow").mkdir()
    with sqlite3.connect(tmp_path / "mlflow" / "mlflow.db") as connection:
        connection.executescript(
            "CREATE TABLE experiments (artifact_location);"
            "INSERT INTO experiments VALUES ('file:///no/such/home/mlflow/artifacts'), ('/no/such/home/mlflow/other');"
            "CREATE TABLE runs (other);"
        )
    connection.close()
    assert moved_home.mend_addresses(tmp_path) == 2
    assert "was at /no/such/home before: 2 addresses" in warnings()[0]
    assert moved_home.mend_addresses(tmp_path) == 0


def test_a_damaged_database_is_named(tmp_path):
    (tmp_path / "mlflow").mkdir()
    (tmp_path / "mlflow" / "mlflow.db").write_text("no database" * 100)
    with pytest.raises(RegistryError, match="cannot be used as the tracking database"):
        moved_home.is_moved(tmp_path)


def test_a_home_that_did_not_move_is_seen_at_once(filled):
    tracking = Tracking(filled)
    tracking.mend()
    seconds = []
    for _ in range(20):
        started = time.perf_counter()
        tracking.mend()
        seconds.append(time.perf_counter() - started)
    assert min(seconds) < 0.02  # about 0.001; generous for a busy machine


def test_a_stored_model_names_no_folder_of_the_machine(filled, registry):
    described = registry.bundle_path().parents[1] / "MLmodel"
    assert str(filled.parent) not in described.read_text()
