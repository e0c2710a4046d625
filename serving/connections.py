"""Connections that wait for their client: for how long, and how many.

uvicorn has no time-out for a request's head, and its ``limit_concurrency`` counts idle connections: some hundred that
send nothing would turn everybody away. What is worked on is limited by :class:`serving.middleware.RequestLimit`.
"""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

__all__ = ["patient_protocol"]


def patient_protocol(head_seconds: float = 10.0, most_waiting: int = 512) -> type[HttpToolsProtocol]:
    """uvicorn's protocol with limits; the connections of all servers that use this class count together.

    head_seconds  a connection whose next request's head is not whole after this time is closed
    most_waiting  connections without a whole request; one more closes the one that has waited longest
    """
    waiting: dict[asyncio.Protocol, asyncio.Transport] = {}  # the longest first

    class PatientProtocol(HttpToolsProtocol):
        _deadline: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self._wait()

        def connection_lost(self, exc: Exception | None) -> None:
            self._in_time()
            waiting.pop(self, None)
            super().connection_lost(exc)

        def on_headers_complete(self) -> None:
            self._in_time()  # a body has its own time: serving.middleware.BodyLimit
            self._wait_in_line()
            super().on_headers_complete()

        def on_message_complete(self) -> None:
            if not self.cycle.response_complete:  # otherwise the rest of a body that nobody wanted
                waiting.pop(self, None)
            super().on_message_complete()

        def on_response_complete(self) -> None:
            super().on_response_complete()
            if self.cycle.response_complete:  # no other request waits in line
                self._wait()

        def _wait(self) -> None:
            self._in_time()
            # abort, not close: whoever does not read what was sent must not hold the connection either
            self._deadline = self.loop.call_later(head_seconds, self.transport.abort)
            waiting.pop(self, None)
            self._wait_in_line()

        def _wait_in_line(self) -> None:
            waiting.setdefault(self, self.transport)
            if len(waiting) > most_waiting:
                waiting.pop(next(iter(waiting))).abort()

        def _in_time(self) -> None:
            if self._deadline is not None:
                self._deadline.cancel()
                self._deadline = None

    return PatientProtocol
