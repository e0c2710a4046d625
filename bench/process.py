"""A command in a process of its own: what it printed, how long it took, and how much memory."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Finished", "recsys"]


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
