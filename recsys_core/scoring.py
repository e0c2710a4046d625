"""What every scorer is: a trained value that gives each item of its vocabulary a score from a user's ratings."""

from pathlib import Path
from typing import Any, Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, issparse

from recsys_core.errors import ShapeError
from recsys_core.histories import Histories, Known

__all__ = ["Scorer", "check_histories", "check_item_ids", "check_item_nums", "check_one_history", "check_user_ratings"]


@runtime_checkable
class Scorer(Protocol):
    """A trained model. It never changes its inputs, and the same rows give the same scores in any batch."""

    @property
    def item_ids(self) -> NDArray[np.int64]:
        """The training vocabulary, of shape (n_items,), sorted."""

    def score(self, known: Known) -> NDArray[np.float32]:
        """Scores of shape (n_users, n_items) for the people whose ratings of the vocabulary's items are ``known``.

        A row without ratings gives finite scores too. Other widths are a :class:`ShapeError`.
        """

    def save(self, directory: Path) -> None:
        """Write into an existing empty folder."""

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Read what :meth:`save` wrote."""


def check_histories(known: Known, n_items: int) -> Histories:
    """``known`` with canonical float32 ratings; errors as of :func:`check_user_ratings`."""
    histories = Histories.of(known)
    ratings = check_user_ratings(histories.ratings, n_items)
    if ratings is histories.ratings:
        return histories
    if histories.times is not None and not np.array_equal(ratings.indices, histories.ratings.indices):
        raise ShapeError("ratings with times are not sorted and unique within each row")
    return Histories(ratings, histories.times, histories.cold)


def check_user_ratings(known: Known, n_items: int) -> csr_matrix:
    """The ratings that are ``known`` as canonical float32 CSR: sorted indices, no duplicates; the input is kept.

    A stored 0 is a rating of 0. Raises ShapeError when the width is not ``n_items`` (native code would read out of
    bounds) or a value is not finite.
    """
    given = getattr(known, "ratings", known)
    if not issparse(given):
        raise ShapeError(f"user_ratings is a {type(given).__name__}, expected a scipy.sparse CSR matrix")
    user_ratings: Any = given
    if user_ratings.shape[1] != n_items:
        raise ShapeError(
            f"user_ratings has {user_ratings.shape[1]} columns, the model was trained on {n_items} items; "
            "put the ratings on the model's item_ids first"
        )
    if isinstance(user_ratings, csr_matrix) and user_ratings.dtype == np.float32:
        checked = user_ratings  # as it is: making another one costs more than looking at one person's ratings
    else:
        checked = csr_matrix(user_ratings, dtype=np.float32)
    if not np.isfinite(checked.data).all():
        raise ShapeError("user_ratings holds NaN or infinite values, expected finite ratings")
    if not checked.has_canonical_format:
        checked = checked.copy()
        checked.sum_duplicates()
    return checked


def check_one_history(known: Known, n_items: int) -> Histories:
    """Like :func:`check_histories`, for one user."""
    checked = check_histories(known, n_items)
    if checked.n_users != 1:
        raise ShapeError(f"user_ratings has {checked.n_users} rows, expected the row of one user")
    return checked


def check_item_nums(item_nums: NDArray[np.integer] | list[int], n_items: int) -> NDArray[np.int64]:
    """``item_nums`` as int64 of shape (n_asked,); a number outside the vocabulary is a :class:`ShapeError`."""
    nums = np.atleast_1d(np.asarray(item_nums, dtype=np.int64))
    if nums.size and (nums.min() < 0 or nums.max() >= n_items):
        raise ShapeError(f"item_nums run from {nums.min()} to {nums.max()}, expected 0 to {n_items - 1}")
    return nums


def check_item_ids(item_ids: NDArray[np.int64], n_items: int) -> NDArray[np.int64]:
    """``item_ids`` as int64; they must be ``n_items``, sorted and unique."""
    ids = np.asarray(item_ids, dtype=np.int64)
    if ids.shape != (n_items,):
        raise ShapeError(f"item_ids have shape {ids.shape}, user_items has {n_items} columns")
    if n_items > 1 and not (np.diff(ids) > 0).all():
        raise ShapeError("item_ids are not sorted and unique")
    return ids
