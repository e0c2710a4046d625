"""Which faults may pass by themselves, so that a step is tried again after a while."""

import errno
import sqlite3
import urllib.error
from collections.abc import Iterator

__all__ = ["RETRY_SECONDS", "passes_by_itself"]

RETRY_SECONDS = (5, 20, 80)
"""How long a step waits before each further attempt."""

_BUSY = {
    *(errno.EAGAIN, errno.EBUSY, errno.EINTR, errno.ESTALE, errno.ETIMEDOUT, errno.EPIPE),
    *(errno.ECONNREFUSED, errno.ECONNRESET, errno.EHOSTUNREACH, errno.ENETUNREACH),
}
_PASSING = {
    *(f"requests.{name}" for name in ("ConnectionError", "RetryError", "Timeout", "ConnectTimeout", "ReadTimeout")),
    "psycopg2.OperationalError",
}
_AWAY = {429, 500, 502, 503, 504}  # a server's answers


def passes_by_itself(error: BaseException) -> bool:
    """Whether a server was away, or a lock or disk busy, at the bottom of ``error``."""
    return any(_is_passing(found) for found in _chain(error))


def _is_passing(error: BaseException) -> bool:
    if isinstance(error, sqlite3.OperationalError):
        return "locked" in str(error) or "busy" in str(error)
    if isinstance(error, (ConnectionError, TimeoutError)):
        return True
    if isinstance(error, OSError) and error.errno in _BUSY:
        return True
    if isinstance(error, urllib.error.HTTPError):
        return error.code in _AWAY
    kind = f"{type(error).__module__.split('.')[0]}.{type(error).__name__}"  # of libraries that need not be loaded
    if kind == "mlflow.RestException":
        return error.get_http_status_code() in _AWAY  # type: ignore[attr-defined]
    return kind in _PASSING


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """The error, and what it comes from."""
    while error is not None:
        yield error
        reason = getattr(error, "reason", None)  # of urllib's URLError
        if isinstance(reason, BaseException):
            yield reason
        error = error.__cause__ or error.__context__
