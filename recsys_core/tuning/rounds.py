"""One round of validation: parts fitted on a training part, judged on the validation users that it has not seen.

A small data set has few validation users, and what is best on 60 of them is mostly chance. Several rounds hold out
other users in turn (k-fold cross-validation, Stone 1974), always outside the test part.
"""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from recsys_core.dataset.feedback import Feedback
from recsys_core.dataset.interactions import Split
from recsys_core.errors import ParameterError
from recsys_core.features import ItemFeatures
from recsys_core.hybrid import HybridWeights
from recsys_core.sources.als import ALSModel, ALSParameters, fit_als
from recsys_core.sources.ease import EASEParameters
from recsys_core.sources.popularity import fit_popularity
from recsys_core.sources.user_knn import fit_user_knn
from recsys_core.tuning.blend_table import BlendTable
from recsys_core.tuning.ease_path import EASEPath
from recsys_core.tuning.objectives import Score, Sources, blend_factors, blend_table, content_term, mean_ndcg
from recsys_core.tuning.parameters import TuningParameters
from recsys_core.tuning.validation_users import JudgedUsers, shortened_users, whole_users

__all__ = ["Round", "Tables", "in_each", "mean_over"]

Part = TypeVar("Part")
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True, eq=False)
class Tables:
    """Component scores of a round's users: with whole histories, and with each length of shortened ones."""

    whole: BlendTable
    shortened: list[BlendTable]
    groups: tuple[str, ...]
    k: int

    def blend_ndcg(self, weights: HybridWeights) -> float:
        """Mean NDCG@k over users with whole histories."""
        return self._mean(self.whole, weights)

    def gate_ndcg(self, weights: HybridWeights, whole_share: float) -> float:
        """The same, ``whole_share`` of it from whole histories and the rest shared by the shortened ones."""
        if not self.shortened:
            return self.blend_ndcg(weights)
        short = float(np.mean([self._mean(table, weights) for table in self.shortened]))
        return whole_share * self.blend_ndcg(weights) + (1 - whole_share) * short

    def _mean(self, table: BlendTable, weights: HybridWeights) -> float:
        return float(table.ndcg(blend_factors(table, weights, self.groups), self.k).mean())


class Round:
    """A split's training part and validation users, and what is fitted and computed for them once."""

    def __init__(
        self,
        split: Split,
        parameters: TuningParameters,
        feedback: Feedback,
        features: ItemFeatures | None = None,
    ) -> None:
        """``features`` of at least the training items; ALS alone can do without."""
        self.split = split
        self.features = None if features is None else features.select(split.train.item_ids)
        self.parameters = parameters
        self.feedback = feedback
        self.part = whole_users(split, parameters.max_users, parameters.seed)
        ratings = self.part.history.ratings
        self.users = JudgedUsers(ratings, ratings, self.part.targets)
        self._fitted: dict[str, ALSModel] = {}
        self._path: EASEPath | None = None

    @property
    def n_users(self) -> int:
        return self.users.n_users

    def als_ndcg(self, parameters: ALSParameters) -> float:
        return mean_ndcg(self.als_model(parameters).score, self.users, self.parameters.k)

    def ease_ndcg(self, parameters: EASEParameters) -> float:
        return mean_ndcg(self._ease_score(parameters), self.users, self.parameters.k)

    def remember(self, model: ALSModel) -> None:
        """Take a model that was fitted on this round's training part elsewhere."""
        self._fitted[_name(model.parameters)] = model

    def als_model(self, parameters: ALSParameters) -> ALSModel:
        """The fitted model; the last few are kept, for the best of them is wanted again."""
        name = _name(parameters)
        if name not in self._fitted:
            train = self.split.train
            while len(self._fitted) >= 3:
                self._fitted.pop(next(iter(self._fitted)))
            self._fitted[name] = fit_als(train.ratings, train.item_ids, parameters, feedback=self.feedback)
        return self._fitted[name]

    def tables(self, als: ALSParameters, ease: EASEParameters | None, weights: HybridWeights) -> Tables:
        """Component scores of this round's users; ``weights`` only choose the content candidates."""
        train = self.split.train
        if self.features is None:
            raise ParameterError("the blend needs features of the training items; make the round with them")
        neighbours = None
        if self.parameters.neighbours is not None:
            neighbours = fit_user_knn(train, self.parameters.neighbours, feedback=self.feedback).score
        sources = Sources(
            self.als_model(als),
            None if ease is None else self._ease_score(ease),
            content_term(self.features, self.feedback.middle),
            neighbours,
            fit_popularity(train.ratings, train.item_ids),
        )

        def table(users: JudgedUsers) -> BlendTable:
            limits = self.parameters
            return blend_table(sources, users, weights=weights, n_best=limits.n_best, max_table=limits.max_table)

        threshold = self.parameters.positive_threshold
        lengths = self.parameters.first_ratings
        shortened = [shortened_users(self.split, self.part, n, threshold) for n in lengths]
        found = [table(users) for users in shortened if users.n_users]
        self._path = None  # its dense matrix is not wanted again
        return Tables(table(self.users), found, sources.groups, self.parameters.k)

    def _ease_score(self, parameters: EASEParameters) -> Score:
        return partial(
            self._ease_path(parameters).score,
            regularization=parameters.regularization,
            feature_weight=parameters.feature_weight,
        )

    def _ease_path(self, parameters: EASEParameters) -> EASEPath:
        """Solutions for any regularization and feature weight; the other parameters do not change within a search."""
        if self._path is None:
            train = self.split.train
            self._path = EASEPath(
                train.ratings, train.item_ids, parameters, feedback=self.feedback, features=self.features
            )
        return self._path


def in_each(rounds: Sequence[Part], work: Callable[[Part], Found]) -> list[Found]:
    """``work`` on each round, or on what each has; side by side, for no round knows of another."""
    with ThreadPoolExecutor(min(len(rounds), os.cpu_count() or 1), thread_name_prefix="round") as pool:
        return list(pool.map(work, rounds))


def mean_over(rounds: list[Round], values: list[float]) -> float:
    """One value per round, averaged over their users."""
    counts: NDArray[np.float64] = np.asarray([r.n_users for r in rounds], dtype=np.float64)
    return float(np.asarray(values) @ counts / counts.sum())


def _name(parameters: ALSParameters) -> str:
    return str(sorted(parameters.as_dict().items()))
