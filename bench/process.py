"""Commands in processes of their own: finished ones with what they printed and took, and servers on free ports."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx2

from bench.memory import Sample, sampling

__all__ = ["Finished", "free_port", "recsys", "run", "serving"]

_READY_SECONDS = 180


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
    return run(f"recsys {arguments[0]}", [sys.executable, "-m", "pipelines.cli", *arguments])


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
def serving(command: Sequence[str], health: str, **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    """A server for the length of a block, from when its address ``health`` answers 200; ``options`` are Popen's.

    Raises SystemExit where it ends before, or stays silent for 180 s.
    """
    started = time.monotonic()
    child = subprocess.Popen(command, **options)
    try:
        while not _answers(health):
            if child.poll() is not None or time.monotonic() - started > _READY_SECONDS:
                raise SystemExit(f"nothing answers at {health}: {' '.join(command)}")
            time.sleep(0.05)
        yield child
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
