"""The running server keeps its own document, whatever is sent: schemathesis, and a fuzz of random bodies."""

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import numpy as np
import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, settings

from serving.app import application
from serving.server import Server
from serving.settings import ServingSettings

_QUICK, _THOROUGH = 15, 150


@pytest.fixture(scope="module")
def address(bundle_folders: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server on a port of its own."""
    from tests_serving_registry import Registry

    registry = Registry(bundle_folders)
    home = ServingSettings(tmp_path_factory.mktemp("contract"), admin_token="token", drop_seconds=3600.0)
    server = Server(home, registry, registry)
    server.refresh()
    config = uvicorn.Config(application(server), host="127.0.0.1", port=0, log_level="error", access_log=False)
    running = uvicorn.Server(config)
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 30
    while not running.started:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    port = running.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    running.should_exit = True
    thread.join(20)
