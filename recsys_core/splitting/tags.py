"""Which free-text tags training may know."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys_core.errors import ParameterError
from recsys_core.splitting.parameters import SplitParameters
from recsys_core.splitting.split import TRAIN, assign_users

__all__ = ["training_tags"]


def training_tags(
    user_ids: NDArray[np.int64], timestamps: NDArray[np.int64], summary: Mapping[str, Any]
) -> NDArray[np.bool_]:
    """Which tags (n_tags,), given who wrote them and when, belong to the training part of a split with ``summary``.

    A tag tells that its author saw the movie: those of held-out users (``user_holdout``) and those written from the
    first cut-off on (``temporal``) would let features know what is to be predicted.
    """
    if summary["protocol"] == "user_holdout":
        return np.asarray(assign_users(user_ids, SplitParameters(**summary["parameters"])) == TRAIN)
    if summary["protocol"] == "temporal":
        return np.asarray(timestamps < summary["cut_offs"]["validation_from"])
    raise ParameterError(
        f"tags cannot be divided for a split by {summary['protocol']!r}; expected user_holdout or temporal: "
        "leave the tags out"
    )
