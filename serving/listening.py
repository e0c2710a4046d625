"""Where the server listens, and with which limits; who can reach it is said when it starts."""

import asyncio
import ipaddress
import os
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from fastapi import FastAPI

from recsys_core.errors import ParameterError, RecsysError

__all__ = ["address", "listen", "options"]


def address(host: str | None = None, port: int | None = None) -> tuple[str, int]:
    """Arguments win over RECSYS_API_HOST and RECSYS_API_PORT, these over port 8000 of this machine alone."""
    host = host or os.environ.get("RECSYS_API_HOST") or "127.0.0.1"
    text = (os.environ.get("RECSYS_API_PORT") or "8000") if port is None else str(port)
    if not text.isdecimal() or int(text) > 65535:
        raise ParameterError(f"RECSYS_API_PORT is {text!r}, expected a port, 0 to 65535")
    return host, int(text)


def listen(make: Callable[[], FastAPI], host: str, port: int) -> None:
    """Serve what ``make`` returns until this process is told to stop; RecsysError where the port is not to be had."""
    import uvicorn

    sockets = asyncio.run(_bound(host, port))
    server = uvicorn.Server(uvicorn.Config(make(), **options(host, port)))
    if not _is_local(host):
        print(f"recsys: listening on {host}: whoever reaches this machine can ask", file=sys.stderr)
    port = sockets[0].getsockname()[1]
    print(f"http://{host}:{port}  (documents: /docs)", file=sys.stderr, flush=True)
    with suppress(KeyboardInterrupt):  # raised again when all is stopped
        server.run(sockets)


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


async def _bound(host: str, port: int) -> list[socket.socket]:
    try:
        server = await asyncio.get_running_loop().create_server(asyncio.Protocol, host, port, start_serving=False)
    except OSError as error:
        unknown = isinstance(error, socket.gaierror)  # its number is none of the system's
        reason = error.strerror if unknown or error.errno is None else os.strerror(error.errno)
        raise RecsysError(
            f"port {port} of {host} cannot be listened on ({reason}); end what uses it, or give another --port"
        ) from error
    sockets = [one.dup() for one in server.sockets]
    server.close()
    return sockets


def _is_local(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
