"""What can be set about tuning."""

from typing import Self

from pydantic import Field, model_validator

from recsys_core.hybrid import HybridWeights
from recsys_core.parameters import Parameters
from recsys_core.sources.als import ALSParameters
from recsys_core.sources.ease import EASEParameters
from recsys_core.sources.user_knn import UserKNNParameters
from recsys_core.tuning.space import SEARCH_SPACE, STAGES, SearchParameter, StageSpace

__all__ = ["TuningParameters"]

_SHARES = {"als": 3, "ease": 2, "blend": 4, "gate": 1}  # of all trials; the blend's are the cheapest


class TuningParameters(Parameters):
    """How ALS, EASE and the blend are tuned on validation users."""

    n_trials_als: int = Field(default=12, ge=1, le=10_000)
    """Trials of the ALS parameters, judged by ALS alone."""
    n_trials_ease: int = Field(default=8, ge=1, le=10_000)
    """Trials of EASE's regularization and feature weight, judged by EASE alone."""
    n_trials_blend: int = Field(default=80, ge=1, le=10_000)
    """Trials of e, β and the group weights on whole histories."""
    n_trials_gate: int = Field(default=24, ge=1, le=10_000)
    """Trials of κ and ν on shortened and whole histories."""
    seed: int = Field(default=0, ge=0, lt=2**32)
    """Seed of the sampler and of the choice of users."""
    max_users: int = Field(default=1_000, ge=1)
    """At most so many validation users, drawn by a seeded hash of their ids."""
    wanted_users: int = Field(default=400, ge=1)
    """Where one validation part has fewer users, further rounds hold out others in turn."""
    max_rounds: int = Field(default=5, ge=1, le=20)
    """At most so many rounds."""
    k: int = Field(default=10, ge=1, le=1_000)
    """The objective is NDCG@k."""
    first_ratings: tuple[int, ...] = Field(default=(1, 3, 5, 10), min_length=1)
    """Lengths of the shortened histories (first ratings by time) of the gate stage."""
    whole_history_share: float = Field(default=0.75, ge=0, le=1)
    """Weight of whole histories in the gate's objective; the rest is shared by the shortened ones."""
    positive_threshold: float = 4.0
    """A later rating of at least this is a target of a shortened history."""
    n_best: int = Field(default=500, ge=10)
    """Candidates are the union of each source's so many best items, where all items would be too many."""
    max_table: int = Field(default=20_000_000, ge=1)
    """Numbers that a table of component scores may hold before it is cut to candidates."""
    time_budget: float | None = Field(default=None, gt=0)
    """Seconds after which no trial but each stage's first is started; needs a clock."""
    als: ALSParameters = ALSParameters(iterations=10)
    """ALS parameters that the search space does not name."""
    ease: EASEParameters | None = EASEParameters()
    """EASE parameters that the search space does not name; None leaves EASE out."""
    neighbours: UserKNNParameters | None = UserKNNParameters()
    """User-kNN parameters; None leaves it out."""
    weights: HybridWeights = HybridWeights()
    """Hybrid weights that the search space does not name."""
    search_space: tuple[SearchParameter, ...] = SEARCH_SPACE
    """One entry per tuned parameter."""

    @model_validator(mode="after")
    def _spaces_are_whole(self) -> Self:
        for stage in STAGES:
            StageSpace(stage, self.search_space)
        if min(self.first_ratings) < 1:
            raise ValueError("first_ratings must be at least 1: without a rating only popularity is left")
        return self

    def n_trials(self, stage: str) -> int:
        """Trials planned for ``stage``."""
        return int(getattr(self, f"n_trials_{stage}"))

    def with_trials(self, n_trials: int) -> Self:
        """So many trials in all, divided among the stages; each has at least one."""
        whole = sum(_SHARES.values())
        counts = {stage: max(1, n_trials * share // whole) for stage, share in _SHARES.items()}
        counts["blend"] = max(1, counts["blend"] + n_trials - sum(counts.values()))
        return self.replace(**{f"n_trials_{stage}": count for stage, count in counts.items()})
