"""Jobs: the whole pipeline, the data alone, the training alone."""

import dagster as dg

__all__ = ["DATA_JOB", "JOBS", "PARTS", "PIPELINE_JOB", "TRAINING_JOB"]

_DATA_GROUPS = ("raw", "validated", "features")
_TRAINING_GROUPS = ("models", "evaluation", "release")

PARTS = {"data": _DATA_GROUPS, "training": _TRAINING_GROUPS}
"""The groups of assets that can be run on their own, by the name of their job."""

PIPELINE_JOB = dg.define_asset_job(
    "pipeline",
    selection=dg.AssetSelection.groups(*_DATA_GROUPS, *_TRAINING_GROUPS),
    description="Raw CSV files to a promoted model and recommendations.",
)
DATA_JOB = dg.define_asset_job(
    "data",
    selection=dg.AssetSelection.groups(*_DATA_GROUPS),
    description="Raw CSV files to validated tables, matrix, split and item features.",
)
TRAINING_JOB = dg.define_asset_job(
    "training",
    selection=dg.AssetSelection.groups(*_TRAINING_GROUPS),
    description="Tuning, models, evaluation, registration and promotion, on the features as they are.",
)
JOBS = [PIPELINE_JOB, DATA_JOB, TRAINING_JOB]
