"""What can be set about the content model."""

from pydantic import Field, field_validator

from recsys_core.features.parameters import check_group_weights
from recsys_core.parameters import Parameters

__all__ = ["ContentParameters"]


class ContentParameters(Parameters):
    """Parameters of :func:`recsys_core.sources.content.fit_content`."""

    group_weights: dict[str, float] = Field(
        default={"genre": 0.05, "decade": 0.15, "title": 0.3, "tags": 0.2, "genome": 1.0}
    )
    """Weight of each feature group's cosine; a group that is not named has weight 0."""

    _check_weights = field_validator("group_weights")(check_group_weights)
