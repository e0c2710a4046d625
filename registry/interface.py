"""What a registered model takes and gives, without importing MLflow for it."""

from typing import Any

__all__ = [
    "BUNDLE",
    "BUNDLE_FOLDER",
    "DEFAULT_K",
    "DEFAULT_MODEL",
    "EVALUATION_FINGERPRINT",
    "EVALUATION_MODEL",
    "EVALUATION_RUN",
    "INPUT_COLUMNS",
    "MAX_K",
    "MODEL_NAME",
    "OUTPUT_COLUMNS",
    "input_example",
    "pip_requirements",
    "signature",
]

MODEL_NAME = "hybrid-recommender"
BUNDLE = "bundle"  # name of the artifact that holds the model bundle
BUNDLE_FOLDER = f"artifacts/{BUNDLE}"  # below a logged model's artifacts
EVALUATION_MODEL = "evaluation_model"  # below a run's artifacts
EVALUATION_FINGERPRINT = "evaluation_model_fingerprint"  # tag of a run
EVALUATION_RUN = "evaluation_run_id"  # tag of a version whose evaluation twin is kept by another run than its own
DEFAULT_K = 10
DEFAULT_MODEL = "hybrid"
MAX_K = 1000

# `liked` is text: MLflow's server cannot convert a list column that is empty in some rows. `user_id` has 0 for
# "nobody" because an integer column with gaps cannot be converted either.
INPUT_COLUMNS = {"user_id": "long", "liked": "string"}
OUTPUT_COLUMNS = {
    "row": "long",
    "user_id": "long",
    "rank": "long",
    "movie_id": "long",
    "title": "string",
    "score": "double",
    "path": "string",
}

# What answering from a bundle takes: not orchestration, validation, fitting or plotting.
_RUNTIME = ("mlflow", "numpy", "pandas", "pyarrow", "pydantic", "scipy", "threadpoolctl")


def signature() -> Any:
    """MLflow's description of the input, the output and the parameters ``k`` and ``model``."""
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, ParamSchema, ParamSpec, Schema

    return ModelSignature(
        inputs=Schema([ColSpec(kind, name, required=False) for name, kind in INPUT_COLUMNS.items()]),
        outputs=Schema([ColSpec(kind, name) for name, kind in OUTPUT_COLUMNS.items()]),
        params=ParamSchema([ParamSpec("k", "long", DEFAULT_K), ParamSpec("model", "string", DEFAULT_MODEL)]),
    )


def input_example(user_id: int, liked: list[int]) -> Any:
    """A known user, and somebody of whom only liked movies are known."""
    import pandas as pd

    return pd.DataFrame({"user_id": [user_id, 0], "liked": ["", ",".join(map(str, liked))]})


def pip_requirements() -> list[str]:
    """Pinned versions of what a bundle and its code run on; the code comes with the version, nobody publishes it."""
    from importlib.metadata import version

    return [f"{name}=={version(name)}" for name in _RUNTIME]
