"""The recommender itself: plain Python, NumPy/SciPy, implicit and Optuna.

No orchestration, tracking, web framework, environment variable or clock in here, but for :mod:`recsys_core.library`,
which notebooks call: ``from recsys_core import Dataset, Feedback, Recommender``.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from recsys_core.dataset.feedback import Feedback
    from recsys_core.library import Dataset, Recommender

__all__ = ["Dataset", "Feedback", "Recommender"]

_FROM = {
    "Dataset": "recsys_core.library",
    "Feedback": "recsys_core.dataset.feedback",
    "Recommender": "recsys_core.library",
}


def __getattr__(name: str) -> Any:
    """Names of the library are imported when they are asked for: nobody else waits for them."""
    if name not in _FROM:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_FROM[name]), name)
