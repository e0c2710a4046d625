"""Content scores of one person without a sparse matrix on the way: what answering online takes.

The same sums as for many people at once; for a single row the making of sparse matrices would cost more than the sums.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack

from recsys_core.sparse_rows import weighted_rows

__all__ = ["CANCELLED", "FILLED_SHARE", "OneProfile"]

FILLED_SHARE = 0.7  # where fewer items have any feature of a group, those are taken to be all different
CANCELLED = 1e-5  # a profile shorter than this share of its weights is what rounding left of likes and dislikes


@dataclass(frozen=True, slots=True, eq=False)
class OneProfile:
    """Features of the catalogue's items, groups side by side.

    features       CSR float32 of shape (n_items, n_features)
    sparse         the same without the groups that are multiplied as dense matrices, of the same shape
    bounds         first column of each group, and n_features: int64 of shape (n_groups + 1,)
    weights        weight of each group, float64 of shape (n_groups,)
    kinds          for each group None, or its different items: items with the same genres have the same score
    signed         for each group whether dislikes are left out of it
    """

    features: csr_matrix
    sparse: csr_matrix
    bounds: NDArray[np.int64]
    weights: NDArray[np.float64]
    kinds: tuple["_Kinds | None", ...]
    signed: tuple[bool, ...]

    @classmethod
    def of(
        cls,
        groups: dict[str, csr_matrix],
        weights: dict[str, float],
        *,
        dense: Collection[str],
        signed: Collection[str],
        n_items: int,
    ) -> Self:
        """``groups`` with a weight, those in ``dense`` to be multiplied as matrices."""
        empty = {name: csr_matrix(groups[name].shape, dtype=np.float32) for name in dense}  # type: ignore[arg-type]
        widths = [matrix.shape[1] for matrix in groups.values()]
        return cls(
            _side_by_side(groups.values(), n_items),
            _side_by_side((empty.get(name, matrix) for name, matrix in groups.items()), n_items),
            np.concatenate([[0], np.cumsum(widths)]).astype(np.int64),
            np.asarray([weights[name] for name in groups], dtype=np.float64),
            tuple(_Kinds.of(matrix) if name in dense else None for name, matrix in groups.items()),
            tuple(name in signed for name in groups),
        )

    def scores(self, rated: NDArray[np.integer], strength: NDArray[np.float32]) -> NDArray[np.float32]:
        """Σ_g w_g · cosine(profile, item) of every item, float32 of shape (n_items,).

        rated     item numbers of the history
        strength  of each of them, below 0 for a dislike
        """
        liking = np.maximum(strength, 0)
        profile = weighted_rows(self.features, rated, strength)
        likes = weighted_rows(self.features, rated, liking) if any(self.signed) and (strength < 0).any() else profile
        scores = np.zeros(self.features.shape[0], dtype=np.float32)
        for num, kinds in enumerate(self.kinds):
            columns = slice(self.bounds[num], self.bounds[num + 1])
            if self.signed[num]:
                profile[columns] = likes[columns]
            part, counted = profile[columns], liking if self.signed[num] else strength
            length = float(np.linalg.norm(part))
            if length <= CANCELLED * float(np.abs(counted).sum(dtype=np.float64)):
                part[:] = 0
                continue
            part *= self.weights[num] / length
            if kinds is not None:
                scores += (part.astype(np.float32) @ kinds.features)[kinds.kind_of]
        scores += self.sparse @ profile.astype(np.float32)
        return scores


def _side_by_side(groups: Iterable[csr_matrix], n_items: int) -> csr_matrix:
    nothing = csr_matrix(np.zeros((n_items, 0), dtype=np.float32))
    return csr_matrix(hstack([nothing, *groups], format="csr"))


@dataclass(frozen=True, slots=True, eq=False)
class _Kinds:
    """The different items of a group.

    features  float32 of shape (n_features, n_kinds), the layout in which one profile times all kinds is fastest
    kind_of   int64 of shape (n_items,)
    """

    features: NDArray[np.float32]
    kind_of: NDArray[np.int64]

    @classmethod
    def of(cls, items: csr_matrix) -> Self:
        filled = np.flatnonzero(np.diff(items.indptr))
        if len(filled) < FILLED_SHARE * items.shape[0]:  # the empty ones are one kind, the others all different
            kind_of = np.full(items.shape[0], len(filled), dtype=np.int64)
            kind_of[filled] = np.arange(len(filled))
            rows = np.concatenate([items[filled].toarray(), np.zeros((1, items.shape[1]), dtype=np.float32)])
        else:
            rows, kind_of = np.unique(items.toarray(), axis=0, return_inverse=True)
        return cls(np.ascontiguousarray(rows.T), kind_of.astype(np.int64))
