"""Cosines between the candidates of each user, from features held partly dense, partly sparse."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys_core.evaluation.beyond_accuracy import unit_features
from recsys_core.features import ItemFeatures

__all__ = ["ItemSimilarity"]

_DENSE_SHARE = 0.2  # columns filled more than this are multiplied as a dense matrix


@dataclass(frozen=True, slots=True, eq=False)
class ItemSimilarity:
    """The features that :func:`recsys_core.evaluation.beyond_accuracy.unit_features` gives, columns in two parts.

    sparse_rows  CSR of shape (n_items, n_sparse)
    dense_rows   ndarray of shape (n_items, n_dense): the columns that most items fill, as reduced genomes do
    """

    sparse_rows: csr_matrix
    dense_rows: NDArray[np.float64]

    @classmethod
    def of(cls, features: ItemFeatures) -> "ItemSimilarity":
        rows = unit_features(features)
        is_dense = np.bincount(rows.indices, minlength=rows.shape[1]) > _DENSE_SHARE * rows.shape[0]
        sparse_rows = csr_matrix(rows[:, np.flatnonzero(~is_dense)])
        sparse_rows.sort_indices()
        return cls(sparse_rows, rows[:, np.flatnonzero(is_dense)].toarray())

    @property
    def n_items(self) -> int:
        return int(self.sparse_rows.shape[0])

    def among(self, item_nums: NDArray[np.int64]) -> NDArray[np.float64]:
        """Cosines of shape (n_users, n_candidates, n_candidates) for item numbers of shape (n_users, n_candidates).

        Each user's are the same to the last bit in any batch: sparse products add up row by row, dense ones are one
        matrix product for each user.
        """
        unique, places = np.unique(item_nums, return_inverse=True)
        places = places.reshape(item_nums.shape)
        rows = self.sparse_rows[unique]
        pairs = (rows @ rows.T).toarray()
        cosines = pairs[places[:, :, None], places[:, None, :]]
        if self.dense_rows.shape[1]:
            own = self.dense_rows[item_nums]
            cosines += own @ own.transpose(0, 2, 1)
        return np.asarray(cosines)
