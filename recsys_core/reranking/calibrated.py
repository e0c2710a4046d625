"""Lists with the genre mix of what the user liked (Steck 2018, doi:10.1145/3240323.3240372)."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys_core.errors import ParameterError, ShapeError
from recsys_core.features import ItemFeatures

__all__ = ["GENRE_GROUP", "Calibration", "genre_shares", "liked_genres", "miscalibration"]

GENRE_GROUP = "genre"
_SMOOTHING = 0.01  # Steck's α: so much of the wanted mix is mixed into the list's, so that the divergence is finite
_SMALLEST = 1e-300


class Calibration:
    """Minus the Kullback–Leibler divergence from the wanted genre mix to that of the list with each candidate.

    shares  of the candidates, ndarray of shape (n_users, n_candidates, n_genres): see :func:`genre_shares`
    wanted  of shape (n_users, n_genres); a row of zeros wants nothing, and all candidates are worth 0
    """

    def __init__(self, shares: NDArray[np.float64], wanted: NDArray[np.float64]) -> None:
        self._shares = shares
        self._wanted = wanted
        self._known: NDArray[np.bool_] = shares.max(axis=2, initial=0.0) > 0
        self._sums = np.zeros_like(wanted)
        self._n_known = np.zeros(len(wanted))
        self._users = np.arange(len(wanted))

    def values(self) -> NDArray[np.float64]:
        n_with = np.maximum(self._n_known[:, None] + self._known, 1.0)
        mix = (self._shares + self._sums[:, None, :]) / n_with[:, :, None]
        return -_divergence(self._wanted, mix)

    def take(self, places: NDArray[np.int64]) -> None:
        self._sums = self._sums + self._shares[self._users, places]
        self._n_known = self._n_known + self._known[self._users, places]


def genre_shares(features: ItemFeatures) -> NDArray[np.float64]:
    """p(genre | item): each of an item's genres has the same share, of shape (n_items, n_genres); zeros without any."""
    if GENRE_GROUP not in features.groups:
        found = ", ".join(features.groups) or "none"
        raise ParameterError(f"calibrated lists need the feature group {GENRE_GROUP!r}, found {found}; choose mmr")
    return _to_one((features.groups[GENRE_GROUP].toarray() != 0).astype(np.float64))


def liked_genres(user_ratings: csr_matrix, shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """The genre mix of what each user liked, of shape (n_users, n_genres), adding up to 1, or 0 where nothing is known.

    Liked is what the user rated at least as high as their own mean: no scale is assumed, and nobody with a rating has
    liked nothing. Titles without genres do not count.

    user_ratings  CSR of shape (n_users, n_rated_items); columns are the first rows of ``shares`` (n_items, n_genres)
    """
    if user_ratings.shape[1] > len(shares):
        raise ShapeError(f"user_ratings has {user_ratings.shape[1]} columns, features have {len(shares)} items")
    n_ratings = np.diff(user_ratings.indptr)
    rows = np.repeat(np.arange(len(n_ratings)), n_ratings)
    data = user_ratings.data.astype(np.float64)
    means = np.bincount(rows, weights=data, minlength=len(n_ratings)) / np.maximum(n_ratings, 1)
    liked = (data >= means[rows] - 1e-6).astype(np.float64)
    matrix = csr_matrix((liked, user_ratings.indices, user_ratings.indptr), shape=user_ratings.shape)
    return _to_one(np.asarray(matrix @ shares[: user_ratings.shape[1]]))


def miscalibration(
    recommended: NDArray[np.int32], user_ratings: csr_matrix, features: ItemFeatures
) -> NDArray[np.float64]:
    """How far each list's genre mix is from what the user liked, in nats, of shape (n_users,); 0 is the same mix.

    Smoothed as in the paper, so that it is at most log 100; 0 for a user of whom no liked genre is known.

    recommended   int32 of shape (n_users, k), padded with -1
    user_ratings  CSR of shape (n_users, n_items)
    """
    if len(recommended) != user_ratings.shape[0]:
        raise ShapeError(f"recommended has {len(recommended)} rows, user_ratings {user_ratings.shape[0]}")
    shares = genre_shares(features)
    listed = np.where((recommended >= 0)[:, :, None], shares[recommended], 0.0)
    return _divergence(liked_genres(user_ratings, shares), _to_one(listed.sum(axis=1))[:, None, :])[:, 0]


def _to_one(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    total = sums.sum(axis=1, keepdims=True)
    return sums / np.where(total > 0, total, 1.0)


def _divergence(wanted: NDArray[np.float64], mixes: NDArray[np.float64]) -> NDArray[np.float64]:
    """KL(wanted ‖ smoothed mix) in nats of ``mixes`` (n_users, n_mixes, n_genres), of shape (n_users, n_mixes)."""
    smoothed = mixes * (1 - _SMOOTHING)
    smoothed += _SMOOTHING * wanted[:, None, :]
    np.log(np.maximum(smoothed, _SMALLEST, out=smoothed), out=smoothed)
    own = (wanted * np.log(np.maximum(wanted, _SMALLEST))).sum(axis=1)
    return np.asarray(own[:, None] - (smoothed @ wanted[:, :, None])[:, :, 0])
