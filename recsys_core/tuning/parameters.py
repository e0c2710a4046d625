"""What can be set about tuning."""

from typing import Any, Self

from pydantic import Field, model_validator

from recsys_core.dataset.interactions import UserItemMatrix
from recsys_core.hybrid import HybridWeights
from recsys_core.sources.search_space import SearchParameter
from recsys_core.sources.source import SourceKind
from recsys_core.sources.table import SOURCES, SourcesParameters, source_named
from recsys_core.tuning.space import GROUP_PREFIX, SEARCH_SPACE, SIDES, STAGES, StageSpace, for_ratings

__all__ = ["TuningParameters"]

_TRIALS_PER_SHARE = 4  # of all trials the stages of sources have shares by their default trials
_SHARES = {"blend": 4, "gate": 1}  # the blend's are the cheapest


class TuningParameters(SourcesParameters):  # type: ignore[misc, valid-type]  # made from the table
    """How the sources and the blend are tuned on validation users."""

    n_trials_blend: int = Field(default=80, ge=1, le=10_000)
    """Trials of the weights in the user's own taste and the group weights, on whole histories."""
    n_trials_gate: int = Field(default=24, ge=1, le=10_000)
    """Trials of κ and the weights in the prior, on shortened and whole histories."""
    seed: int = Field(default=0, ge=0, lt=2**32)
    """Seed of the sampler and of the choice of users."""
    sample_users: int = Field(default=8_000, ge=1)
    """Where training has more users, trials of ALS and EASE are fitted on so many, drawn by a seeded hash of their ids,
    with regularizations that mean the same there; so is what titles without ratings are learnt from."""
    sample_ratings: int = Field(default=1_000_000, ge=0)
    """The sample of users grows until it should hold so many ratings."""
    max_users: int = Field(default=1_000, ge=1)
    """At most so many validation users, drawn by a seeded hash of their ids."""
    max_shortened_users: int = Field(default=250, ge=1)
    """At most so many of them for each length of shortened histories, for each length others."""
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
    weights: HybridWeights = HybridWeights()
    """Hybrid weights; those that are set are not searched."""
    search_space: tuple[SearchParameter, ...] = SEARCH_SPACE
    """One entry per tuned parameter. What is set to another value than its default keeps it and is not searched, unless
    a range other than its usual one stands here."""

    @model_validator(mode="after")
    def _spaces_are_whole(self) -> Self:
        for stage in STAGES:
            StageSpace(stage, self.search_space)
        for parameter in self.search_space:
            if parameter.stage not in STAGES:
                raise ValueError(f"search space: stage {parameter.stage!r} is none of {', '.join(STAGES)}")
        if min(self.first_ratings) < 1:
            raise ValueError("first_ratings must be at least 1: without a rating only popularity is left")
        return self

    @model_validator(mode="after")
    def _set_is_not_searched(self) -> Self:
        left = tuple(p for p in self.search_space if p not in SEARCH_SPACE or not self._is_set(p))
        object.__setattr__(self, "search_space", left)  # of a value that nobody has seen yet
        return self

    def space_for(self, train: UserItemMatrix) -> tuple[SearchParameter, ...]:
        """What is searched on ``train``: of many ratings more than ``search_space``, but for what somebody chose."""
        there = {(p.stage, p.name) for p in self.search_space}
        wider = for_ratings(self.search_space, train.n_ratings, train.n_users)
        return tuple(p for p in wider if (p.stage, p.name) in there or not self._is_set(p))

    def _is_set(self, parameter: SearchParameter) -> bool:
        """Whether somebody chose the value of what ``parameter`` searches."""
        name, usual = parameter.name, HybridWeights()
        if name.startswith(GROUP_PREFIX):
            return name.removeprefix(GROUP_PREFIX) in self.weights.group_weights
        if parameter.stage in SIDES and name in {kind.name for kind in SOURCES}:
            mine, default = (getattr(weights, SIDES[parameter.stage]).get(name) for weights in (self.weights, usual))
        elif parameter.stage in SIDES:
            mine, default = getattr(self.weights, name), getattr(usual, name)
        else:
            chosen, defaults = self.of(parameter.stage), source_named(parameter.stage).defaults
            if chosen is None:
                return False
            mine, default = getattr(chosen, name), getattr(defaults, name)
        return bool(mine != default)

    def of(self, name: str) -> Any:
        """The parameters of the source ``name``; None where it has none or is left out."""
        return getattr(self, name, None)

    @property
    def sources(self) -> tuple[SourceKind, ...]:
        """The sources that take part."""
        return tuple(kind for kind in SOURCES if kind.defaults is None or self.of(kind.name) is not None)

    def n_trials(self, stage: str) -> int:
        """Trials planned for ``stage``."""
        return int(getattr(self, f"n_trials_{stage}"))

    def with_trials(self, n_trials: int) -> Self:
        """So many trials in all, divided among the stages; each has at least one."""
        own = {kind.name: kind.n_trials // _TRIALS_PER_SHARE for kind in SOURCES if kind.is_tuned}
        shares = {**own, **_SHARES}
        counts = {stage: max(1, n_trials * share // sum(shares.values())) for stage, share in shares.items()}
        counts["blend"] = max(1, counts["blend"] + n_trials - sum(counts.values()))
        changed: Self = self.replace(**{f"n_trials_{stage}": count for stage, count in counts.items()})
        return changed
