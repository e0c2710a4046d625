"""From lists of recommended titles to metrics by user and slices; the same for our models, controls and peers."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from bench.accuracy.controls import renamed_targets, swapped_targets
from bench.accuracy.folds import FinalPart
from recsys_core.dataset.interactions import HeldOut, UserItemMatrix
from recsys_core.evaluation import Score, UserMetrics, hits_of, ndcg_at
from recsys_core.evaluation.accuracy import precision_at, recall_at
from recsys_core.evaluation.beyond_accuracy import coverage, diversity, unit_features
from recsys_core.evaluation.evaluate import recommend_block_wise
from recsys_core.evaluation.slices import popularity_groups, targets_in
from recsys_core.histories import Known

__all__ = ["LIST_LENGTH", "WARM", "K", "accuracy", "judged_lists", "lists_of", "moved", "tail_items", "with_diversity"]

K = 10
LIST_LENGTH = 20
METRICS = (f"ndcg@{K}", f"recall@{K}", f"precision@{K}", f"ndcg_all@{K}")
WARM, TAIL = "warm", "tail"
_BLOCK = 16_000_000

Lists = dict[str, NDArray[np.int32]]


def lists_of(scorers: Mapping[str, Score], known: Known, item_ids: NDArray[np.int64], *, exclude: bool = True) -> Lists:
    """Each model's best of ``item_ids`` (n_items,), ndarray of shape (n_users, LIST_LENGTH), rated ones left out."""
    return recommend_block_wise(scorers, known, LIST_LENGTH, item_ids, block_scores=_BLOCK, exclude=exclude)


def accuracy(
    lists: Lists, targets: csr_matrix, user_ids: NDArray[np.int64], *, n_out_of_reach: NDArray[np.int64] | None = None
) -> UserMetrics:
    """The metrics of the users with at least one of ``targets``, CSR of shape (n_users, n_items).

    n_out_of_reach  for each user the targets on titles that are no candidates: in ``ndcg_all`` they count as missed
    """
    n_targets = np.diff(targets.indptr).astype(np.int64)
    asked = n_targets > 0
    n, n_all = n_targets[asked], (n_targets if n_out_of_reach is None else n_targets + n_out_of_reach)[asked]
    values = {}
    for name, recommended in lists.items():
        hits = hits_of(recommended, targets)[asked]
        first = (ndcg_at(hits, n, K), recall_at(hits, n, K), precision_at(hits, n, K))
        values[name] = np.stack([*first, ndcg_at(hits, n_all, K)], axis=1)
    return UserMetrics(user_ids[asked], METRICS, values, {})


def with_diversity(judged: UserMetrics, lists: Lists, unit_rows: csr_matrix) -> UserMetrics:
    """``judged`` (a row for each list) with diversity@10 by user, and coverage@10 of all lists together."""
    name = f"diversity@{K}"
    values: dict[str, NDArray[np.float64]] = {}
    overall: dict[str, dict[str, tuple[float, ...]]] = {}
    for model, recommended in lists.items():
        first = recommended[:, :K]
        values[model] = np.column_stack([judged.values[model], diversity(first, unit_rows)])
        overall[model] = {f"coverage@{K}": (coverage(first, unit_rows.shape[0]),)}
    return UserMetrics(judged.user_ids, (*judged.metric_names, name), values, overall)


def tail_items(train: UserItemMatrix, cuts: tuple[float, float] = (1 / 3, 2 / 3)) -> NDArray[np.bool_]:
    """The least rated items (n_items,), which together hold the last third of all training ratings."""
    return np.asarray(popularity_groups(train, cuts) == len(cuts))


def moved(rows: csr_matrix, columns: NDArray[np.int64], width: int) -> csr_matrix:
    """Column number n as column ``columns[n]`` of ``width``; both ascend."""
    return csr_matrix((rows.data, columns[rows.indices], rows.indptr), shape=(rows.shape[0], width))


def judged_lists(name: str, view: HeldOut, lists: Lists, part: FinalPart, seed: int) -> dict[str, UserMetrics]:
    """The slice of a view; for ``warm`` also the tail items, and targets that are not the users' own.

    ``swapped``: everybody has the targets of somebody else. ``renamed``: every title's targets are another title's.
    """
    judged = accuracy(lists, view.targets, view.user_ids, n_out_of_reach=np.diff(view.cold_targets.indptr))
    slices = {name: with_diversity(judged, lists, unit_features(part.features.select(part.train.item_ids)))}
    if name == WARM:
        for other, targets in {
            TAIL: targets_in(view.targets, tail_items(part.train)),
            "swapped": swapped_targets(view.targets, seed),
            "renamed": renamed_targets(view.targets, seed),
        }.items():
            slices[other] = accuracy(lists, targets, view.user_ids)
    return slices
