"""Connections that send nothing, or half a request, neither stop the API nor stay: real sockets, the real server."""

import resource
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from http.client import HTTPResponse

import pytest
import uvicorn

from serving.app import application
from serving.connections import patient_protocol
from serving.listening import options
from serving.server import Server
from serving.settings import ServingSettings

from .conftest import Registry, listening

HEALTH = b"GET /health HTTP/1.1\r\nhost: here\r\n\r\n"
BODY_THAT_NOBODY_READS = HEALTH[:-2] + b"content-length: 999\r\n\r\n"
HALVES = (b"", b"GET /hea", HEALTH[:-2], b"POST /feedback HTTP/1.1\r\nhost: here\r\ncontent-length: 9\r\n\r\n{")


@pytest.fixture(autouse=True)
def _enough_files() -> Iterator[None]:
    """Both ends of every connection are files of this process."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(before[0], min(before[1], 4096)), before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.fixture
def config(registry: Registry, settings: ServingSettings) -> uvicorn.Config:
    """The server as `recsys serve` runs it."""
    server = Server(settings, registry, registry)
    server.refresh()
    return uvicorn.Config(application(server), **options("127.0.0.1", 0))


@contextmanager
def connections(port: int, n: int) -> Iterator[list[socket.socket]]:
    with ExitStack() as opened:
        yield [opened.enter_context(socket.create_connection(("127.0.0.1", port), timeout=5)) for _ in range(n)]


def answer(port: int, path: str = "/recommendations/10") -> str:
    """The status line and all else that a new connection gets."""
    with connections(port, 1) as (one,):
        one.sendall(f"GET {path} HTTP/1.1\r\nhost: here\r\nconnection: close\r\n\r\n".encode())
        return b"".join(iter(lambda: one.recv(65536), b"")).decode()


def answered(one: socket.socket) -> bool:
    """Whether the next answer on the connection is a 200; reads all of it: its body may come after its head."""
    with HTTPResponse(one) as response:
        response.begin()
        response.read()
        return response.status == 200


def hung_up(one: socket.socket) -> bool:
    """Whether the other end has closed the connection, within the time-out of ``one``."""
    try:
        return one.recv(65536) == b""
    except ConnectionError:
        return True
    except TimeoutError:
        return False


def test_the_api_answers_beside_600_half_open_connections(config: uvicorn.Config) -> None:
    with listening(config) as port, connections(port, 600) as waiting:
        for number, one in enumerate(waiting):
            one.sendall(HALVES[number % len(HALVES)])
        for path in ("/health", "/ready", "/recommendations/10"):
            assert answer(port, path).startswith("HTTP/1.1 200"), path


def test_one_connection_too_many_closes_the_one_that_has_waited_longest(config: uvicorn.Config) -> None:
    config.http = patient_protocol(most_waiting=3)
    with listening(config) as port, connections(port, 3) as (first, second, third):
        first.sendall(HEALTH)  # has been answered since, so the second has waited longest
        assert answered(first)
        with connections(port, 1):
            assert hung_up(second)
            for one in (first, third):
                one.sendall(HEALTH)
                assert answered(one)


@pytest.mark.parametrize("n_answers", [0, 1])
@pytest.mark.parametrize("half", [b"", b"GET /hea", HEALTH[:-2] + b"x", BODY_THAT_NOBODY_READS])
def test_a_head_that_is_not_whole_in_time_ends_the_connection(
    config: uvicorn.Config, half: bytes, n_answers: int
) -> None:
    config.http = patient_protocol(head_seconds=0.3)
    with listening(config) as port, connections(port, 1) as (one,):
        one.sendall(HEALTH * n_answers + half)
        if n_answers or half == BODY_THAT_NOBODY_READS:
            assert answered(one)
        begun = time.monotonic()
        one.settimeout(0.05)
        while time.monotonic() < begun + 4 and not hung_up(one):
            if half:
                with suppress(ConnectionError):
                    one.sendall(b"a")  # a byte now and then does not count
        assert time.monotonic() < begun + 2


def test_a_connection_that_is_used_outlives_the_time_for_one_head(config: uvicorn.Config) -> None:
    config.http = patient_protocol(head_seconds=0.4)
    with listening(config) as port, connections(port, 1) as (one,):
        for _ in range(4):
            time.sleep(0.2)
            one.sendall(HEALTH)
            assert answered(one)
