"""Around every request: an id, a log line, metrics, and limits on what is read."""

import asyncio
import re
import time
import uuid
from urllib.parse import unquote

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.errors import json_response
from serving.metrics import Metrics

__all__ = ["REQUEST_ID", "BodyLimit", "Observed", "RequestLimit", "SlashesInIds", "as_sent"]

REQUEST_ID = "x-request-id"
_ACCEPTED_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_BODY_SECONDS = 10.0
_INTERNAL = "something went wrong here; the log has it under the id of the request (x-request-id)"
_QUIET = frozenset({"/health", "/ready", "/metrics"})
_log = structlog.get_logger("serving.requests")


class SlashesInIds:
    """Keeps a slash that is part of an id, ``%2F`` in the address, apart from those between the parts of a path.

    In such a path, the part is what was sent with ``%`` and ``/`` encoded: :func:`as_sent` gives it back.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        raw = scope.get("raw_path") or b""
        if scope["type"] == "http" and b"%2" in raw:
            parts = (unquote(part, errors="replace") for part in raw.decode("ascii", "replace").split("/"))
            path = "/".join(part.replace("%", "%25").replace("/", "%2F") for part in parts)
            scope = {**scope, "path": path}
        await self._app(scope, receive, send)


def as_sent(part: str) -> str:
    """A part of a path as the caller meant it."""
    return part.replace("%2F", "/").replace("%25", "%")


class Observed:
    """Gives each request an id (the caller's, if it has a plain one), logs it, and counts and times it."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        sent = Headers(scope=scope).get(REQUEST_ID, "")
        request_id = sent if _ACCEPTED_ID.fullmatch(sent) else uuid.uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id
        started = time.perf_counter()
        status, began = 499, False  # the caller hung up before there was an answer

        async def noting(message: Message) -> None:
            nonlocal status, began
            if message["type"] == "http.response.start":
                began = True
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers[REQUEST_ID] = request_id
                headers["x-content-type-options"] = "nosniff"
            await send(message)

        error: BaseException | None = None
        try:
            await self._app(scope, receive, noting)
        except Exception as raised:  # a fault of ours: the log has it with the id, the caller a plain answer
            error = raised
            if not began:
                await json_response(500, _INTERNAL)(scope, receive, noting)
        seconds = time.perf_counter() - started
        route = getattr(scope.get("route"), "path", "none")
        self._metrics.requests.labels(route, scope["method"], str(status)).inc()
        self._metrics.seconds.labels(route).observe(seconds)
        self._tell(scope, route, status, seconds, request_id, error)

    def _tell(
        self, scope: Scope, route: str, status: int, seconds: float, request_id: str, error: BaseException | None
    ) -> None:
        about = {
            "request_id": request_id,
            "method": scope["method"],
            "route": route,
            "status": status,
            "ms": round(seconds * 1000, 2),
            **scope["state"].get("told", {}),
        }
        if error is not None:
            _log.error("request failed", **about, exc_info=error)
        elif route not in _QUIET:
            _log.info("request", **about)


class RequestLimit:
    """Refuses what comes beyond ``most`` requests at once (503); who watches the server is answered all the same."""

    def __init__(self, app: ASGIApp, most: int, metrics: Metrics) -> None:
        self._app, self._most, self._metrics, self._n_requests = app, most, metrics, 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in _QUIET:
            await self._app(scope, receive, send)
            return
        if self._n_requests >= self._most:
            self._metrics.refused.labels("too_many").inc()
            text = f"{self._most} requests are being answered; try again in a second"
            await json_response(503, text, {"Retry-After": "1"})(scope, receive, send)
            return
        self._n_requests += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._n_requests -= 1


class BodyLimit:
    """Refuses bodies longer than ``max_bytes`` (413) or that do not arrive in time (408), before they are parsed."""

    def __init__(self, app: ASGIApp, max_bytes: int, metrics: Metrics) -> None:
        self._app, self._max_bytes, self._metrics = app, max_bytes, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in {"GET", "HEAD", "OPTIONS"}:
            await self._app(scope, receive, send)
            return
        said = Headers(scope=scope).get("content-length", "0")
        if not said.isdecimal() or int(said) > self._max_bytes:
            await self._refuse(413, "too_long", scope, receive, send)
            return
        body = bytearray()
        try:
            async with asyncio.timeout(_BODY_SECONDS):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        return
                    body += message.get("body", b"")
                    if len(body) > self._max_bytes:
                        await self._refuse(413, "too_long", scope, receive, send)
                        return
                    if not message.get("more_body"):
                        break
        except TimeoutError:
            await self._refuse(408, "slow_body", scope, receive, send)
            return
        whole: Message | None = {"type": "http.request", "body": bytes(body), "more_body": False}

        async def replay() -> Message:
            nonlocal whole
            if whole is not None:
                message, whole = whole, None
                return message
            return await receive()

        await self._app(scope, replay, send)

    async def _refuse(self, status: int, reason: str, scope: Scope, receive: Receive, send: Send) -> None:
        self._metrics.refused.labels(reason).inc()
        text = {
            413: f"the body is longer than {self._max_bytes:,} bytes",
            408: f"the body did not arrive within {_BODY_SECONDS:g} seconds",
        }[status]
        await json_response(status, text, {"Connection": "close"})(scope, receive, send)
