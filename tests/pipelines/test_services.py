"""Servers as children: all running inside the block, none after it, and a dead one is named."""

import os
import socket
import sys
import threading
from pathlib import Path

import httpx2
import pytest
from filelock import FileLock, Timeout

from pipelines.services import HOST, Ports, Service, Services, development_services
from pipelines.settings import Settings
from recsys_core.errors import RecsysError
from tests.waiting import wait_until


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "www").mkdir()
    (tmp_path / "www" / "index.html").write_text("here I am")
    return tmp_path / "www"


def file_server(name: str, folder: Path) -> Service:
    port = free_port()
    command = [sys.executable, "-m", "http.server", str(port), "--bind", HOST, "--directory", str(folder)]
    return Service(name, command, port, "/index.html")


def holding(path: Path, before: str = "pass") -> str:
    """A program that holds a lock on ``path`` for as long as it lives."""
    return (
        f"import fcntl, signal, time; {before}; held = open({str(path)!r}, 'w'); "
        "fcntl.flock(held, fcntl.LOCK_EX); held.write('held'); held.flush(); time.sleep(600)"
    )


def wait_until_held(path: Path) -> None:
    wait_until(lambda: path.exists() and path.read_text() == "held", said=f"{path} was never held")


def is_released(path: Path) -> bool:
    """Whether the holder is gone; a killed process takes a moment to go."""
    try:
        with FileLock(path, timeout=5):
            return True
    except Timeout:
        return False


def test_services_answer_inside_the_block_and_are_gone_after_it(settings: Settings, folder: Path) -> None:
    one, two = file_server("one", folder), file_server("two", folder)
    with Services(settings, [one, two]) as services:
        services.wait_until_ready(threading.Event())
        assert [httpx2.get(service.url).text for service in (one, two)] == ["here I am"] * 2
        assert services.first_gone() is None
        assert [line.split()[-1] for line in services.described()] == [one.url, two.url]
    for service in (one, two):
        with pytest.raises(httpx2.ConnectError):
            httpx2.get(service.url)


def test_children_of_a_service_are_stopped_with_it(settings: Settings, tmp_path: Path) -> None:
    child = [sys.executable, "-c", holding(tmp_path / "child")]
    parent = f"import subprocess, time; subprocess.Popen({child!r}); {holding(tmp_path / 'parent')}"
    with Services(settings, [Service("parent", [sys.executable, "-c", parent], free_port())]):
        wait_until_held(tmp_path / "child")
        wait_until_held(tmp_path / "parent")
    assert is_released(tmp_path / "child")
    assert is_released(tmp_path / "parent")


def test_a_child_that_ignores_the_request_to_stop_is_killed(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.services._STOP_SECONDS", 1)
    script = holding(tmp_path / "deaf", before="signal.signal(signal.SIGINT, signal.SIG_IGN)")
    with Services(settings, [Service("deaf", [sys.executable, "-c", script], free_port())]):
        wait_until_held(tmp_path / "deaf")
    assert is_released(tmp_path / "deaf")


def test_a_service_that_dies_is_named_with_the_end_of_its_log_and_the_others_are_stopped(
    settings: Settings, folder: Path
) -> None:
    well = file_server("well", folder)
    script = "import sys; print('no database'); sys.exit(3)"
    dying = Service("dying one", [sys.executable, "-c", script], free_port())
    services = Services(settings, [well, dying])
    with (
        pytest.raises(RecsysError, match="dying one ended with code 3: no database"),
        services,
    ):
        services.wait_until_ready(threading.Event())
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(well.url)
    assert (settings.home / "logs" / "dying.log").read_text().strip() == "no database"


def test_waiting_ends_when_somebody_asks_to_stop(settings: Settings) -> None:
    silent = Service("silent", [sys.executable, "-c", "import time; time.sleep(600)"], free_port())
    asked = threading.Event()
    asked.set()
    with Services(settings, [silent]) as services:
        services.wait_until_ready(asked)


def test_a_taken_port_is_named_before_anything_starts(settings: Settings, folder: Path, tmp_path: Path) -> None:
    started = tmp_path / "started"
    first = Service("first", [sys.executable, "-c", f"open({str(started)!r}, 'w')"], free_port())
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        port = int(taken.getsockname()[1])
        second = Service("second", [sys.executable, "-c", ""], port)
        with (
            pytest.raises(RecsysError, match=f"second: port {port} is taken; stop what uses it or give another port"),
            Services(settings, [first, second]),
        ):
            pytest.fail("started on a taken port")
    assert not started.exists()


def test_a_command_that_is_not_there_stops_those_already_started(settings: Settings, folder: Path) -> None:
    well = file_server("well", folder)
    with (
        pytest.raises(FileNotFoundError),
        Services(settings, [well, Service("missing", ["/no/such/command"], free_port())]),
    ):
        pytest.fail("entered without all services")
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(well.url)


def test_development_runs_dagster_and_mlflow_on_the_home_and_leaves_a_configured_server_alone(
    settings: Settings,
) -> None:
    dagster, mlflow, api, page = development_services(settings, Ports(3001, 5001, 8001, 8502))
    assert [service.url for service in (dagster, mlflow, api, page)] == [
        f"http://127.0.0.1:{port}" for port in (3001, 5001, 8001, 8502)
    ]
    assert page.environment == {"RECSYS_API_URL": api.url}
    assert mlflow.environment == {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    assert f"sqlite:///{settings.home / 'mlflow' / 'mlflow.db'}" in mlflow.command
    remote = Settings(settings.home, settings.data_dir, tracking_uri="http://127.0.0.1:9")
    assert [service.name for service in development_services(remote, Ports())] == [dagster.name, api.name, page.name]
    assert os.environ.get("RECSYS_HOME") is None
