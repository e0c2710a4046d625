"""Content scores over the whole catalogue: trained (warm) items first, then items without ratings (cold)."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack

from recsys_core.hybrid.one_profile import OneProfile
from recsys_core.sources.content import ContentModel

__all__ = ["ContentTerm"]

_DENSE_SHARE = 0.05  # groups with more entries than this share are multiplied as dense matrices


@dataclass(frozen=True, eq=False)
class ContentTerm:
    """The content part of the hybrid.

    model    features of the catalogue's items: ``n_warm`` trained ones, then the cold ones
    n_warm   number of trained items
    """

    model: ContentModel
    n_warm: int

    @property
    def n_items(self) -> int:
        return len(self.model.item_ids)

    def catalogue_ratings(self, user_ratings: csr_matrix, cold_ratings: csr_matrix | None) -> csr_matrix:
        """Ratings of warm and cold items side by side, of shape (n_users, n_items)."""
        n_users = user_ratings.shape[0]
        if cold_ratings is None:
            nothing = np.zeros(0, dtype=np.int32)
            shape = (n_users, self.n_items - self.n_warm)
            cold_ratings = csr_matrix((nothing.astype(np.float32), (nothing, nothing)), shape=shape)
        joined: csr_matrix = hstack([user_ratings, cold_ratings], format="csr", dtype=np.float32)
        return joined

    def scores(self, catalogue_ratings: csr_matrix, *, cold: bool = False) -> NDArray[np.float32]:
        """Σ_g w_g · cosine of the warm items, float32 (n_users, n_warm), or of the cold ones (n_users, n_cold)."""
        start, stop = (self.n_warm, self.n_items) if cold else (0, self.n_warm)
        if catalogue_ratings.shape[0] == 1 and self._one_profile is not None:
            return self._one_profile.scores(catalogue_ratings)[None, start:stop]
        scores = np.zeros((catalogue_ratings.shape[0], stop - start), dtype=np.float32)
        profiles = self.model.profiles(catalogue_ratings)
        dense, sparse = self._stacked
        if dense:
            left = hstack([profiles[name] * np.float32(self.weight(name)) for name in dense]).toarray()
            scores += left @ self._dense_items[start:stop].T
        if sparse:
            left = hstack([profiles[name] * np.float32(self.weight(name)) for name in sparse]).toarray()
            scores += (self._sparse_items[start:stop] @ np.ascontiguousarray(left.T)).T
        return scores

    def group_scores(self, catalogue_ratings: csr_matrix) -> NDArray[np.float32]:
        """Unweighted cosines of the warm items: float32 of shape (n_groups, n_users, n_warm)."""
        scores = np.zeros((len(self.model.groups), catalogue_ratings.shape[0], self.n_warm), dtype=np.float32)
        for num, (name, profile) in enumerate(self.model.profiles(catalogue_ratings).items()):
            items = self.model.features.groups[name][: self.n_warm]
            if _is_dense(items):
                scores[num] = profile.toarray() @ items.toarray().T
            else:
                scores[num] = (items @ np.ascontiguousarray(profile.toarray().T)).T
        return scores

    def title_vectors(
        self, catalogue_row: csr_matrix, item_nums: NDArray[np.int64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """What each rated title of one user gave to the raw score, the profile's length taken as fixed.

        Returns the parts for the asked items, of shape (n_asked, n_rated), and their mean over the warm items,
        of shape (n_rated,).
        """
        parts = np.zeros((len(item_nums), catalogue_row.nnz))
        means = np.zeros(catalogue_row.nnz)
        strength = catalogue_row.data.astype(np.float64) - self.model.rating_middle
        for name in (*self._stacked[0], *self._stacked[1]):
            items = self.model.features.groups[name]
            titles = items[catalogue_row.indices].astype(np.float64)
            profile = titles.T @ strength
            length = float(np.linalg.norm(profile))
            if length > 0:
                scale = self.weight(name) * strength / length
                parts += (items[item_nums] @ titles.T).toarray() * scale
                means += (titles @ self._mean_features[name]) * scale
        return parts, means

    def weight(self, group: str) -> float:
        return float(self.model.parameters.group_weights.get(group, 0.0))

    @cached_property
    def _stacked(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Names of the groups with a weight: those multiplied as dense matrices, and the others."""
        used = [name for name in self.model.groups if self.weight(name) > 0]
        dense = tuple(name for name in used if _is_dense(self.model.features.groups[name]))
        return dense, tuple(name for name in used if name not in dense)

    @cached_property
    def _dense_items(self) -> NDArray[np.float32]:
        stacked: NDArray[np.float32] = hstack([self.model.features.groups[name] for name in self._stacked[0]]).toarray()
        return stacked

    @cached_property
    def _sparse_items(self) -> csr_matrix:
        return csr_matrix(hstack([self.model.features.groups[name] for name in self._stacked[1]], format="csr"))

    @cached_property
    def _one_profile(self) -> OneProfile | None:
        groups = self.model.features.groups
        dense_names, sparse_names = self._stacked
        used = {name: groups[name] for name in (*dense_names, *sparse_names)}
        if not used:
            return None
        weights = {name: self.weight(name) for name in used}
        return OneProfile.of(used, weights, {*dense_names}, self.model.rating_middle)

    @cached_property
    def _mean_features(self) -> dict[str, NDArray[np.float64]]:
        groups = self.model.features.groups.items()  # in double precision before, not after: SciPy sums as it finds
        return {name: np.asarray(items[: self.n_warm].astype(float).mean(axis=0)).ravel() for name, items in groups}


def _is_dense(items: csr_matrix) -> bool:
    return bool(items.nnz > _DENSE_SHARE * max(1, items.shape[0] * items.shape[1]))
