"""The one way in which this room gets hold of MLflow: late, quiet, and without reporting to anybody."""

import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote, urlsplit

from recsys_core.errors import RecsysError, RegistryError
from registry.addresses import without_credentials_in

__all__ = ["as_registry_error", "credentials_apart", "import_mlflow", "is_missing", "one_line"]

_LONGEST = 300  # characters of somebody else's message
_RETRIES = re.compile(r" failed with exception .*\(Caused by (.*)\)$")  # MLflow's words around those of urllib3
_ADVICE = "; see that the store can be reached and is whole, then try again"
# MLflow tries for minutes by itself. One request and no other one: a step of a run is tried again as a whole.
_IMPATIENT = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0", "MLFLOW_HTTP_REQUEST_TIMEOUT": "14"}


def import_mlflow() -> Any:
    """Import MLflow (2 to 4 seconds the first time) and return the module.

    Usage reports to MLflow's makers are switched off, and a server that says nothing is waited for 14 seconds, unless
    ``MLFLOW_DISABLE_TELEMETRY`` and ``MLFLOW_HTTP_REQUEST_TIMEOUT`` say otherwise. Messages
    below a warning ("Creating initial MLflow database tables...") and progress
    bars for copying files are not shown.
    """
    for name, value in _IMPATIENT.items():
        os.environ.setdefault(name, value)
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    import mlflow

    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
    return mlflow


def credentials_apart(address: str) -> str:
    """The address of a server without user and password, which are put where MLflow's client looks for them.

    No message of MLflow or of what it stands on, and no page of Dagster, can show them then. Other addresses as they
    are; RegistryError for one that cannot be taken apart.
    """
    try:
        parts = urlsplit(address)
    except ValueError as error:
        raise RegistryError(f"MLFLOW_TRACKING_URI is no address ({error}); expected http://HOST:PORT") from None
    if parts.scheme not in {"http", "https"} or "@" not in parts.netloc:
        return address
    os.environ["MLFLOW_TRACKING_USERNAME"] = unquote(parts.username or "")
    os.environ["MLFLOW_TRACKING_PASSWORD"] = unquote(parts.password or "")
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


@contextmanager
def as_registry_error(what: str, advice: str = _ADVICE) -> Iterator[None]:
    """Whatever goes wrong in the block becomes a RegistryError of one line: ``what``, the reason, and ``advice``.

    A RegistryError passes as it is: it was written where the fault was found.
    """
    mlflow = import_mlflow()
    try:
        yield
    except RegistryError:
        raise
    except (mlflow.MlflowException, RecsysError, OSError, LookupError, ValueError, TypeError) as error:
        raise RegistryError(f"{what} ({one_line(error)}){advice}") from error


def is_missing(error: Exception) -> bool:
    """Whether an MlflowException says that there is no such thing, rather than that the store cannot be asked."""
    return getattr(error, "error_code", "") in {"RESOURCE_DOES_NOT_EXIST", "NOT_FOUND"}


def one_line(error: Exception) -> str:
    """The message of ``error`` (or its type, where it has none) without line ends and without the user and password of
    an address, cut where it is very long."""
    text = without_credentials_in(" ".join(str(error).split())) or type(error).__name__
    text = _RETRIES.sub(r" failed: \1", text)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
