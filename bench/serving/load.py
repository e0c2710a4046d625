"""A load generator: asks a server, and tells how long each answer took."""

import http.client
import json
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

__all__ = ["Request", "ask_all"]

Request = tuple[str, str, Any]
"""Method, path, and what is sent as JSON; None sends nothing."""


def ask_all(url: str, requests: Sequence[Request], n_clients: int) -> tuple[list[float], float]:
    """Seconds of each request, in no order, and of all together; each client takes every n-th request.

    Connections are kept open. Raises RuntimeError where an answer is not 200.
    """
    ready = threading.Barrier(n_clients + 1)

    def client(number: int) -> list[float]:
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
        connection.connect()
        ready.wait(60)
        seconds = []
        for method, path, content in requests[number::n_clients]:
            body = None if content is None else json.dumps(content)
            started = time.perf_counter()
            connection.request(method, path, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            answer.read()
            seconds.append(time.perf_counter() - started)
            if answer.status != 200:
                raise RuntimeError(f"{method} {path} is answered {answer.status}, expected 200")
        connection.close()
        return seconds

    with ThreadPoolExecutor(n_clients) as clients:
        asked = [clients.submit(client, number) for number in range(n_clients)]
        ready.wait(60)
        started = time.perf_counter()
        seconds = [one for done in asked for one in done.result()]
        return seconds, time.perf_counter() - started
