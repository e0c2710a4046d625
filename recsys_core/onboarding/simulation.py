"""Training users who play newcomers: what asking about a title would have brought them, measured as NDCG@10.

The recommender that answers them is a cheap one, fitted without them: popularity, and EASE as far as it has answers.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from recsys_core.blockwise import side_by_side
from recsys_core.dataset.feedback import Feedback
from recsys_core.dataset.interactions import UserItemMatrix
from recsys_core.onboarding.parameters import OnboardingParameters
from recsys_core.sources.ease import EASEParameters, fit_ease
from recsys_core.splitting.hashing import hash_uniform, hashed_sample

__all__ = ["Newcomers", "simulate_newcomers"]

Scores = NDArray[np.float32]
_K = 10
_DISCOUNTS = 1 / np.log2(np.arange(2, _K + 2))
_EASE = EASEParameters()
_MOST_LEARNT_FROM = 20_000  # people


@dataclass(frozen=True, slots=True, eq=False)
class Newcomers:
    """Simulated newcomers and the recommender of each; titles are places in the order "most rated first".

    strengths      float32 of shape (n_newcomers, n_candidates): what they would answer, 0 where they do not know
    targets        bool of shape (n_newcomers, n_titles): what they like and were not asked about
    closed         bool of shape (n_newcomers, n_titles): what is never recommended, because they could be asked
    group          int64 of shape (n_newcomers,): which recommender answers them
    weights        float32 of shape (n_groups, n_candidates, n_titles): what an answer adds to each title
    popularity     float32 of shape (n_groups, n_titles): standardised over the catalogue
    n_items        titles of the catalogue; those beyond n_titles have scores of 0
    prior_answers  number of answers that weigh as much as popularity
    """

    strengths: Scores
    targets: NDArray[np.bool_]
    closed: NDArray[np.bool_]
    group: NDArray[np.int64]
    weights: Scores
    popularity: Scores
    n_items: int
    prior_answers: float

    def told(self, rows: NDArray[np.int64], place: int) -> Scores:
        """What the answers of newcomers ``rows`` about one candidate add to each title, (n_rows, n_titles)."""
        added: Scores = self.strengths[rows, place, None] * self.weights[self.group[rows], place]
        return added

    def ndcg(self, rows: NDArray[np.int64], told: Scores, n_answers: NDArray[np.int64]) -> NDArray[np.float64]:
        """NDCG@10 of newcomers ``rows`` whose answers add up to ``told``, of shape (n_rows,)."""
        mean = told.sum(axis=1) / self.n_items
        spread = np.sqrt(np.maximum(np.einsum("ij,ij->i", told, told) / self.n_items - mean**2, 0))
        weight = np.divide(n_answers, self.prior_answers * spread, out=np.zeros_like(mean), where=spread > 1e-9)
        scores = self.popularity[self.group[rows]] + weight.astype(np.float32)[:, None] * told
        scores[self.closed[rows]] = -np.inf
        width = min(_K, scores.shape[1])
        first = np.argpartition(-scores, width - 1, axis=1)[:, :width]
        order = np.argsort(-np.take_along_axis(scores, first, axis=1), axis=1, kind="stable")
        hits = np.take_along_axis(self.targets[rows], np.take_along_axis(first, order, axis=1), axis=1)
        ideal = np.cumsum(_DISCOUNTS)[np.minimum(self.targets[rows].sum(axis=1), _K) - 1]
        return np.asarray((hits * _DISCOUNTS[:width]).sum(axis=1) / ideal)


def simulate_newcomers(
    train: UserItemMatrix,
    order: NDArray[np.int64],
    n_candidates: int,
    parameters: OnboardingParameters,
    *,
    feedback: Feedback,
) -> Newcomers | None:
    """Let users of ``train`` play newcomers; None where nobody can: too few users, or nothing liked.

    order  item numbers of the titles, the candidates first

    Users are cut in two groups by a hash of their id; each group meets a recommender fitted on the other, of which no
    more than ``_MOST_LEARNT_FROM`` are taken. Half of a newcomer's ratings, by a hash, can be asked about; what they
    liked of the rest is the target; then the other way round.
    """
    seed = parameters.seed
    group = (hash_uniform(seed, "onboarding group", train.user_ids) < 0.5).astype(np.int64)
    if train.ratings.nnz == 0 or not 0 < group.sum() < len(group):
        return None
    chosen = hashed_sample(seed, "onboarding sample", train.user_ids, parameters.max_users)

    def fitted_for(side: int) -> tuple[Scores, Scores]:
        others = np.flatnonzero(group != side)
        some = others[hashed_sample(seed, "onboarding fit", train.user_ids[others], _MOST_LEARNT_FROM)]
        return _cheap_recommender(train.ratings[some], order, n_candidates, feedback)

    with threadpool_limits(limits=1, user_api="blas"):  # sums keep their order
        models = list(side_by_side(fitted_for, (0, 1)))
    rows = csr_matrix(train.ratings[chosen][:, order])
    numbers = np.repeat(np.arange(len(chosen)), np.diff(rows.indptr))
    draws = hash_uniform(
        seed, "onboarding answer", train.user_ids[chosen][numbers], train.item_ids[order][rows.indices]
    )
    strength = feedback.powers(rows, _EASE.rating_power).data
    liked = rows.data >= parameters.positive_threshold
    parts = []
    for askable in (draws < 0.5, draws >= 0.5):
        asked = _dense(rows, numbers, np.where(askable, strength, 0), np.float32)
        targets = _dense(rows, numbers, liked & ~askable, np.bool_)
        closed = _dense(rows, numbers, askable, np.bool_)
        parts.append((asked[:, :n_candidates], targets, closed, group[chosen]))
    asked, targets, closed, groups = (np.concatenate(part) for part in zip(*parts, strict=True))
    useful = targets.any(axis=1)
    if not useful.any():
        return None
    return Newcomers(
        asked[useful],
        targets[useful],
        closed[useful],
        groups[useful],
        np.stack([weights for weights, _ in models]),
        np.stack([popularity for _, popularity in models]),
        train.n_items,
        parameters.prior_answers,
    )


def _cheap_recommender(
    train: csr_matrix, order: NDArray[np.int64], n_candidates: int, feedback: Feedback
) -> tuple[Scores, Scores]:
    """EASE weights from the candidates to all titles, and log popularity standardised over the catalogue."""
    n_items = train.shape[1]
    model = fit_ease(train, np.arange(n_items), _EASE, feedback=feedback)
    kept = np.full(n_items, -1)
    kept[model.kept_nums] = np.arange(len(model.kept_nums))
    inside = kept[order] >= 0
    weights = np.zeros((len(order), len(order)), dtype=np.float32)
    weights[np.ix_(inside, inside)] = model.weights[np.ix_(kept[order][inside], kept[order][inside])]
    counts = np.log1p(np.bincount(train.indices, minlength=n_items))
    popularity = (counts - counts.mean()) / max(counts.std(), 1e-6)
    return weights[:n_candidates], popularity[order].astype(np.float32)


def _dense(rows: csr_matrix, numbers: NDArray[np.int64], values: NDArray[Any], kind: type[np.generic]) -> NDArray[Any]:
    dense: NDArray[Any] = np.zeros(rows.shape, dtype=kind)
    dense[numbers, rows.indices] = values
    return dense
