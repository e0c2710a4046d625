"""What a registered model takes and gives, without importing MLflow for it."""

import json
from typing import Any, NamedTuple

from recsys_core.dataset.ids import Id, IdKind

__all__ = [
    "BUNDLE",
    "BUNDLE_FOLDER",
    "DEFAULT_K",
    "DEFAULT_MODEL",
    "EVALUATION_FINGERPRINT",
    "EVALUATION_MODEL",
    "EVALUATION_RUN",
    "MAX_K",
    "MODEL_NAME",
    "NOBODY",
    "InputExample",
    "input_columns",
    "input_example",
    "output_columns",
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

# An integer column with gaps cannot be converted by MLflow's server, so that nobody has an id, too.
NOBODY: dict[IdKind, Id] = {"integer": 0, "text": ""}
_ID_TYPES: dict[IdKind, str] = {"integer": "long", "text": "string"}


def input_columns(users: IdKind) -> dict[str, str]:
    """Types of the columns; `liked` is text: MLflow's server cannot convert a list that is empty in some rows."""
    return {"user_id": _ID_TYPES[users], "liked": "string"}


def output_columns(users: IdKind, items: IdKind) -> dict[str, str]:
    return {
        "row": "long",
        "user_id": _ID_TYPES[users],
        "rank": "long",
        "movie_id": _ID_TYPES[items],
        "title": "string",
        "score": "double",
        "path": "string",
    }


# What answering from a bundle takes: not orchestration, validation, fitting or plotting.
_RUNTIME = ("mlflow", "numpy", "pandas", "pyarrow", "pydantic", "scipy", "threadpoolctl")


def signature(users: IdKind, items: IdKind) -> Any:
    """MLflow's description of the input, the output and the parameters ``k`` and ``model``."""
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, ParamSchema, ParamSpec, Schema

    return ModelSignature(
        inputs=Schema([ColSpec(kind, name, required=False) for name, kind in input_columns(users).items()]),
        outputs=Schema([ColSpec(kind, name) for name, kind in output_columns(users, items).items()]),
        params=ParamSchema([ParamSpec("k", "long", DEFAULT_K), ParamSpec("model", "string", DEFAULT_MODEL)]),
    )


class InputExample(NamedTuple):
    """A table of people to ask about, and what people and items are called by in it."""

    people: Any
    users: IdKind
    items: IdKind


def input_example(user_id: Id, liked: list[Id]) -> InputExample:
    """A known user, and somebody of whom only liked movies are known."""
    import pandas as pd

    users, items = (_kind(name) for name in (user_id, liked[0] if liked else 0))
    written = json.dumps(liked) if items == "text" else ",".join(map(str, liked))
    return InputExample(pd.DataFrame({"user_id": [user_id, NOBODY[users]], "liked": ["", written]}), users, items)


def _kind(name: Id) -> IdKind:
    return "text" if isinstance(name, str) else "integer"


def pip_requirements() -> list[str]:
    """Pinned versions of what a bundle and its code run on; the code comes with the version, nobody publishes it."""
    from importlib.metadata import version

    return [f"{name}=={version(name)}" for name in _RUNTIME]
