"""What every scorer is: a trained value that gives each item of its vocabulary a score from a user's ratings."""

from pathlib import Path
from typing import Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, issparse

from recsys_core.errors import ShapeError

__all__ = ["Scorer", "check_item_ids", "check_item_nums", "check_single_row", "check_user_ratings"]


@runtime_checkable
class Scorer(Protocol):
    """A trained model. It never changes its inputs, and the same rows give the same scores in any batch."""

    @property
    def item_ids(self) -> NDArray[np.int64]:
        """The training vocabulary, of shape (n_items,), sorted."""

    def score(self, user_ratings: csr_matrix) -> NDArray[np.float32]:
        """Scores of shape (n_users, n_items) for ``user_ratings``, CSR (n_users, n_items) of raw rating values.

        A row without ratings gives finite scores too. Other widths are a :class:`ShapeError`.
        """

    def save(self, directory: Path) -> None:
        """Write into an existing empty folder."""

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Read what :meth:`save` wrote."""


def check_user_ratings(user_ratings: csr_matrix, n_items: int) -> csr_matrix:
    """``user_ratings`` as canonical float32 CSR: sorted indices, no duplicates, no stored zeros; the input is kept.

    Raises ShapeError when its width is not ``n_items`` (native code would read out of bounds) or a value is not
    finite.
    """
    if not issparse(user_ratings):
        raise ShapeError(f"user_ratings is a {type(user_ratings).__name__}, expected a scipy.sparse CSR matrix")
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
    if not checked.has_canonical_format or (checked.nnz and not checked.data.all()):
        checked = checked.copy()
        checked.sum_duplicates()
        checked.eliminate_zeros()
    return checked


def check_single_row(user_ratings: csr_matrix, n_items: int) -> csr_matrix:
    """Like :func:`check_user_ratings`, for one user."""
    checked = check_user_ratings(user_ratings, n_items)
    if checked.shape[0] != 1:
        raise ShapeError(f"user_ratings has {checked.shape[0]} rows, expected the row of one user")
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
