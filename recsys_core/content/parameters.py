"""What can be set about the content model."""

from pydantic import Field, field_validator

from recsys_core.features import GROUP_NAMES
from recsys_core.parameters import Parameters

__all__ = ["ContentParameters", "check_group_weights"]


def check_group_weights(weights: dict[str, float]) -> dict[str, float]:
    """Refuse unknown feature groups and negative weights."""
    for name, weight in weights.items():
        if name not in GROUP_NAMES:
            raise ValueError(f"feature group {name!r} is not known, expected one of {', '.join(GROUP_NAMES)}")
        if weight < 0:
            raise ValueError(f"the weight of feature group {name} is {weight}, expected at least 0")
    return weights


class ContentParameters(Parameters):
    """Parameters of :func:`recsys_core.content.fit_content`."""

    group_weights: dict[str, float] = Field(default={"genre": 0.05, "decade": 0.15, "tags": 0.2, "genome": 1.0})
    """Weight of each feature group's cosine; a group that is not named has weight 0."""

    _check_weights = field_validator("group_weights")(check_group_weights)
