"""A load generator in a process of its own: asks a server, and prints how long each answer took.

python -m bench.serving.load HOST PORT FILE --clients 1    # FILE: one request a line, as JSON [method, path, body]

Connections are kept open. Every request is sent once; the printed JSON has the seconds of each and of all together.
"""

import argparse
import json
import socket
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

__all__ = ["ask_all"]

_READ = 1 << 16


def ask_all(address: tuple[str, int], requests: Sequence[bytes], n_clients: int) -> dict[str, Any]:
    """Seconds of each request, in no order, and of all together; each client takes every n-th request."""
    seconds: list[list[float]] = [[] for _ in range(n_clients)]
    faults: list[str] = []
    ready = threading.Barrier(n_clients + 1)

    def client(number: int) -> None:
        with socket.create_connection(address, timeout=30) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            ready.wait()
            for request in requests[number::n_clients]:
                started = time.perf_counter()
                connection.sendall(request)
                status = _read_answer(connection)
                seconds[number].append(time.perf_counter() - started)
                if status != 200:
                    faults.append(f"{status}: {request[:120]!r}")

    threads = [threading.Thread(target=client, args=(number,)) for number in range(n_clients)]
    for thread in threads:
        thread.start()
    ready.wait()
    started = time.perf_counter()
    for thread in threads:
        thread.join()
    whole = time.perf_counter() - started
    return {"seconds": [one for some in seconds for one in some], "whole": whole, "faults": faults}


def as_bytes(host: str, method: str, path: str, body: Any) -> bytes:
    content = b"" if body is None else json.dumps(body).encode()
    kind = "" if body is None else f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n"
    return f"{method} {path} HTTP/1.1\r\nHost: {host}\r\n{kind}\r\n".encode() + content


def _read_answer(connection: socket.socket) -> int:
    """Read one answer to its end; its status."""
    found = b""
    while b"\r\n\r\n" not in found:
        found += _some(connection)
    head, rest = found.split(b"\r\n\r\n", 1)
    lines = head.lower().split(b"\r\n")
    length = next(int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length"))
    missing = length - len(rest)
    while missing > 0:
        missing -= len(_some(connection))
    return int(head[9:12])


def _some(connection: socket.socket) -> bytes:
    read = connection.recv(_READ)
    if not read:
        raise ConnectionError("the server closed the connection")
    return read


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("file", type=Path)
    parser.add_argument("--clients", type=int, default=1)
    given = parser.parse_args()
    lines = [as_bytes(given.host, *json.loads(line)) for line in given.file.read_text().splitlines()]
    print(json.dumps(ask_all((given.host, given.port), lines, given.clients)))
