"""Commands in processes of their own: finished ones with what they printed and took, and servers."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx2

__all__ = ["Finished", "recsys", "serving"]

_READY_SECONDS = 180


@dataclass(frozen=True, slots=True)
class Finished:
    """Standard output, seconds from start to end, and the largest resident set in MiB."""

    printed: bytes
    seconds: float
    peak_mib: float


def recsys(arguments: Sequence[str]) -> Finished:
    """Run `recsys` with ``arguments``; what it prints when it fails ends this program."""
    started = time.monotonic()
    with subprocess.Popen([sys.executable, "-m", "pipelines.cli", *arguments], stdout=subprocess.PIPE) as child:
        printed = child.stdout.read() if child.stdout else b""
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"recsys {arguments[0]} failed\n{printed.decode()}")
    return Finished(printed, time.monotonic() - started, usage.ru_maxrss / 1024)


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
