"""The one way in which this room gets hold of MLflow: late, quiet, and without reporting to anybody."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from recsys_core.errors import RecsysError, RegistryError

__all__ = ["as_registry_error", "import_mlflow", "is_missing", "one_line"]

_LONGEST = 300  # characters of somebody else's message


def import_mlflow() -> Any:
    """Import MLflow (2 to 4 seconds the first time) and return the module.

    Usage reports to MLflow's makers are switched off unless ``MLFLOW_DISABLE_TELEMETRY`` says otherwise. Messages
    below a warning ("Creating initial MLflow database tables...") and progress
    bars for copying files are not shown.
    """
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    import mlflow

    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
    return mlflow


@contextmanager
def as_registry_error(what: str, advice: str = "") -> Iterator[None]:
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
    """The message of ``error`` (or its type, where it has none) without line ends, cut where it is very long."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
