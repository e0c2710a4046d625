"""What counts as relevant, for everything that asks."""

from pydantic import Field

from recsys_core.parameters import Parameters

__all__ = ["RelevanceParameters"]


class RelevanceParameters(Parameters):
    """What a good recommendation is. Said once: splits, tuning, evaluation and onboarding go by it."""

    positive_threshold: float = Field(default=4.0, allow_inf_nan=False)
    """A rating of at least this says that a title was liked."""
    k: int = Field(default=10, ge=1, le=1_000)
    """Length of the list that is judged first: NDCG@k is what tuning maximises."""
