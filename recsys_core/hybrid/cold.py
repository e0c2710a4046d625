"""Titles without a rating among all others: their scores, on the scale of the rated ones.

A cold title's match is the prediction, from its features, of the blended score with a third of content's weight
(:attr:`recsys_core.hybrid.parts.HybridParts.for_cold`), standardised by each user's mean and spread (z_S). What a match
is worth is not what the same warm score is worth: a prediction varies less, and says less. So two curves are learnt on
titles that are left out of training on purpose: the logit of the probability that a hidden title is liked, for warm
titles as a function of the score and of the history's length n, for cold ones of z_S and n. A cold title stands where
the warm curve has its probability (calibration by a common scale of probabilities; Platt 1999, "Probabilistic Outputs
for Support Vector Machines").
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy.sparse import csr_matrix

from recsys_core.parameters import Parameters
from recsys_core.ranking import Ranking, top_k
from recsys_core.sources.moments import Moments, dense_moments

__all__ = ["ColdCalibration", "ColdTitles", "NewTitles", "reserve_places"]

_FAR = 1e4  # beyond every score
_LEAST_SLOPE = 1e-3
_DENSE = 100_000_000  # coefficients; a product of a few dense ones is several times faster than of as many sparse ones
_SPARSE_SHARE = 0.2


class ColdCalibration(Parameters):
    """The two curves, and a shift in logits that was best for lists of both kinds."""

    knots: tuple[float, ...]
    """Warm scores at which the warm curve may bend, ascending."""
    warm_slopes: tuple[float, ...]
    """Logits per unit of score below the first knot and after each."""
    warm_length: float
    """Logits per unit of log(1 + n)."""
    warm_intercept: float
    cold_slope: float = Field(gt=0)
    """Logits per unit of z_S."""
    cold_length: float
    cold_intercept: float
    shift: float = 0.0

    def scores(self, match: NDArray[np.floating], n_liked: NDArray[np.int64]) -> NDArray[np.float32]:
        """The warm score with the same probability as each ``match`` z_S: float32 of shape (n_users, n_cold)."""
        length = np.log1p(n_liked)[:, None]
        logits = self.cold_slope * match + self.cold_length * length + self.cold_intercept + self.shift
        at, curve = self._curve()
        found = np.interp((logits - self.warm_length * length - self.warm_intercept).ravel(), curve, at)
        return found.reshape(match.shape).astype(np.float32)

    def slope(self, score: float) -> float:
        """Warm score per unit of z_S at the warm ``score``."""
        return self.cold_slope / max(self.warm_slopes[int(np.searchsorted(self.knots, score))], _LEAST_SLOPE)

    def _curve(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Scores, and the warm curve's logits at them without intercept and length; both ascending."""
        at = np.asarray([self.knots[0] - _FAR, *self.knots, self.knots[-1] + _FAR])
        rises = np.diff(at) * np.maximum(self.warm_slopes, _LEAST_SLOPE)
        first = self.knots[0] * max(self.warm_slopes[0], _LEAST_SLOPE)
        curve = np.concatenate([[0.0], np.cumsum(rises)])
        return at, curve + first - curve[1]


class NewTitles(Parameters):
    """Places of every list that are kept for titles without a rating, for no features bring a real new release in."""

    places: int = Field(default=0, ge=0, le=1000)
    """At the end of a list, where fewer such titles are in it on their own."""
    min_share: float = Field(default=0.0, ge=0, le=1)
    """A title takes such a place only if its match is at least this share of the person's best rated title's; 0: any
    title."""


@dataclass(frozen=True, eq=False)
class ColdTitles:
    """The titles that training has not seen.

    from_warm    :func:`recsys_core.hybrid.feature_ridge.feature_ridge`: CSR float32 of shape (n_cold, n_warm)
    calibration  None where none was learnt: cold titles are then ranked among themselves, and stand in no list of all
    """

    from_warm: csr_matrix
    calibration: ColdCalibration | None

    def match(self, warm: NDArray[np.float32]) -> NDArray[np.float32]:
        """z_S: how well each cold title fits, from scores ``warm`` (n_users, n_warm): float32 (n_users, n_cold)."""
        return self.match_of(warm[:, self.columns], dense_moments(warm))

    def match_of(self, scores: NDArray[np.float32], moments: Moments) -> NDArray[np.float32]:
        """The same from the ``scores`` of the :attr:`columns` alone, and the ``moments`` of those of all warm items."""
        return self._standardised(scores @ self._map, moments)

    def _standardised(self, predicted: NDArray[np.float32], moments: Moments) -> NDArray[np.float32]:
        # the map is linear: the few predictions are standardised, not the many scores
        predicted -= np.outer(moments.mean, self._sums).astype(np.float32)
        return np.asarray(predicted * moments.scale().astype(np.float32)[:, None])

    @cached_property
    def _sums(self) -> NDArray[np.float64]:
        """Of each cold item's coefficients, (n_cold,)."""
        return np.asarray(self.from_warm.sum(axis=1, dtype=np.float64)).ravel()

    @cached_property
    def columns(self) -> NDArray[np.int64]:
        """Warm items on which the predictions rest; nearly all of them rest on the same few thousand."""
        return np.flatnonzero(np.bincount(self.from_warm.indices, minlength=self.from_warm.shape[1]))

    @cached_property
    def _map(self) -> NDArray[np.float32] | csr_matrix:
        """Their coefficients, (n_columns, n_cold): dense, unless most of very many would be nothing."""
        some = self.from_warm[:, self.columns]
        size = some.shape[0] * some.shape[1]
        if size > _DENSE and some.nnz < _SPARSE_SHARE * size:
            return csr_matrix(some.T)
        return np.ascontiguousarray(some.toarray().T)

    def predicted(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """The prediction of any ``values`` of the warm items, of shape (n_warm, n_columns): (n_cold, n_columns)."""
        if len(values) == 0:
            return np.zeros((self.from_warm.shape[0], values.shape[1]), dtype=np.float32)
        mean = values.mean(axis=0, dtype=np.float64)
        return np.asarray(mean + self.from_warm @ (values - mean), dtype=np.float32)


def reserve_places(
    best: Ranking, match: NDArray[np.float32], scores: NDArray[np.float32], first: int, k: int, places: int
) -> Ranking:
    """``best`` with at least ``places`` cold items in each list of ``k``, as far as there are so many: at its end.

    match   of the cold items, (n_users, n_cold), -inf for those that may not be there
    scores  of the same items, for the list
    first   number of the first cold item
    """
    places = min(places, k)
    chosen = top_k(match, min(places + k, match.shape[1]) or 1)
    users, items, found = [], [], []
    for user in range(len(match)):
        mine = slice(*np.searchsorted(best.user_nums, (user, user + 1)))
        listed, given = best.item_nums[mine], best.scores[mine]
        new = chosen.item_nums[chosen.user_nums == user] + first
        new = new[~np.isin(new, listed)][: max(0, places - int((listed >= first).sum()))]
        if len(new):
            rated = np.flatnonzero(listed < first)
            gone = rated[len(rated) - max(0, len(listed) + len(new) - k) :] if len(listed) + len(new) > k else rated[:0]
            listed, given = np.delete(listed, gone), np.delete(given, gone)
            listed, given = np.concatenate([listed, new]), np.concatenate([given, scores[user, new - first]])
        users.append(np.full(len(listed), user))
        items.append(listed)
        found.append(given)
    if not users:
        return best
    return Ranking(np.concatenate(users), np.concatenate(items), np.concatenate(found).astype(np.float32))
