"""Imports what `recsys` takes long to import, for processes that are forked afterwards."""

import implicit.als  # noqa: F401
import matplotlib.figure  # noqa: F401
import optuna  # noqa: F401

import pipelines.cli.run
import pipelines.definitions
import pipelines.reporting  # noqa: F401
from recsys_core.validating.running import import_great_expectations
from registry.mlflow_library import import_mlflow

import_great_expectations()
import_mlflow()
import mlflow.store.model_registry.sqlalchemy_store  # noqa: E402
import mlflow.store.tracking.sqlalchemy_store  # noqa: E402, F401
