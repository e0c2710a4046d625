"""Dagster's runs in PostgreSQL, by setting its address; SQLite in the home without one."""

import getpass
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest
import yaml

from pipelines.instance import open_instance, write_dagster_yaml
from pipelines.settings import Settings
from recsys_core.errors import ParameterError, RecsysError

NOWHERE = "postgresql+psycopg2://recsys:secret@127.0.0.1:1/dagster"


@dg.job
def nothing() -> None:
    pass


def test_the_address_is_named_in_the_file_and_not_written_into_it(settings: Settings) -> None:
    write_dagster_yaml(replace(settings, dagster_postgres_url=NOWHERE))
    text = (settings.dagster_home / "dagster.yaml").read_text()
    assert yaml.safe_load(text)["storage"] == {"postgres": {"postgres_url": {"env": "RECSYS_DAGSTER_POSTGRES_URL"}}}
    assert "secret" not in text


def test_without_an_address_the_file_names_no_storage(settings: Settings) -> None:
    write_dagster_yaml(settings)
    assert "storage" not in yaml.safe_load((settings.dagster_home / "dagster.yaml").read_text())


def test_an_address_that_the_file_would_ignore_is_told(settings: Settings) -> None:
    write_dagster_yaml(settings)
    with pytest.raises(
        RecsysError, match=r"is set, but .*dagster\.yaml was written without it; remove the file or add"
    ):
        write_dagster_yaml(replace(settings, dagster_postgres_url=NOWHERE))


def test_an_address_that_the_file_needs_and_nobody_set_is_told(settings: Settings) -> None:
    write_dagster_yaml(replace(settings, dagster_postgres_url=NOWHERE))
    with pytest.raises(RecsysError, match=r"keeps Dagster's runs in RECSYS_DAGSTER_POSTGRES_URL, which is not set"):
        open_instance(settings)


@pytest.mark.parametrize("url", ["postgresql://u:secret@h/d", "sqlite:///x", "secret"])
def test_another_form_of_address_is_refused_without_repeating_it(settings: Settings, url: str) -> None:
    with pytest.raises(ParameterError, match=r"expected postgresql\+psycopg2://USER:PASSWORD@HOST") as caught:
        replace(settings, dagster_postgres_url=url)
    assert "secret" not in str(caught.value)


def test_the_environment_sets_it_for_this_process_and_others(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECSYS_DAGSTER_POSTGRES_URL", NOWHERE)
    found = Settings.from_environment(home=settings.home)
    assert found.dagster_postgres_url == NOWHERE
    assert found.as_environment()["RECSYS_DAGSTER_POSTGRES_URL"] == NOWHERE
    assert "RECSYS_DAGSTER_POSTGRES_URL" not in settings.as_environment()


def test_a_database_that_does_not_answer_is_one_message_without_the_password(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("dagster_postgres", reason="the extra postgres is not installed")
    monkeypatch.setenv("RECSYS_DAGSTER_POSTGRES_URL", "")
    monkeypatch.setattr("dagster_postgres.utils.time.sleep", lambda seconds: None)
    with pytest.raises(RecsysError, match=r"Dagster's database .* cannot be used: .*Connection refused") as caught:
        open_instance(replace(settings, dagster_postgres_url=NOWHERE))
    assert "secret" not in str(caught.value)


@pytest.fixture
def database() -> Iterator[str]:
    """Address of an empty database on a server of the test's own."""
    pytest.importorskip("dagster_postgres", reason="the extra postgres is not installed")
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    is_root = getpass.getuser() == "root"
    if not programs or (is_root and shutil.which("runuser") is None):
        pytest.skip("PostgreSQL's programs are not in /usr/lib/postgresql, or runuser is missing")
    as_user = ["runuser", "-u", "postgres", "--"] if is_root else []  # PostgreSQL refuses to run as root

    def call(program: str, *arguments: str) -> None:
        command = [*as_user, str(programs[-1] / program), *arguments]
        subprocess.run(command, check=True, timeout=60, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")

    folder = Path(tempfile.mkdtemp())
    if is_root:
        shutil.chown(folder, "postgres")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    data = ["-D", str(folder / "data")]
    options = f"-p {port} -c listen_addresses=127.0.0.1 -k {folder} -c fsync=off"
    try:
        call("initdb", *data, "-A", "trust", "-U", "recsys", "-N")
        call("pg_ctl", *data, "-w", "-o", options, "-l", str(folder / "log"), "start")
        try:
            yield f"postgresql+psycopg2://recsys@127.0.0.1:{port}/postgres"
        finally:
            call("pg_ctl", *data, "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def test_runs_are_kept_in_the_database_and_found_by_another_home(
    settings: Settings, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECSYS_DAGSTER_POSTGRES_URL", database)
    prepared = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "pipelines.instance"],
        capture_output=True,
        text=True,
        check=True,
        env={**Settings.from_environment(home=settings.home).as_environment(), "PATH": "/usr/bin:/bin"},
    )
    assert prepared.stdout == f"Dagster's instance is ready in {settings.dagster_home}\n"

    with open_instance(Settings.from_environment(home=settings.home)) as instance:
        run_id = instance.create_run_for_job(nothing).run_id
    with open_instance(Settings.from_environment(home=tmp_path / "another")) as instance:
        assert [run.run_id for run in instance.get_runs()] == [run_id]
    assert list(settings.home.rglob("*.db")) == []
