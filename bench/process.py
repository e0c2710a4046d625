"""Commands in processes of their own: finished ones with what they printed and took, and servers on free ports."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import httpx2

from bench.memory import Sample, sampling

__all__ = ["Finished", "Server", "free_port", "made_home", "recsys", "run", "serve_home", "serving"]

_READY_SECONDS = 180
_RECSYS = (sys.executable, "-m", "pipelines.cli")


class Server(NamedTuple):
    """A server that is ready. ``seconds_to_ready`` counts from the start of its process, imports included."""

    url: str
    pid: int
    seconds_to_ready: float


@dataclass(frozen=True, slots=True)
class Finished:
    """Standard output, seconds from start to end, and the memory meanwhile."""

    printed: bytes
    seconds: float
    memory: Sequence[Sample]

    @property
    def peak_mib(self) -> float:
        return max((mib for _, mib in self.memory), default=0.0)


def recsys(arguments: Sequence[str]) -> Finished:
    """:func:`run` of `recsys` with ``arguments``."""
    return run(f"recsys {arguments[0]}", [*_RECSYS, *arguments])


def run(name: str, command: Sequence[str], **options: Any) -> Finished:
    """Run ``command`` to its end; ``options`` are Popen's. What it prints when it fails ends this program."""
    started = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.PIPE, **options) as child, sampling(child.pid) as memory:
        printed, _ = child.communicate()
    if child.returncode:
        raise SystemExit(f"{name} failed\n{printed.decode()}")
    return Finished(printed, time.monotonic() - started, memory)


def free_port() -> int:
    """A port of this machine that nothing uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(command: Sequence[str], url: str, health: str, **options: Any) -> Iterator[Server]:
    """A server for the length of a block, from when ``health`` at ``url`` answers 200; ``options`` are Popen's.

    Raises SystemExit where it ends before, or stays silent for 180 s.
    """
    started = time.monotonic()
    child = subprocess.Popen(command, **options)
    try:
        while not _answers(url + health):
            if child.poll() is not None or time.monotonic() - started > _READY_SECONDS:
                raise SystemExit(f"nothing answers at {url}{health}: {' '.join(command)}")
            time.sleep(0.05)
        yield Server(url, child.pid, time.monotonic() - started)
    finally:
        child.terminate()
        try:
            child.wait(30)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _answers(address: str) -> bool:
    try:
        return httpx2.get(address, timeout=1, trust_env=False).status_code == 200
    except httpx2.HTTPError:
        return False


def made_home(workspace: Path, data: Path) -> Path:
    """The home in ``workspace`` with a champion of ``data``; the pipeline makes only what is not there."""
    home = workspace / "serving" / "home"
    recsys(["run", "--data", str(data), "--home", str(home), "--json"])
    return home


def serve_home(home: Path) -> AbstractContextManager[Server]:
    """`recsys serve` on the champion of ``home``, by :func:`serving`."""
    port = free_port()
    command = [*_RECSYS, "serve", "--home", str(home), "--port", str(port)]
    return serving(command, f"http://127.0.0.1:{port}", "/ready", stderr=subprocess.DEVNULL)
