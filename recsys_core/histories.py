"""What is known of people at the moment in which they are given recommendations."""

from dataclasses import dataclass, field
from typing import Union

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys_core.dataset.feedback import Feedback
from recsys_core.dataset.interactions import UserItemMatrix
from recsys_core.errors import ShapeError

__all__ = ["Histories", "Known"]


@dataclass(frozen=True, slots=True, eq=False)
class Histories:
    """Ratings of some people, one row each.

    ratings  of the trained ("warm") items: CSR float32 of shape (n_users, n_items); an entry of 0 is a rating, too
    times    int64 of shape (nnz,), aligned with ``ratings.data``: seconds since 1970; None where they are not known
    cold     ratings of the items that training has not seen: CSR float32 of shape (n_users, n_cold), or None
    """

    ratings: csr_matrix
    times: NDArray[np.int64] | None = None
    cold: csr_matrix | None = None
    _n_liked: dict[Feedback, NDArray[np.int64]] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        if self.times is not None and len(self.times) != self.ratings.nnz:
            raise ShapeError(f"{len(self.times)} times for {self.ratings.nnz} ratings")
        if self.cold is not None and self.cold.shape[0] != self.ratings.shape[0]:
            raise ShapeError(f"cold ratings have {self.cold.shape[0]} rows, the others {self.ratings.shape[0]}")

    @classmethod
    def of(cls, known: "Known") -> "Histories":
        """From whatever holds ratings; a bare matrix has no times."""
        if isinstance(known, Histories):
            return known
        if isinstance(known, UserItemMatrix):
            return cls(known.ratings, known.timestamps)
        return cls(known)

    @property
    def n_users(self) -> int:
        return int(self.ratings.shape[0])

    @property
    def item_nums(self) -> NDArray[np.int64]:
        """Of one user's titles, the warm ones first; the numbers of cold items follow those of the warm ones."""
        warm = self.ratings.indices.astype(np.int64)
        if self.cold is None:
            return warm
        return np.concatenate([warm, self.ratings.shape[1] + self.cold.indices.astype(np.int64)])

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Number of warm ratings of each user, of shape (n_users,)."""
        return np.diff(self.ratings.indptr).astype(np.int64)

    def n_liked(self, feedback: Feedback) -> NDArray[np.int64]:
        """Number of each user's ratings, of warm and cold items, that do not speak against their item: (n_users,).

        Counted once, for one answer asks several times; nobody may change it.
        """
        if feedback not in self._n_liked:
            counts = _count(self.ratings, ~feedback.disliked(self.ratings.data))
            if self.cold is not None and self.cold.nnz:
                counts = counts + _count(self.cold, ~feedback.disliked(self.cold.data))
            self._n_liked[feedback] = counts
        return self._n_liked[feedback]

    def rows(self, start: int, stop: int) -> "Histories":
        """The users from ``start`` to before ``stop``."""
        bounds = self.ratings.indptr
        times = None if self.times is None else self.times[bounds[start] : bounds[min(stop, self.n_users)]]
        return Histories(self.ratings[start:stop], times, None if self.cold is None else self.cold[start:stop])

    def only(self, user_nums: NDArray[np.integer]) -> "Histories":
        """The users ``user_nums``, sorted ascending."""
        if len(user_nums) == self.n_users:
            return self
        wanted = np.zeros(self.n_users, dtype=bool)
        wanted[user_nums] = True
        times = None if self.times is None else self.times[np.repeat(wanted, self.lengths)]
        return Histories(self.ratings[user_nums], times, None if self.cold is None else self.cold[user_nums])

    def newest(self, otherwise: int) -> NDArray[np.int64]:
        """The time of each user's newest rating, int64 of shape (n_users,); ``otherwise`` where there is none."""
        found = np.full(self.n_users, otherwise, dtype=np.int64)
        if self.times is not None and self.ratings.nnz:
            some = np.flatnonzero(self.lengths)
            found[some] = np.maximum.reduceat(self.times, self.ratings.indptr[:-1][some])
        return found

    def n_newer(self, within: int) -> NDArray[np.int64]:
        """For each rating, in the order of ``ratings.data``, how many the same user gave more than ``within`` s later.

        Ratings that lie nearer to each other count as given at once: their order is that of the pages that the person
        was shown, and says nothing of their taste.
        """
        if self.times is None:
            return np.zeros(self.ratings.nnz, dtype=np.int64)
        users = np.repeat(np.arange(self.n_users), self.lengths)
        order = np.lexsort((self.times, users))
        sorted_times, ends = self.times[order], self.ratings.indptr[1:].astype(np.int64)
        start = int(sorted_times.min(initial=0))
        span = int(sorted_times.max(initial=0)) - start + within + 1
        keys = users * span + (sorted_times - start)  # ascending: one search finds all users' places
        later = np.searchsorted(keys, keys + within, side="right")
        found = np.empty(self.ratings.nnz, dtype=np.int64)
        found[order] = ends[users] - np.minimum(later, ends[users])
        return found


Known = Union[Histories, UserItemMatrix, csr_matrix]  # noqa: UP007 - csr_matrix has no |
"""What a scorer takes."""


def _count(ratings: csr_matrix, counted: NDArray[np.bool_]) -> NDArray[np.int64]:
    before = np.concatenate([[0], np.cumsum(counted)])
    return np.asarray(before[ratings.indptr[1:]] - before[ratings.indptr[:-1]], dtype=np.int64)
