"""A user's profile is the sum of the features of what they rated; the score is the cosine to it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys_core.dataset.feedback import Feedback
from recsys_core.errors import ShapeError
from recsys_core.features import ItemFeatures
from recsys_core.features.weighting import normalise_rows
from recsys_core.scoring import check_item_ids, check_item_nums, check_single_row, check_user_ratings
from recsys_core.sources.content.parameters import ContentParameters
from recsys_core.storage import read_manifest, write_manifest

__all__ = ["ContentModel", "fit_content"]


@dataclass(frozen=True, slots=True, eq=False)
class ContentModel:
    """Features of the training items and how to weigh them.

    features       features of the training vocabulary, row for row
    rating_middle  the rating scale's middle: a rating above it speaks for an item, one below against
    """

    features: ItemFeatures
    parameters: ContentParameters
    rating_middle: float

    @property
    def item_ids(self) -> NDArray[np.int64]:
        return self.features.item_ids

    @property
    def groups(self) -> tuple[str, ...]:
        """Names of the feature groups, in the order of :meth:`group_scores`."""
        return tuple(self.features.groups)

    @property
    def group_weights(self) -> NDArray[np.float32]:
        """Weight of each of ``groups``, float32 of shape (n_groups,)."""
        return np.asarray([self.parameters.group_weights.get(name, 0.0) for name in self.groups], dtype=np.float32)

    def profiles(self, user_ratings: csr_matrix) -> dict[str, csr_matrix]:
        """For each group the users' profiles, CSR of shape (n_users, n_features), rows of length 1 or empty."""
        weights = self._profile_weights(check_user_ratings(user_ratings, len(self.item_ids)))
        floor = _profile_floor(weights)
        return {
            name: normalise_rows(csr_matrix(weights @ matrix), floor) for name, matrix in self.features.groups.items()
        }

    def group_scores(self, user_ratings: csr_matrix, features: ItemFeatures | None = None) -> NDArray[np.float32]:
        """Cosine of profile and item for each group: float32 of shape (n_groups, n_users, n_items).

        With ``features`` the items are those of ``features`` (columns built together with the model's).
        """
        items = self.features if features is None else features
        profiles = self.profiles(user_ratings)
        scores = np.zeros((len(self.groups), user_ratings.shape[0], len(items.item_ids)), dtype=np.float32)
        for num, name in enumerate(self.groups):
            scores[num] = (profiles[name] @ self._same_columns(items, name).T).toarray()
        return scores

    def score(self, user_ratings: csr_matrix) -> NDArray[np.float32]:
        """Weighted sum of the groups' cosines: float32 of shape (n_users, n_items)."""
        return self.score_items(user_ratings, self.features)

    def score_items(self, user_ratings: csr_matrix, features: ItemFeatures) -> NDArray[np.float32]:
        """Scores of the items of ``features`` (never rated ones, say): float32 of shape (n_users, n_other_items)."""
        profiles = self.profiles(user_ratings)
        scores = np.zeros((user_ratings.shape[0], len(features.item_ids)), dtype=np.float32)
        for name, weight in zip(self.groups, self.group_weights, strict=True):
            if weight:
                scores += weight * (profiles[name] @ self._same_columns(features, name).T).toarray()
        return scores

    def contributions(self, user_ratings: csr_matrix, item_nums: NDArray[np.integer]) -> NDArray[np.float32]:
        """How much each rated title of one user, (1, n_items), gave to the score of each asked item.

        Returns float32 of shape (n_asked, n_rated), columns in the order of the row's item numbers, ascending;
        each row adds up to the item's score.
        """
        checked = check_single_row(user_ratings, len(self.item_ids))
        nums = check_item_nums(item_nums, len(self.item_ids))
        weights = self._profile_weights(checked)
        parts = np.zeros((len(nums), checked.nnz), dtype=np.float64)
        for name, group_weight in zip(self.groups, self.group_weights, strict=True):
            matrix = self.features.groups[name]
            profile = (weights @ matrix).toarray()
            length = float(np.sqrt((profile.astype(np.float64) ** 2).sum()))
            if length > _profile_floor(weights)[0]:
                cosines = (matrix[nums] @ matrix[checked.indices].T).toarray()
                parts += group_weight * cosines * weights.data / length
        return parts.astype(np.float32)

    def _profile_weights(self, checked: csr_matrix) -> csr_matrix:
        data = (checked.data - self.rating_middle).astype(np.float32)
        return csr_matrix((data, checked.indices, checked.indptr), shape=checked.shape)

    def _same_columns(self, features: ItemFeatures, name: str) -> csr_matrix:
        n_columns = self.features.groups[name].shape[1]
        matrix = features.groups.get(name)
        if matrix is None or matrix.shape[1] != n_columns:
            found = "none" if matrix is None else matrix.shape[1]
            raise ShapeError(
                f"feature group {name} has {found} columns, the model has {n_columns}; build all features together"
            )
        return matrix

    def save(self, directory: Path) -> None:
        (directory / "features").mkdir()
        self.features.save(directory / "features")
        write_manifest(
            directory, "ContentModel", parameters=self.parameters.as_dict(), rating_middle=self.rating_middle
        )

    @classmethod
    def load(cls, directory: Path) -> Self:
        manifest = read_manifest(directory, "ContentModel")
        return cls(
            ItemFeatures.load(directory / "features"),
            ContentParameters(**manifest["parameters"]),
            manifest["rating_middle"],
        )


def _profile_floor(weights: csr_matrix) -> NDArray[np.float64]:
    """Lengths, of shape (n_users,), up to which a profile is what rounding left of likes and dislikes that cancel."""
    return 1e-5 * np.asarray(abs(weights).sum(axis=1), dtype=np.float64).ravel()


def fit_content(
    features: ItemFeatures,
    item_ids: NDArray[np.int64],
    parameters: ContentParameters,
    *,
    feedback: Feedback,
) -> ContentModel:
    """The content model of the training vocabulary ``item_ids`` (n_items,), taken out of the catalogue's features."""
    ids = check_item_ids(item_ids, len(item_ids))
    return ContentModel(features.select(ids), parameters, feedback.middle)
