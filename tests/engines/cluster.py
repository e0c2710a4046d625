"""A Spark cluster on this machine: a master and workers, each a process of its own."""

import contextlib
import importlib.util
import os
import re
import signal
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.waiting import wait_until

__all__ = ["Standalone", "standalone_cluster"]

_DEPLOY = "org.apache.spark.deploy"
_WORKER_MEMORY = "700m"


@dataclass(frozen=True)
class Standalone:
    """The address of the master, and the process of each worker."""

    master: str
    workers: Sequence[int]


@contextlib.contextmanager
def standalone_cluster(folder: Path, n_workers: int) -> Iterator[Standalone]:
    """Workers of one core each; at the end all processes are gone, executors included."""
    (home,) = importlib.util.find_spec("pyspark").submodule_search_locations  # type: ignore[union-attr,misc]
    environment = os.environ | {"SPARK_HOME": home, "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_DAEMON_MEMORY": "256m"}
    started: list[subprocess.Popen[bytes]] = []

    def start(name: str, *arguments: str) -> Path:
        log = folder / f"{name}.log"
        command = [f"{home}/bin/spark-class", *arguments, "--host", "127.0.0.1", "--webui-port", "0"]
        with log.open("wb") as opened:
            started.append(
                subprocess.Popen(
                    command,
                    cwd=folder,
                    env=environment,
                    stdout=opened,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            )
        return log

    def said(log: Path, pattern: str) -> str:
        found = wait_until(lambda: re.search(pattern, log.read_text()), 90, child=started[-1], said=log.read_text)
        return found[0]

    try:
        master = said(start("master", f"{_DEPLOY}.master.Master", "--port", "0"), r"spark://127\.0\.0\.1:\d+")
        logs = [
            start(
                f"worker-{number}",
                *(f"{_DEPLOY}.worker.Worker", "--cores", "1", "--memory", _WORKER_MEMORY),
                *("--work-dir", str(folder / f"work-{number}"), master),
            )
            for number in range(n_workers)
        ]
        for log in logs:
            said(log, "Successfully registered with master")
        yield Standalone(master, [process.pid for process in started[1:]])
    finally:
        for process in started:  # each leads a group, to which its executors belong
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
