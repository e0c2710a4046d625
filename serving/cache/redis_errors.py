"""What went wrong between the API and Redis, in one word."""

from redis import exceptions

from serving.cache.interface import Outcome

__all__ = ["kind_of"]

# the first that fits; an exception of redis-py may fit several
_KINDS: tuple[tuple[type[Exception], Outcome], ...] = (
    (exceptions.AuthenticationError, "auth"),
    (exceptions.AuthenticationWrongNumberOfArgsError, "auth"),
    (exceptions.AuthorizationError, "auth"),
    (exceptions.NoPermissionError, "auth"),
    (exceptions.OutOfMemoryError, "full"),
    (exceptions.ReadOnlyError, "read_only"),
    (exceptions.InvalidResponse, "protocol"),
    (exceptions.ResponseError, "server"),
    (exceptions.TimeoutError, "timeout"),
    (TimeoutError, "timeout"),
    (exceptions.ConnectionError, "connection"),
    (OSError, "connection"),
)


def kind_of(error: Exception) -> Outcome:
    """The kind of ``error``; "protocol" for exceptions that redis-py lets through from bytes it cannot read."""
    if isinstance(error, exceptions.ResponseError) and str(error).startswith("WRONGTYPE"):
        return "wrong_type"
    return next((kind for known, kind in _KINDS if isinstance(error, known)), "protocol")
