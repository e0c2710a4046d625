"""One round of validation: sources fitted on a training part, judged on the validation users that it has not seen.

A small data set has few validation users, and what is best on 60 of them is mostly chance. Several rounds hold out
other users in turn (k-fold cross-validation, Stone 1974), always outside the test part.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from recsys_core.dataset.feedback import Feedback
from recsys_core.dataset.interactions import Split
from recsys_core.evaluation.slices import sample_users
from recsys_core.features import ItemFeatures
from recsys_core.histories import Histories
from recsys_core.hybrid import HybridWeights
from recsys_core.hybrid.fit import usual_spread
from recsys_core.parameters import Parameters
from recsys_core.sources.content import ContentModel, ContentParameters
from recsys_core.sources.source import Source, SourceKind, Training
from recsys_core.tuning.blend_table import BlendTable
from recsys_core.tuning.goal import Goal
from recsys_core.tuning.objectives import Terms, blend_table, mean_value
from recsys_core.tuning.parameters import TuningParameters
from recsys_core.tuning.sample import Sample
from recsys_core.tuning.validation_users import JudgedUsers, shortened_users, whole_users

__all__ = ["Round", "Tables", "mean_over"]

Part = TypeVar("Part")
Found = TypeVar("Found")
_KEPT = 3  # of each source, the last few that were fitted: the best of them is wanted again


@dataclass(frozen=True, slots=True, eq=False)
class Tables:
    """Terms of a round's users: with whole histories, and with each length of shortened ones."""

    whole: BlendTable
    shortened: list[BlendTable]
    goal: Goal

    def by_user(self, weights: HybridWeights) -> NDArray[np.float64]:
        """The value of every user's list with the whole history."""
        return self.whole.by_user(weights, self.goal)

    def value(self, weights: HybridWeights) -> float:
        """Its mean over users."""
        return float(self.by_user(weights).mean())

    def gate_value(self, weights: HybridWeights, whole_share: float) -> float:
        """The same, ``whole_share`` of it from whole histories and the rest shared by the shortened ones."""
        if not self.shortened:
            return self.value(weights)
        short = float(np.mean([table.by_user(weights, self.goal).mean() for table in self.shortened]))
        return whole_share * self.value(weights) + (1 - whole_share) * short


class Round:
    """A split's training part and validation users, and what is fitted and computed for them once."""

    def __init__(
        self,
        split: Split,
        parameters: TuningParameters,
        feedback: Feedback,
        features: ItemFeatures | None = None,
        *,
        recall_share: float = 0.0,
    ) -> None:
        """``features`` of at least the training items; sources that know ratings alone can do without."""
        self.goal = Goal(parameters.k, recall_share)
        self.split = split
        ids = split.train.item_ids
        self.features = ItemFeatures(ids, {}, {}) if features is None else features.select(ids)
        self.training = Training(split.train, self.features, feedback)
        self.parameters = parameters
        self.part = whole_users(split, parameters.max_users, parameters.seed)
        self.users = JudgedUsers(Histories.of(self.part.history), self.part.history.ratings, self.part.targets)
        self._fitters: dict[tuple[str, bool], Callable[[Any], Source]] = {}
        self._fitted: dict[tuple[str, bool], dict[str, Source]] = {}

    @cached_property
    def sample(self) -> Sample:
        """On which trials are fitted."""
        limits = self.parameters
        return Sample.of(self.training, limits.sample_users, limits.sample_ratings, limits.seed)

    @property
    def n_users(self) -> int:
        return self.users.n_users

    def value(self, kind: SourceKind, parameters: Any) -> float:
        """Mean over users of what the lists of one source by itself are worth, as a trial fits it."""
        return mean_value(self._tried(kind, parameters).score, self.users, self.goal)

    def remember(self, kind: SourceKind, parameters: Any, source: Source) -> None:
        """Take a source that was fitted on this round's training part elsewhere."""
        self._fitted.setdefault((kind.name, False), {})[_name(parameters)] = source

    def source(self, kind: SourceKind, parameters: Any) -> Source:
        """The source fitted on this round's training part."""
        if not self._is_sampled(kind):
            return self._source(kind, parameters, self.training)
        return self._source(kind, parameters, self.training, start=lambda: self._tried(kind, parameters))

    def _is_sampled(self, kind: SourceKind) -> bool:
        return self.sample.share < 1 and kind.on_sample is not None

    def _tried(self, kind: SourceKind, parameters: Any) -> Source:
        if not self._is_sampled(kind):
            return self.source(kind, parameters)
        return self._source(kind, self.sample.parameters(kind, parameters), self.sample.training)

    def _source(
        self, kind: SourceKind, parameters: Any, training: Training, start: Callable[[], Source] | None = None
    ) -> Source:
        key = (kind.name, training is not self.training)
        if kind.fitter is not None:
            if key not in self._fitters:
                self._fitters[key] = kind.fitter(training, parameters)
            return self._fitters[key](parameters)
        kept, name = self._fitted.setdefault(key, {}), _name(parameters)
        if name not in kept:
            while len(kept) >= _KEPT:
                kept.pop(next(iter(kept)))
            kept[name] = kind.fit(replace(training, start={kind.name: start()} if start else {}), parameters)
        return kept[name]

    def tables(self, parameters: Mapping[str, Parameters | None], weights: HybridWeights) -> Tables:
        """Terms of this round's users, sources fitted with ``parameters``; ``weights`` only choose candidates."""
        kinds = [kind for kind in self.parameters.sources if kind.name != "content"]
        sources = {kind.name: self.source(kind, parameters.get(kind.name)) for kind in kinds}
        self._fitters.clear()  # dense matrices that are not wanted again
        usual = {kind.name: usual_spread(sources[kind.name], self.split.train) for kind in kinds if kind.steady > 0}
        content = ContentModel(self.features, self.split.train.n_items, ContentParameters(), self.training.feedback)
        steady = {kind.name: kind.steady * usual.get(kind.name, 0.0) for kind in kinds}
        terms = Terms(sources, steady, content, self.training.feedback)
        limits = self.parameters
        table = partial(blend_table, terms, weights=weights, n_best=limits.n_best, max_table=limits.max_table)
        threshold, lengths = self.parameters.positive_threshold, self.parameters.first_ratings
        some = [sample_users(self.part, limits.max_shortened_users, limits.seed + n) for n in lengths]
        shortened = [shortened_users(self.split, part, n, threshold) for n, part in zip(lengths, some, strict=True)]
        whole, *found = [table(users) for users in (self.users, *shortened) if users.n_users]
        return Tables(whole, found, self.goal)


def mean_over(rounds: list[Round], values: list[float]) -> float:
    """One value per round, averaged over their users."""
    counts: NDArray[np.float64] = np.asarray([r.n_users for r in rounds], dtype=np.float64)
    return float(np.asarray(values) @ counts / counts.sum())


def _name(parameters: Parameters | None) -> str:
    return "" if parameters is None else str(sorted(parameters.as_dict().items()))
