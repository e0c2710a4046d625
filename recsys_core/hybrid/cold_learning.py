"""Learning what a match of a title without ratings is worth, on titles that are left out of training on purpose."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_matrix, hstack
from scipy.special import expit

from recsys_core.blockwise import side_by_side
from recsys_core.dataset.feedback import Feedback
from recsys_core.dataset.interactions import HeldOut, Split
from recsys_core.evaluation import ndcg_of_scores
from recsys_core.features import ItemFeatures
from recsys_core.histories import Histories
from recsys_core.hybrid.cold import ColdCalibration
from recsys_core.hybrid.feature_ridge import FeatureRidgeParameters
from recsys_core.hybrid.fit import SourceParameters, fit_hybrid
from recsys_core.hybrid.weights import HybridWeights
from recsys_core.sparse_rows import filled
from recsys_core.splitting.hashing import hash_uniform, hashed_sample
from recsys_core.splitting.truncation import held_out_rows

__all__ = ["learn_calibration"]

_SHARE = 0.125  # of the titles is left out
_QUANTILES = (0.5, 0.9, 0.98)
_SHIFTS = (0.0, -0.5, -1.0, -1.5, -2.0, -2.5, -3.0, -3.5, -4.0, -5.0, -6.0)
_PENALTY = 1e-3
_LEAST_POSITIVES = 30  # of left-out titles: a curve through fewer is chance
_MAX_USERS = 200
_ENOUGH_TARGETS = 2_000  # for as many users more, where so many have fewer
_MAX_SCORES = 50_000_000  # in one table of their scores
_MAX_OBSERVED = 2_000_000  # of a round's titles, person by person: beyond that some stand for the others

_Observed = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]
"""Rows of predictors, whether each was liked (1 or 0), and how often it counts."""


@dataclass(frozen=True, slots=True, eq=False)
class _Judged:
    """Validation users of a round with titles left out: of kept titles the scores, of the others the matches.

    seen, targets  what is known and what was hidden of them: CSR of shape (n_users, n_kept + n_left_out)
    """

    n_liked: NDArray[np.int64]
    warm: NDArray[np.float32]
    match: NDArray[np.float32]
    seen: csr_matrix
    targets: csr_matrix

    def observed(
        self, *, left_out: bool, predictors: Callable[[NDArray[np.float64]], NDArray[np.float64]]
    ) -> _Observed:
        """Of each unseen title of a kind: ``predictors`` of its score, log(1 + n) and 1; and whether it was liked.

        Of very many titles that were not liked only every so-manieth is there, and counts as often.
        """
        n_kept = self.warm.shape[1]
        scores, columns = (self.match, slice(n_kept, None)) if left_out else (self.warm, slice(n_kept))
        unseen = ~filled(self.seen)[:, columns]
        liked = filled(self.targets)[:, columns]
        every = max(1, unseen.size // _MAX_OBSERVED)
        if every > 1:
            passed_over = np.cumsum((unseen & ~liked).ravel()).reshape(unseen.shape) % every != 0
            unseen &= liked | ~passed_over
        lengths = np.repeat(np.log1p(self.n_liked), unseen.sum(axis=1))
        found = predictors(scores[unseen].astype(np.float64))
        rows = np.column_stack([found, lengths, np.ones(len(lengths))])
        wanted = liked[unseen].astype(np.float64)
        return rows, wanted, np.where(wanted > 0, 1.0, every)


def learn_calibration(
    rounds: Sequence[tuple[Split, ItemFeatures]],
    parameters: SourceParameters,
    weights: HybridWeights,
    *,
    feedback: Feedback,
    ridge: FeatureRidgeParameters | None = None,
    k: int = 10,
    seed: int = 0,
) -> ColdCalibration | None:
    """Refit on each round without an eighth of its titles, and see what its validation users hid of them.

    Ratings of left-out titles are hidden like all others: as many as are known of them stay known. The shift is the
    largest that costs no NDCG@k over titles of both kinds beyond chance. Test users are not looked at.

    Returns None where too few left-out titles were liked, or where a better match is no better sign.
    """
    if not all(features.groups for _, features in rounds):
        return None  # nothing is known of titles that nobody has rated
    judged = list(side_by_side(lambda r: _judge(*r, parameters, weights, feedback, ridge, seed), rounds))
    matches = [one.observed(left_out=True, predictors=lambda match: match[:, None]) for one in judged]
    if sum(liked.sum() for _, liked, _ in matches) < _LEAST_POSITIVES:
        return None
    knots = np.quantile(np.concatenate([one.warm.ravel() for one in judged]), _QUANTILES)
    knots = np.maximum.accumulate(knots + np.arange(len(knots)) * 1e-6)
    scores = [one.observed(left_out=False, predictors=lambda score: _bends(score, knots)) for one in judged]
    warm, cold = side_by_side(_logistic, [scores, matches])
    if cold[0] <= 0:
        return None
    n_slopes = len(knots) + 1
    found = ColdCalibration(
        knots=tuple(float(knot) for knot in knots),
        warm_slopes=tuple(float(slope) for slope in np.cumsum(warm[:n_slopes])),
        warm_length=float(warm[n_slopes]),
        warm_intercept=float(warm[n_slopes + 1]),
        cold_slope=float(cold[0]),
        cold_length=float(cold[1]),
        cold_intercept=float(cold[2]),
    )
    return found.replace(shift=_largest_shift([_ndcg(judged, found.replace(shift=s), k) for s in _SHIFTS]))


def _largest_shift(by_user: list[NDArray[np.float64]]) -> float:
    """The largest of ``_SHIFTS`` that is not below the best by more than one standard error of the difference.

    NDCG hardly changes over a wide range of shifts; what is new gains by the largest of them.
    """
    best = max(by_user, key=lambda values: float(values.mean()))
    fits = [(best - values).mean() <= (best - values).std() / np.sqrt(len(values)) for values in by_user]
    return max(shift for shift, fit in zip(_SHIFTS, fits, strict=True) if fit)


def _judge(
    split: Split,
    features: ItemFeatures,
    parameters: SourceParameters,
    weights: HybridWeights,
    feedback: Feedback,
    ridge: FeatureRidgeParameters | None,
    seed: int,
) -> _Judged:
    ids = split.train.item_ids
    left_out = hash_uniform(seed, "titles left out", ids) < _SHARE
    kept = ids[~left_out]
    known = features.select(ids)
    train = split.train.with_items(kept)
    model = fit_hybrid(train, known, parameters=parameters, weights=weights, feedback=feedback, ridge=ridge)
    part = split.validation
    part = held_out_rows(part, _chosen(part, len(ids), seed))
    warm, cold = part.history.with_items(kept), part.history.with_items(ids[left_out])
    histories = Histories(warm.ratings, warm.timestamps, cold.ratings)
    scores, match = model.warm_and_match(model.checked(histories))
    order = np.concatenate([np.flatnonzero(~left_out), np.flatnonzero(left_out)])
    return _Judged(
        histories.n_liked(feedback),
        scores,
        match,
        csr_matrix(hstack([warm.ratings, cold.ratings], format="csr")),
        csr_matrix(part.targets[:, order]),
    )


def _chosen(part: HeldOut, n_items: int, seed: int) -> NDArray[np.int64]:
    """Some of those who have targets, by a seeded hash of their ids: ids may tell who came first.

    Where they have few targets each they are more, as far as a table of all ``n_items`` items' scores allows.
    """
    n_targets = np.diff(part.targets.indptr)
    some = np.flatnonzero(n_targets)
    enough = -(-_ENOUGH_TARGETS * len(some) // max(1, int(n_targets.sum())))
    most = max(_MAX_USERS, min(enough, _MAX_SCORES // max(1, n_items)))
    return np.asarray(some[hashed_sample(seed, "new titles", part.user_ids[some], most)])


def _bends(scores: NDArray[np.float64], knots: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.column_stack([scores, *(np.maximum(scores - knot, 0) for knot in knots)])


def _logistic(observed: list[_Observed]) -> NDArray[np.float64]:
    """Logistic regression, barely penalised: coefficients of the columns, the last of which is 1."""
    rows, wanted, counts = (np.concatenate(parts) for parts in zip(*observed, strict=True))
    size = np.abs(rows).max(axis=0)
    size[size == 0] = 1.0
    n_rows = counts.sum()
    rows /= size

    def loss(found: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        logits = rows @ found
        value = counts @ np.logaddexp(0, logits) - wanted @ logits + _PENALTY * found @ found
        return value / n_rows, (rows.T @ (counts * expit(logits) - wanted) + 2 * _PENALTY * found) / n_rows

    start = np.zeros(rows.shape[1])
    start[-1] = np.log(max(wanted.sum() / n_rows, 1e-9))
    return np.asarray(minimize(loss, start, jac=True, method="L-BFGS-B", options={"ftol": 1e-12}).x / size)


def _ndcg(judged: Sequence[_Judged], calibration: ColdCalibration, k: int) -> NDArray[np.float64]:
    """NDCG@k over warm and cold titles together, by user: of shape (n_users,)."""
    values = []
    for one in judged:
        scores = np.concatenate([one.warm, calibration.scores(one.match, one.n_liked)], axis=1)
        values.append(ndcg_of_scores(scores, one.targets, seen=one.seen, k=k))
    return np.concatenate(values)
