"""Imported by a server that forks a process for each step: MLflow and its embedded store, 5 s that each would need."""

from registry.mlflow_library import import_mlflow

import_mlflow()
import mlflow.store.tracking.sqlalchemy_store  # noqa: E402, F401
