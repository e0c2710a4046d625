"""A home with a champion, and `recsys serve` on it in a process of its own."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.process import recsys, serving

__all__ = ["Running", "made_home", "serve_home"]


@dataclass(frozen=True, slots=True)
class Running:
    """A server that is ready. ``seconds_to_ready`` counts from the start of its process, imports included."""

    url: str
    pid: int
    seconds_to_ready: float

    def memory_mib(self) -> float:
        """Resident memory now."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        return float("nan")


def made_home(workspace: Path, data: Path) -> Path:
    """The home in ``workspace`` with a champion of ``data``; the pipeline makes only what is not there."""
    home = workspace / "serving" / "home"
    recsys(["run", "--data", str(data), "--home", str(home), "--json"])
    return home


@contextmanager
def serve_home(home: Path, port: int) -> Iterator[Running]:
    """`recsys serve` on the champion of ``home``."""
    command = [sys.executable, "-m", "pipelines.cli", "serve", "--home", str(home), "--port", str(port)]
    started = time.monotonic()
    url = f"http://127.0.0.1:{port}"
    with serving(command, f"{url}/ready", stderr=subprocess.DEVNULL) as child:
        yield Running(url, child.pid, time.monotonic() - started)
