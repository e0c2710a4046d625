"""The one way in which this room gets hold of MLflow: late, quiet, and without reporting to anybody."""

import logging
import os
from typing import Any

__all__ = ["import_mlflow"]


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
