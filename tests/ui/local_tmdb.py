"""A server on this machine that answers as TMDB does: bodies written by hand, with TMDB's keys; and its failures."""

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

V3_KEY = "0123456789abcdef0123456789abcdef"
V4_TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ0ZXN0In0.c2lnbmF0dXJl"
"""A key and a token of the right shapes, which no other server knows."""

TOY_STORY = {
    "adult": False,
    "backdrop_path": "/3Rfvhy1Nl6sSGJwyjb0QiZzZYlB.jpg",
    "genres": [{"id": 16, "name": "Animation"}],
    "id": 862,
    "imdb_id": "tt0114709",
    "original_title": "Toy Story",
    "overview": "Led by Woody, the toys live happily until Buzz Lightyear arrives.",
    "poster_path": "/uXDfjJbdP4ijW5hWSBrPrlKpxab.jpg",
    "release_date": "1995-11-22",
    "title": "Toy Story",
    "vote_average": 7.97,
}
NOT_FOUND = {"success": False, "status_code": 34, "status_message": "The resource you requested could not be found."}
BAD_KEY = {"status_code": 7, "status_message": "Invalid API key: You must be granted a valid key.", "success": False}
TOO_MANY = {"status_code": 25, "status_message": "Your request count (41) is over the allowed limit.", "success": False}
BROKEN = {"success": False, "status_code": 11, "status_message": "Internal error: Something went wrong."}


def movie_body(tmdb_id: int, **changed: Any) -> dict[str, Any]:
    """TMDB's answer about some other movie."""
    return {**TOY_STORY, "id": tmdb_id, "poster_path": f"/poster{tmdb_id}.jpg", **changed}


@dataclass
class Script:
    """What the server will answer: failures of a movie in turn, then its body; and what it was asked."""

    failures: dict[int, list[tuple[int, Any, dict[str, str]]]] = field(default_factory=dict)
    unknown: set[int] = field(default_factory=set)
    seconds: float = 0.0
    asked: Counter[int] = field(default_factory=Counter)
    most_at_once: int = 0
    url: str = ""

    def fail(self, tmdb_id: int, code: int, body: Any = BROKEN, times: int = 1, **headers: str) -> None:
        self.failures.setdefault(tmdb_id, []).extend([(code, body, headers)] * times)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    script: Script
    lock: threading.Lock
    n_now: int


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        script = self.server.script
        with self.server.lock:
            self.server.n_now += 1
            script.most_at_once = max(script.most_at_once, self.server.n_now)
        try:
            if script.seconds:
                time.sleep(script.seconds)
            self._answer(*self._what(script))
        except (BrokenPipeError, ConnectionResetError):
            pass
        finally:
            with self.server.lock:
                self.server.n_now -= 1

    def _what(self, script: Script) -> tuple[int, Any, dict[str, str]]:
        address = urlsplit(self.path)
        key = parse_qs(address.query).get("api_key", [""])[0]
        if key != V3_KEY and self.headers.get("authorization") != f"Bearer {V4_TOKEN}":
            return 401, BAD_KEY, {}
        tmdb_id = int(address.path.rsplit("/", 1)[1])
        with self.server.lock:
            script.asked[tmdb_id] += 1
            if script.failures.get(tmdb_id):
                return script.failures[tmdb_id].pop(0)
        if tmdb_id in script.unknown:
            return 404, NOT_FOUND, {}
        return 200, TOY_STORY if tmdb_id == TOY_STORY["id"] else movie_body(tmdb_id), {}

    def _answer(self, code: int, body: Any, headers: dict[str, str]) -> None:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(code)
        for name, value in {"Content-Type": "application/json;charset=utf-8", **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing on the terminal."""


@contextmanager
def local_tmdb() -> Iterator[Script]:
    """The server for the length of a block; its address is ``url``."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.script, server.lock, server.n_now = Script(), threading.Lock(), 0
    server.script.url = f"http://127.0.0.1:{server.server_address[1]}/3"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server.script
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
