"""Servers as child processes: started together, watched, stopped together."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import httpx2

from pipelines.instance import write_dagster_yaml
from pipelines.settings import Settings
from recsys_core.errors import RecsysError
from recsys_core.shipped import shipped

__all__ = ["Ports", "Service", "Services", "development_services"]

HOST = "127.0.0.1"
_READY_SECONDS = 120
_STOP_SECONDS = 20
# The server's own jobs judge traces, which nobody makes here; their seven processes take 1.7 GB.
_WITHOUT_JOBS = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}


@dataclass(frozen=True, slots=True)
class Service:
    """A command that serves ``path`` on ``port`` when it is ready; people go to ``shown``."""

    name: str
    command: Sequence[str]
    port: int
    path: str = "/"
    shown: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def answers(self) -> bool:
        try:
            return httpx2.get(self.url + self.path, timeout=2).is_success
        except httpx2.HTTPError:
            return False


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the development servers listen, on this machine alone."""

    dagster: int = 3000
    mlflow: int = 5000
    api: int = 8000
    page: int = 8501


def development_services(settings: Settings, ports: Ports) -> list[Service]:
    """`dagster dev` (UI and daemon), MLflow's UI unless a server is configured, the API and the web page."""
    dagster = _module("dagster", "dev", "-m", "pipelines.definitions", *_listen(ports.dagster))
    services = [Service("Dagster UI and daemon", dagster, ports.dagster, "/server_info")]
    if not settings.tracking_uri:
        store = settings.workspace().tracking()
        places = ("--backend-store-uri", store.tracking_uri, "--default-artifact-root", str(store.artifact_location))
        mlflow = _module("mlflow", "server", *places, *_listen(ports.mlflow), "--workers", "1")
        services.append(Service("MLflow UI", mlflow, ports.mlflow, "/health", environment=_WITHOUT_JOBS))
    serve = _module("pipelines.cli", "serve", "--home", str(settings.home), *_listen(ports.api))
    api = Service("API", serve, ports.api, "/health", shown="/docs")
    streamlit = _module(
        "streamlit",
        "run",
        str(shipped("app.py")),
        "--server.headless",
        "true",
        *_listen(ports.page, "--server.address", "--server.port"),
    )
    page = Service("Web page", streamlit, ports.page, "/_stcore/health", environment={"RECSYS_API_URL": api.url})
    return [*services, api, page]


def _module(name: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", name, *arguments]


def _listen(port: int, host_option: str = "--host", port_option: str = "--port") -> list[str]:
    return [host_option, HOST, port_option, str(port)]


class Services:
    """Context manager: all running inside the block, none after it."""

    def __init__(self, settings: Settings, services: Sequence[Service]) -> None:
        self._services = services
        self._environment = {**os.environ, **settings.as_environment()}
        self._children: list[tuple[Service, subprocess.Popen[bytes]]] = []
        self.log_directory = settings.home / "logs"
        write_dagster_yaml(settings)

    def __enter__(self) -> Self:
        self.log_directory.mkdir(parents=True, exist_ok=True)
        for service in self._services:
            _refuse_taken_port(service)
        try:
            for service in self._services:
                self._children.append((service, self._start(service)))
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def wait_until_ready(self, asked_to_stop: threading.Event) -> None:
        """Return when every service answers; RecsysError when one dies or stays silent."""
        deadline = time.monotonic() + _READY_SECONDS
        waiting = list(self._services)
        while waiting and not asked_to_stop.is_set():
            waiting = [service for service in waiting if not service.answers()]
            gone = self.first_gone()
            if gone:
                raise RecsysError(gone)
            if waiting and time.monotonic() > deadline:
                raise RecsysError(f"{waiting[0].name} did not answer within {_READY_SECONDS} s on {waiting[0].url}")
            asked_to_stop.wait(0.5 if waiting else 0)

    def described(self) -> list[str]:
        return [f"{service.name:24}{service.url}{service.shown}" for service in self._services]

    def first_gone(self) -> str | None:
        """The name of a service that ended by itself, with the end of its log."""
        for service, child in self._children:
            if child.poll() is not None:
                lines = self._log_path(service).read_text(errors="replace").strip().splitlines()
                return f"{service.name} ended with code {child.returncode}: {' / '.join(lines[-3:])}"
        return None

    def stop(self) -> None:
        for number, seconds in ((signal.SIGINT, _STOP_SECONDS), (signal.SIGKILL, 5)):
            deadline = time.monotonic() + seconds
            for _, child in self._children:
                if child.poll() is None or number == signal.SIGKILL:
                    with suppress(ProcessLookupError):
                        os.killpg(child.pid, number)
            for _, child in self._children:
                with suppress(subprocess.TimeoutExpired):
                    child.wait(max(0.0, deadline - time.monotonic()))
        self._children = []

    def _start(self, service: Service) -> "subprocess.Popen[bytes]":
        with self._log_path(service).open("wb") as log:  # the child has a copy of the descriptor
            return subprocess.Popen(
                service.command,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**self._environment, **service.environment},
                start_new_session=True,
            )

    def _log_path(self, service: Service) -> Path:
        return self.log_directory / f"{service.name.split()[0].lower()}.log"


def _refuse_taken_port(service: Service) -> None:
    try:
        socket.create_server((HOST, service.port)).close()
    except OSError:
        raise RecsysError(
            f"{service.name}: port {service.port} is taken; stop what uses it or give another port"
        ) from None
