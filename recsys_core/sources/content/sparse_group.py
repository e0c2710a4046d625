"""Profiles of many people in a group of features of which every item has few."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

__all__ = ["SparseGroup"]


@dataclass(frozen=True, slots=True, eq=False)
class SparseGroup:
    """The group's features, the most frequent first: the rows of profiles that are most asked for lie together.

    items  CSR float32 of shape (n_items, n_features)
    """

    items: csr_matrix

    @classmethod
    def of(cls, items: csr_matrix) -> Self:
        """``items`` with its columns in that order."""
        frequency = np.bincount(items.indices, minlength=items.shape[1])
        place_of = np.empty(items.shape[1], dtype=items.indices.dtype)
        place_of[np.argsort(-frequency, kind="stable")] = np.arange(items.shape[1])
        # Copies: sorting the indices moves the data, which would be those of the features.
        ordered = csr_matrix((items.data.copy(), place_of[items.indices], items.indptr.copy()), shape=items.shape)
        ordered.sort_indices()
        return cls(ordered)

    def profiles(self, strength: csr_matrix, floor: NDArray[np.float64], *, times: float = 1.0) -> NDArray[np.float32]:
        """Sums of the features of what each user rated, of length ``times``: (n_features, n_users), C-contiguous.

        strength  what each rating counts, (n_users, n_items)
        floor     of shape (n_users,): a sum that is no longer is none, all 0

        One product with a column for each user, over the items that any of them has rated, is faster than one of
        sparse matrices, for popular items, which have most features, are rated by many.
        """
        rated = np.unique(strength.indices)
        by_item = np.ascontiguousarray(strength[:, rated].toarray().T)
        found = np.asarray(self.items[rated].T @ by_item, dtype=np.float32)
        lengths = np.sqrt(np.einsum("fu,fu->u", found, found, dtype=np.float64))
        scale = np.divide(times, lengths, out=np.zeros_like(lengths), where=lengths > floor)
        found *= scale.astype(np.float32)
        return found
