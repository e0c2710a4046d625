import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from recsys_core.errors import RegistryError
from registry import moved_home
from registry.models import ModelRegistry
from registry.observing import Observed, observe, version_fault
from registry.tracking import Tracking

ROOT = Path(__file__).parents[2]


def by_address(tracking: Tracking) -> Tracking:
    """The same database, asked through MLflow as one that is not the embedded one."""
    return Tracking(tracking.home, tracking_uri=tracking.tracking_uri)


@pytest.fixture
def champion(register, registry, make_bundle):
    made = register("A")
    registry.log_evaluation_model(made.run_id, make_bundle("twin"))
    registry.versions.set_alias("champion", made.version)
    return made


@pytest.fixture(params=["embedded", "by address"])
def observed_tracking(request, tracking, champion):
    return tracking if request.param == "embedded" else by_address(tracking)


def test_a_home_without_a_store_has_no_champion_and_gets_no_store(tmp_path):
    assert observe(Tracking(tmp_path / "new")) == Observed("embedded", None, None, None)
    assert version_fault(Tracking(tmp_path / "new"), "1", "") == "version 1 is not in the store"
    assert not (tmp_path / "new").exists()


def test_an_empty_database_has_no_champion(tmp_path, home):
    assert observe(Tracking(home)).champion is None
    (tmp_path / "mlflow").mkdir()
    (tmp_path / "mlflow" / "mlflow.db").touch()
    assert observe(Tracking(tmp_path)).champion is None


def test_the_champion_is_seen_with_its_files(observed_tracking, champion):
    found = observe(observed_tracking)
    assert (found.champion, found.champion_model_id, found.champion_fault) == ("1", champion.model_id, None)
    assert version_fault(observed_tracking, "1", champion.model_id) is None
    assert version_fault(observed_tracking, "1", "") is None


def test_the_store_is_named_without_its_password(tracking, champion):
    assert observe(tracking).store == "embedded"
    assert observe(by_address(tracking)).store == tracking.tracking_uri
    secret = Tracking(tracking.home, tracking_uri="http://ada:secret@127.0.0.1:1/path?token=x")
    assert secret.shown_uri == "http://127.0.0.1:1/path"
    with pytest.raises(RegistryError, match=r"http://127.0.0.1:1/path does not answer") as caught:
        observe(secret)
    assert "secret" not in str(caught.value)


def test_artifacts_that_are_gone_are_a_fault(observed_tracking, champion, registry):
    folder = registry.bundle_path()
    shutil.rmtree(folder)
    assert "its artifacts are gone from" in observe(observed_tracking).champion_fault
    assert str(folder) in version_fault(observed_tracking, "1", champion.model_id)


def test_an_evaluation_model_that_is_gone_is_a_fault_of_the_version(observed_tracking, champion, registry):
    shutil.rmtree(registry.evaluation_model_path())
    assert observe(observed_tracking).champion_fault is None
    assert "its evaluation model is gone from" in version_fault(observed_tracking, "1", champion.model_id)


def test_a_deleted_logged_model_is_a_fault(observed_tracking, champion, tracking):
    tracking.client.delete_logged_model(champion.model_id)
    assert f"logged model {champion.model_id} was deleted" in observe(observed_tracking).champion_fault


def test_a_run_that_is_gone_from_the_database_is_a_fault(observed_tracking, champion, tracking):
    with moved_home.opened(tracking.database) as connection, connection:
        connection.execute("DELETE FROM tags WHERE run_uuid = ?", (champion.run_id,))
        connection.execute("DELETE FROM runs WHERE run_uuid = ?", (champion.run_id,))
    assert f"run {champion.run_id} was deleted" in version_fault(observed_tracking, "1", champion.model_id)


def test_the_same_number_in_another_store_is_another_version(observed_tracking):
    assert "is another one in this store" in version_fault(observed_tracking, "1", "m-other")
    assert version_fault(observed_tracking, "7", "") == "version 7 is not in the store"


@pytest.mark.parametrize("name", ["moved", "what? 100% #1"])
def test_a_moved_home_is_seen_where_it_is_now(tmp_path, home, champion, name):
    moved = tmp_path / name
    home.rename(moved)
    tracking = Tracking(moved)
    assert observe(tracking).champion_fault is None
    shutil.rmtree(ModelRegistry(tracking).bundle_path())
    assert str(moved) in observe(tracking).champion_fault


@pytest.mark.parametrize("content", ["text", "CREATE TABLE registered_model_aliases (other)"])
def test_a_database_that_cannot_be_asked_is_one_line(tmp_path, content):
    (tmp_path / "mlflow").mkdir()
    database = tmp_path / "mlflow" / "mlflow.db"
    if content == "text":
        database.write_text("no database" * 100)
    else:
        with sqlite3.connect(database) as connection:
            connection.execute(content)
        connection.close()
    with pytest.raises(RegistryError, match=r"mlflow\.db: cannot be") as caught:
        observe(Tracking(tmp_path))
    assert "\n" not in str(caught.value)


def test_what_a_killed_process_left_half_written_is_no_obstacle(tracking, champion):
    program = (
        "import os, sqlite3, sys\n"
        "c = sqlite3.connect(sys.argv[1]); c.execute('PRAGMA cache_size = 1'); c.execute('PRAGMA cache_spill = 1')\n"
        "c.execute('UPDATE registered_model_aliases SET version = 99')\n"
        "c.execute('CREATE TABLE much AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9999)"
        " SELECT i, hex(randomblob(200)) FROM n')\n"
        "os._exit(9)\n"
    )
    subprocess.run([sys.executable, "-c", program, str(tracking.database)], check=False)
    assert tracking.database.with_name("mlflow.db-journal").exists()
    assert observe(tracking).champion == "1"


def test_looking_at_the_embedded_store_imports_no_mlflow(tracking, champion, tmp_path):
    moved = tmp_path / "moved"
    tracking.home.rename(moved)  # so that it is mended, too
    program = (
        "import pathlib, sys; from registry.observing import observe, version_fault\n"
        "from registry.tracking import Tracking\n"
        "tracking = Tracking(pathlib.Path(sys.argv[1])); found = observe(tracking)\n"
        "print(found.champion, found.champion_fault, version_fault(tracking, '1', found.champion_model_id))\n"
        "print([name for name in ('mlflow', 'sqlalchemy', 'dagster', 'pandas') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(moved)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.stdout.splitlines() == ["1 None None", "[]"]
