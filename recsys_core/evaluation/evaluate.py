"""Models on a held-out part: full rankings of all unseen training items, judged by user and by slice."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys_core.blockwise import in_blocks
from recsys_core.dataset.interactions import HeldOut, UserItemMatrix
from recsys_core.errors import DataError, ParameterError, ShapeError
from recsys_core.evaluation.accuracy import ACCURACY_METRICS
from recsys_core.evaluation.beyond_accuracy import coverage, diversities, exposure_gini, novelty, unit_features
from recsys_core.evaluation.parameters import EvaluationParameters
from recsys_core.evaluation.ranking import hits_of
from recsys_core.evaluation.results import ALL, Evaluation, UserMetrics
from recsys_core.evaluation.slices import (
    HISTORY_SLICES,
    ITEM_SLICES,
    history_slice,
    history_view,
    popularity_groups,
    sample_users,
    targets_in,
)
from recsys_core.features import ItemFeatures
from recsys_core.histories import Histories, Known
from recsys_core.ranking import tie_ranks, top_k
from recsys_core.splitting.truncation import held_out_rows

__all__ = ["Score", "evaluate", "recommend_block_wise"]

Score = Callable[[Histories], NDArray[np.floating]]
"""From what is known of users, ratings of the training items, to scores: ndarray (n_users, n_items)."""


def evaluate(
    scorers: Mapping[str, Score],
    part: HeldOut,
    train: UserItemMatrix,
    *,
    ks: Sequence[int] | None = None,
    features: ItemFeatures | None = None,
    cold_scorers: Mapping[str, Score] | None = None,
    protocol: str = "user_holdout",
    parameters: EvaluationParameters | None = None,
) -> Evaluation:
    """Judge every model on the same users.

    scorers       for each model a function from known ratings to scores of all training items
    part          users with targets, on the vocabulary of ``train``
    train         what the models were fitted on: popularity, vocabulary
    ks            lengths of the lists; instead of ``parameters.ks``
    features      of at least the training items, for diversity; without them it is left out
    cold_scorers  for models that can: a function from known ratings to scores of ``part.cold_item_ids``; all other
                  models have no figures in the slice ``items_cold``

    Candidates are all training items that the user's history does not hold; nothing is sampled. Equal scores rank
    in a fixed, arbitrary order. How slices are cut
    stands in :mod:`recsys_core.evaluation.slices`.
    """
    parameters = parameters or EvaluationParameters()
    if ks is not None:
        parameters = parameters.replace(ks=tuple(ks))
    _check(scorers, part, train)
    judge = _Judge(train, parameters, features)
    view = history_view(part, train)
    cold_part = sample_users(part, parameters.max_users, parameters.seed)
    part = held_out_rows(cold_part, np.flatnonzero(np.diff(cold_part.targets.indptr)))
    lists = judge.lists(scorers, part)
    slices = {ALL: judge.whole(lists, part)}
    for wanted in HISTORY_SLICES:
        seen_so = history_slice(
            part,
            wanted,
            view,
            positive_threshold=parameters.positive_threshold,
            max_users=parameters.max_slice_users,
            seed=parameters.seed,
        )
        slices[wanted.name] = judge.whole(judge.lists(scorers, seen_so), seen_so)
    groups = popularity_groups(train, parameters.popularity_cuts)
    for number, name in enumerate(ITEM_SLICES):
        slices[name] = judge.accuracy(lists, targets_in(part.targets, groups == number), part.user_ids)
    slices["items_cold"] = _cold_items(cold_scorers or {}, cold_part, judge)
    details = {
        "n_users": len(part.user_ids),
        "n_items": train.n_items,
        "n_targets": int(part.targets.nnz),
        "histories": view,
        "slice_users": {name: found.n_users for name, found in slices.items()},
        "items_by_popularity": {name: int((groups == i).sum()) for i, name in enumerate(ITEM_SLICES)},
        "n_cold_items": len(part.cold_item_ids),
    }
    return Evaluation(protocol, tuple(scorers), slices, parameters, details)


def recommend_block_wise(
    scorers: Mapping[str, Score],
    known: Known,
    k: int,
    item_ids: NDArray[np.int64],
    *,
    block_scores: int,
    exclude: bool,
) -> dict[str, NDArray[np.int32]]:
    """Each model's ``k`` best of ``item_ids`` (n_items,) for each user, numbers of shape (n_users, k).

    All models are asked about some users, then about the next: those that share sources can share their answers. Equal
    scores rank by :func:`recsys_core.ranking.tie_ranks`.
    """
    histories = Histories.of(known)
    n_items = len(item_ids)
    block = max(1, block_scores // max(n_items, 1))
    tie_rank = tie_ranks(item_ids)

    def best_of(start: int, stop: int) -> list[NDArray[np.int32]]:
        some = histories.rows(start, stop)
        found = []
        for name, score in scorers.items():
            scores = score(some)
            if scores.shape != (some.n_users, n_items):
                raise ShapeError(f"{name} gave scores of shape {scores.shape}, expected {(some.n_users, n_items)}")
            try:
                best = top_k(scores, k, seen=some.ratings if exclude else None, tie_rank=tie_rank)
            except DataError as error:
                raise DataError(f"{name}: {error}") from error
            found.append(best.padded(some.n_users, k))
        return found

    nobody = [np.empty((0, k), dtype=np.int32)] * len(scorers)
    lists = [nobody, *in_blocks(histories.n_users, block, best_of)]
    return {name: np.concatenate(parts) for name, parts in zip(scorers, zip(*lists, strict=True), strict=True)}


class _Judge:
    """What stays the same over models and slices."""

    def __init__(self, train: UserItemMatrix, parameters: EvaluationParameters, features: ItemFeatures | None) -> None:
        self.parameters = parameters
        self.item_ids = train.item_ids
        self.popularity_share = np.bincount(train.ratings.indices, minlength=train.n_items) / train.n_users
        self.unit_features = None if features is None else unit_features(features.select(train.item_ids))

    def lists(self, scorers: Mapping[str, Score], part: HeldOut) -> dict[str, NDArray[np.int32]]:
        """Every model's best unseen items for the users of ``part``."""
        k, block_scores = max(self.parameters.ks), self.parameters.block_scores
        return recommend_block_wise(scorers, part.history, k, self.item_ids, block_scores=block_scores, exclude=True)

    def whole(self, lists: Mapping[str, NDArray[np.int32]], part: HeldOut) -> UserMetrics:
        """Accuracy, novelty and diversity by user; coverage and Gini over all lists."""
        judged = self.accuracy(lists, part.targets, part.user_ids)
        if len(judged.user_ids) == 0:
            return judged
        names = list(judged.metric_names)
        overall: dict[str, dict[str, tuple[float, ...]]] = {}
        columns = {model: [values] for model, values in judged.values.items()}
        unlike: dict[str, NDArray[np.float64]] = {}
        if self.unit_features is not None:
            by_list = diversities(np.concatenate(list(lists.values())), self.unit_features, self.parameters.ks)
            unlike = dict(zip(lists, np.split(by_list, len(lists)), strict=True))
        for column, k in enumerate(self.parameters.ks):
            names.append(f"novelty@{k}")
            if unlike:
                names.append(f"diversity@{k}")
            for model, recommended in lists.items():
                first = recommended[:, :k]
                columns[model].append(novelty(first, self.popularity_share)[:, None])
                if unlike:
                    columns[model].append(unlike[model][:, column, None])
                overall.setdefault(model, {}).update(
                    {
                        f"coverage@{k}": (coverage(first, len(self.item_ids)),),
                        f"gini@{k}": (exposure_gini(first, len(self.item_ids)),),
                    }
                )
        values = {model: np.concatenate(parts, axis=1) for model, parts in columns.items()}
        return UserMetrics(judged.user_ids, tuple(names), values, overall)

    def accuracy(
        self, lists: Mapping[str, NDArray[np.int32]], targets: csr_matrix, user_ids: NDArray[np.int64]
    ) -> UserMetrics:
        """The accuracy metrics of the users with at least one of ``targets``."""
        n_targets = np.diff(targets.indptr).astype(np.int64)
        asked = n_targets > 0
        values = {}
        for model, recommended in lists.items():
            hits = hits_of(recommended, targets)[asked]
            values[model] = np.stack(
                [metric(hits, n_targets[asked], k) for k in self.parameters.ks for metric in ACCURACY_METRICS.values()],
                axis=1,
            )
        names = tuple(f"{metric}@{k}" for k in self.parameters.ks for metric in ACCURACY_METRICS)
        return UserMetrics(user_ids[asked], names, values, {})


def _cold_items(cold_scorers: Mapping[str, Score], part: HeldOut, judge: _Judge) -> UserMetrics:
    """Cold targets ranked among all cold items, of the models that score them."""
    asked = np.flatnonzero(np.diff(part.cold_targets.indptr))
    part = sample_users(held_out_rows(part, asked), judge.parameters.max_slice_users, judge.parameters.seed)
    lists = recommend_block_wise(
        cold_scorers,
        part.history,
        max(judge.parameters.ks),
        part.cold_item_ids,
        block_scores=judge.parameters.block_scores,
        exclude=False,
    )
    return judge.accuracy(lists, part.cold_targets, part.user_ids)


def _check(scorers: Mapping[str, Score], part: HeldOut, train: UserItemMatrix) -> None:
    if not scorers:
        raise ParameterError("there is no model to evaluate; give at least one scorer")
    if part.targets.nnz == 0:
        raise DataError("the held-out part has no targets, so there is nothing to judge; make the split again")
    if not np.array_equal(part.history.item_ids, train.item_ids):
        raise ShapeError(
            f"the held-out part has {part.history.n_items} items, training {train.n_items}, or other ids; "
            "expected both from the same split"
        )
