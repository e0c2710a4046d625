"""What an answer can fail with, and how it is told: always JSON, never a stack trace."""

import json
from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from recsys_core.errors import ParameterError, RecsysError, RegistryError

__all__ = [
    "NotReadyError",
    "NotRenewedError",
    "OverloadedError",
    "TooSlowError",
    "field_error",
    "install_handlers",
    "json_response",
]


class NotReadyError(RecsysError):
    """No model is loaded."""


class NotRenewedError(RecsysError):
    """The models were looked up as asked, and what the aliases name could not be taken."""


class OverloadedError(RecsysError):
    """More requests than can be worked on."""


class TooSlowError(RecsysError):
    """An answer that took too long."""


def field_error(message: str, *where: str | int) -> RequestValidationError:
    """A 422 that names a field, such as ("body", "liked", 3), for what the schemas alone cannot see."""
    return RequestValidationError([{"type": "value_error", "loc": where, "msg": message}])


def json_response(status: int, detail: Any, headers: dict[str, str] | None = None) -> Response:
    """Plain ASCII JSON: whatever a client has sent, and an error repeats, can be written."""
    body = json.dumps({"detail": detail}, ensure_ascii=True).encode()
    return Response(body, status, headers, "application/json")


def install_handlers(app: FastAPI) -> None:
    @app.exception_handler(RequestValidationError)
    async def unfit(request: Request, error: RequestValidationError) -> Response:
        return json_response(422, _faults(error.errors()))

    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> Response:
        return json_response(error.status_code, error.detail, dict(error.headers or {}))

    @app.exception_handler(ParameterError)
    async def not_offered(request: Request, error: ParameterError) -> Response:
        return json_response(422, [{"loc": ["request"], "msg": str(error), "type": "value_error"}])

    @app.exception_handler(NotReadyError)
    async def not_ready(request: Request, error: NotReadyError) -> Response:
        return json_response(503, f"no model is loaded yet: {error}", {"Retry-After": "5"})

    @app.exception_handler(NotRenewedError)
    async def not_renewed(request: Request, error: NotRenewedError) -> Response:
        return json_response(503, str(error), {"Retry-After": "5"})

    @app.exception_handler(RegistryError)
    async def registry_away(request: Request, error: RegistryError) -> Response:
        return json_response(503, "the registry cannot be asked now; the log says why", {"Retry-After": "5"})

    @app.exception_handler(OverloadedError)
    async def overloaded(request: Request, error: OverloadedError) -> Response:
        return json_response(503, str(error), {"Retry-After": "1"})

    @app.exception_handler(TooSlowError)
    async def too_slow(request: Request, error: TooSlowError) -> Response:
        return json_response(504, str(error), {"Retry-After": "1"})


def _faults(errors: Sequence[Any]) -> list[dict[str, Any]]:
    """Where and what, without the value that was sent: it may not be representable, and it is the caller's."""
    return [
        {"loc": [part if isinstance(part, int) else str(part) for part in fault["loc"]],
         "msg": str(fault["msg"]), "type": str(fault["type"])}
        for fault in errors
    ]  # fmt: skip
