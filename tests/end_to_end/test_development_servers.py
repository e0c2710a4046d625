"""`recsys dev`: the pages answer, Ctrl-C ends everything that was started."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

from tests.corpus.healthy_folder import write_healthy_folder
from tests.end_to_end.calling import clean_environment
from tests.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("development_servers")]

HOST = "127.0.0.1"


def free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for opened in sockets:
        opened.bind((HOST, 0))
    ports = [int(opened.getsockname()[1]) for opened in sockets]
    for opened in sockets:
        opened.close()
    return ports


def processes_of(home: Path) -> set[int]:
    """Processes that were started with this RECSYS_HOME in their environment."""
    mark = f"RECSYS_HOME={home}".encode()
    found = set()
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if mark in path.read_bytes().split(b"\0"):
                found.add(int(path.parent.name))
        except OSError:
            continue
    return found


def wait_for(url: str, child: subprocess.Popen[str]) -> httpx2.Response:
    def answer() -> httpx2.Response | None:
        try:
            found = httpx2.get(url, timeout=5)
        except httpx2.HTTPError:
            return None
        return found if found.is_success else None

    return wait_until(answer, 120, every=0.5, child=child, said=url)


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="reads /proc")
def test_all_pages_answer_and_an_interrupt_leaves_no_process(tmp_path: Path) -> None:
    home = (tmp_path / "home").resolve()
    write_healthy_folder(tmp_path / "data")
    dagster, mlflow, api, page = free_ports(4)
    program = "import sys; from pipelines.cli import main; main(sys.argv[1:])"
    numbers = {"dagster": dagster, "mlflow": mlflow, "api": api, "page": page}
    ports = [part for name, number in numbers.items() for part in (f"--{name}-port", str(number))]
    child = subprocess.Popen(
        [sys.executable, "-c", program, "dev", "--home", str(home), "--data", str(tmp_path / "data"), *ports],
        env=clean_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert wait_for(f"http://{HOST}:{dagster}/server_info", child).json()["dagster_version"]
        assert wait_for(f"http://{HOST}:{mlflow}/health", child).text == "OK"
        assert wait_for(f"http://{HOST}:{api}/health", child).json() == {"status": "ok"}
        not_ready = httpx2.get(f"http://{HOST}:{api}/ready", timeout=30)
        assert (not_ready.status_code, not_ready.json()["status"]) == (503, "not_ready")
        assert "<html" in wait_for(f"http://{HOST}:{page}/", child).text
        query = {"query": "{assetNodes { assetKey { path } } }"}
        nodes = httpx2.post(f"http://{HOST}:{dagster}/graphql", json=query, timeout=60).json()["data"]["assetNodes"]
        assert {"raw_ratings", "hybrid_model"} <= {node["assetKey"]["path"][-1] for node in nodes}
        assert len(processes_of(home)) >= 5, "UI, daemon, code server, MLflow, API, page"
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=60)
    finally:
        child.kill()
        child.wait()
        left = processes_of(home)
        for pid in left:
            os.kill(pid, signal.SIGKILL)
    assert (child.returncode, err) == (0, "")
    assert all(f"http://{HOST}:{number}" in out for number in numbers.values())
    assert out.rstrip().endswith("stopped")
    assert left == set()
