"""Where the server listens, and with which limits; who can reach it is said when it starts."""

import ipaddress
import os
import sys
from collections.abc import Callable
from typing import Any

from fastapi import FastAPI

from recsys_core.errors import ParameterError

__all__ = ["address", "listen", "options"]


def address(host: str | None = None, port: int | None = None) -> tuple[str, int]:
    """Arguments win over RECSYS_API_HOST and RECSYS_API_PORT, these over port 8000 of this machine alone."""
    host = host or os.environ.get("RECSYS_API_HOST") or "127.0.0.1"
    text = (os.environ.get("RECSYS_API_PORT") or "8000") if port is None else str(port)
    if not text.isdecimal() or int(text) > 65535:
        raise ParameterError(f"RECSYS_API_PORT is {text!r}, expected a port, 0 to 65535")
    return host, int(text)


def listen(make: Callable[[], FastAPI], host: str, port: int) -> None:
    """Serve what ``make`` returns until this process is told to stop."""
    import uvicorn

    app = make()
    if not _is_local(host):
        print(f"recsys: listening on {host}: whoever reaches this machine can ask", file=sys.stderr)
    print(f"http://{host}:{port}  (documents: /docs)", file=sys.stderr, flush=True)
    uvicorn.run(app, **options(host, port))


def options(host: str, port: int) -> dict[str, Any]:
    """How uvicorn listens; port 0 takes any that is free."""
    from serving.connections import patient_protocol

    return {
        "host": host,
        "port": port,
        "http": patient_protocol(),
        "ws": "none",
        "access_log": False,
        "log_config": None,
        "log_level": "warning",
        "timeout_graceful_shutdown": 5,
    }


def _is_local(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
