"""Servers in processes of their own: the real command on a home, or the same application on the folder of a model.

python -m bench.serving.server FOLDER PORT    # the folder of a saved bundle, without a registry
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.process import recsys, serving

__all__ = ["Running", "made_home", "serve_folder", "serve_home"]


@dataclass(frozen=True, slots=True)
class Running:
    """A server that is ready. ``seconds_to_ready`` counts from the start of its process, imports included."""

    host: str
    port: int
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
    with _running(command, port) as found:
        yield found


@contextmanager
def serve_folder(folder: Path, port: int) -> Iterator[Running]:
    """The application on a saved bundle."""
    with _running([sys.executable, "-m", "bench.serving.server", str(folder), str(port)], port) as found:
        yield found


@contextmanager
def _running(command: Sequence[str], port: int) -> Iterator[Running]:
    started = time.monotonic()
    with serving(command, f"http://127.0.0.1:{port}/ready", stderr=subprocess.DEVNULL) as child:
        yield Running("127.0.0.1", port, child.pid, time.monotonic() - started)


def _main(folder: Path, port: int) -> None:
    import uvicorn

    from registry.models import ModelRegistry
    from registry.records import ModelRecords
    from registry.tracking import Tracking
    from serving.app import application
    from serving.logs import configure_logs
    from serving.models import Found
    from serving.server import Server
    from serving.settings import ServingSettings

    class OneFolder:
        def find(self, reference: str) -> Found:
            return Found("1", str(folder))

        def folder_of(self, version: str) -> Path:
            return folder

    with tempfile.TemporaryDirectory(prefix="recsys-serving-") as home:
        configure_logs()
        records = ModelRecords(ModelRegistry(Tracking(Path(home))))
        app = application(Server(ServingSettings(Path(home)), OneFolder(), records))
        uvicorn.run(app, host="127.0.0.1", port=port, access_log=False, log_level="warning")


if __name__ == "__main__":
    _main(Path(sys.argv[1]), int(sys.argv[2]))
