"""What can be set about re-ranking."""

from typing import Literal, get_args

from pydantic import Field

from recsys_core.parameters import Parameters

__all__ = ["METHODS", "Method", "RerankParameters"]

Method = Literal["mmr", "dpp", "calibrated"]
METHODS: tuple[Method, ...] = get_args(Method)


class RerankParameters(Parameters):
    """Parameters of :func:`recsys_core.reranking.rerank`."""

    method: Method = "dpp"
    """``mmr``: no title close to one above it. ``dpp``: titles that span much together. ``calibrated``: the genre mix
    of what the user liked."""
    diversity: float = Field(default=0.0, ge=0, le=1)
    """Weight of diversity against relevance; 0 leaves the ranking as it is. The same value means different amounts of
    diversity in different methods."""
    n_candidates: int = Field(default=100, ge=1, le=10_000)
    """Only so many best items of a user can come into the list; more when the list itself is longer."""
