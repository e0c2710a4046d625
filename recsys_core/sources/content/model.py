"""A user's profile is the sum of the features of what they rated; the score is the cosine to it."""

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import ClassVar, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack

from recsys_core.dataset.feedback import Feedback
from recsys_core.errors import ShapeError
from recsys_core.features import ItemFeatures
from recsys_core.histories import Histories, Known
from recsys_core.scoring import check_histories, check_one_history
from recsys_core.sources.content.one_profile import CANCELLED, FILLED_SHARE, OneProfile
from recsys_core.sources.content.parameters import ContentParameters
from recsys_core.sources.content.sparse_group import SparseGroup
from recsys_core.sources.moments import dense_moments
from recsys_core.sources.source import Entry
from recsys_core.sparse_rows import mixed
from recsys_core.storage import read_manifest, write_manifest

__all__ = ["ContentModel", "fit_content", "is_dense"]

_DENSE_SHARE = 0.05  # groups with more entries than this share are multiplied as dense matrices
_BLOCK_ITEMS = 1024  # their scores for a block of users stay in the cache
_Counted: TypeAlias = dict[bool, tuple[csr_matrix, NDArray[np.float64]]]


@dataclass(frozen=True, eq=False)
class ContentModel:
    """Features of the catalogue and how to weigh them.

    features   of the catalogue: the ``n_warm`` trained items, then those without a training rating
    feedback   what ratings say: one above the middle speaks for a title's features, one below against

    Where all features of a group are 0 or more, so is every similarity, and a disliked title speaks for nothing. In a
    group with features of either sign dislikes are left out.
    """

    features: ItemFeatures
    n_warm: int
    parameters: ContentParameters
    feedback: Feedback
    item_side: ClassVar[None] = None
    columns: ClassVar[None] = None

    @property
    def item_ids(self) -> NDArray[np.int64]:
        return self.features.item_ids[: self.n_warm]

    @property
    def n_catalogue(self) -> int:
        return len(self.features.item_ids)

    @property
    def groups(self) -> tuple[str, ...]:
        """Names of the feature groups, in the order of :meth:`components`."""
        return tuple(self.features.groups)

    def weight(self, group: str) -> float:
        return float(self.parameters.group_weights.get(group, 0.0))

    def weighted(self, group_weights: dict[str, float]) -> "ContentModel":
        """The same features weighed otherwise."""
        return ContentModel(self.features, self.n_warm, ContentParameters(group_weights=group_weights), self.feedback)

    def score(self, known: Known) -> NDArray[np.float32]:
        """Σ_g w_g · cosine(profile, item) of the warm items: float32 of shape (n_users, n_warm)."""
        return self._scores(check_histories(known, self.n_warm), 0, self.n_warm)

    def cold_score(self, known: Known) -> NDArray[np.float32]:
        """The same for the items without a training rating: float32 of shape (n_users, n_cold)."""
        return self._scores(check_histories(known, self.n_warm), self.n_warm, self.n_catalogue)

    def enter(self, histories: Histories) -> Entry:
        raw = self._scores(histories, 0, self.n_warm)
        return Entry(dense_moments(raw), raw=raw)

    def components(self, histories: Histories) -> NDArray[np.float32]:
        """Unweighted cosines of the warm items, group by group: float32 of shape (n_groups, n_users, n_warm)."""
        found = np.zeros((len(self.groups), histories.n_users, self.n_warm), dtype=np.float32)
        counted = self._counted(histories)
        for num, name in enumerate(self.groups):
            if name in self.dense_rows:
                nums, items = self.dense_rows[name]
                n_warm = np.searchsorted(nums, self.n_warm)
                found[num][:, nums[:n_warm]] = self._dense_profile(counted, name) @ items[:n_warm].T
            else:
                group = self._sparse_groups[name]
                found[num] = (group.items[: self.n_warm] @ group.profiles(*counted[name in self._signed])).T
        return found

    def parts(self, history: Histories, mixture: csr_matrix) -> NDArray[np.float64]:
        """What each rated title of one user, warm and cold, gave to the scores, mixed: (n_mixed, n_rated).

        The profile's length is taken as given.
        """
        row = self._catalogue_rows(check_one_history(history, self.n_warm))
        parts = np.zeros((mixture.shape[0], row.nnz))
        for name in (*self._dense, *self._sparse):
            items = self.features.groups[name]
            strength = self._strength(row.data, name in self._signed).astype(np.float64)
            titles = items[row.indices].astype(np.float64)
            length = float(np.linalg.norm(titles.T @ strength))
            if length > CANCELLED * np.abs(strength).sum():
                parts += (mixed(mixture, items) @ titles.T).toarray() * (self.weight(name) * strength / length)
        return parts

    def _scores(self, histories: Histories, start: int, stop: int) -> NDArray[np.float32]:
        if histories.n_users == 1:
            row = self._catalogue_rows(histories)
            return self._one_profile.scores(row.indices, self.feedback.strengths(row.data))[None, start:stop]
        scores = np.zeros((histories.n_users, stop - start), dtype=np.float32)
        counted = self._counted(histories)
        for names, nums, features in self._dense_items:
            weighted = [self._dense_profile(counted, name) * np.float32(self.weight(name)) for name in names]
            first, last = np.searchsorted(nums, (start, stop))
            columns = slice(None) if last - first == stop - start else nums[first:last] - start
            found = np.concatenate(weighted, axis=1) @ features[:, first:last]
            for user, of_user in enumerate(found):  # one by one: each stays in the cache
                scores[user, columns] += of_user
        if self._sparse:
            profiles = [
                self._sparse_groups[name].profiles(*counted[name in self._signed], times=self.weight(name))
                for name in self._sparse
            ]
            by_feature = profiles[0] if len(profiles) == 1 else np.concatenate(profiles)
            for first_num, items in self._sparse_items:
                if start <= first_num < stop:
                    place = first_num - start
                    scores[:, place : place + items.shape[0]] += (items @ by_feature).T
        return scores

    def _counted(self, histories: Histories) -> _Counted:
        """What each rating counts in profiles of groups that are signed (True) and not, and which lengths are none."""
        rows, found = self._catalogue_rows(histories), {}
        for signed in (False, True):
            strength = csr_matrix((self._strength(rows.data, signed), rows.indices, rows.indptr), shape=rows.shape)
            floor = CANCELLED * np.asarray(abs(strength).sum(axis=1), dtype=np.float64).ravel()
            found[signed] = strength, floor
        return found

    def _dense_profile(self, counted: _Counted, name: str) -> NDArray[np.float32]:
        """The users' profiles in a group multiplied as a dense matrix: (n_users, n_features), of length 1 or 0."""
        strength, floor = counted[name in self._signed]
        nums, features = self.dense_rows[name]
        sums = (strength if len(nums) == strength.shape[1] else strength[:, nums]) @ features
        lengths = np.sqrt(np.vecdot(sums, sums, dtype=np.float64))
        scale = np.divide(1.0, lengths, out=np.zeros_like(lengths), where=lengths > floor)
        return np.asarray(sums * scale.astype(np.float32)[:, None])

    def _strength(self, values: NDArray[np.float32], signed: bool) -> NDArray[np.float32]:
        strength = self.feedback.strengths(values)
        return np.maximum(strength, 0) if signed else strength

    def _catalogue_rows(self, histories: Histories) -> csr_matrix:
        """Ratings of warm and cold items side by side, of shape (n_users, n_catalogue)."""
        warm, cold = histories.ratings, histories.cold
        if cold is None or cold.nnz == 0:
            return csr_matrix((warm.data, warm.indices, warm.indptr), shape=(histories.n_users, self.n_catalogue))
        if cold.shape[1] != self.n_catalogue - self.n_warm:
            raise ShapeError(
                f"cold ratings have {cold.shape[1]} columns, the catalogue {self.n_catalogue - self.n_warm} cold items"
            )
        return csr_matrix(hstack([warm, cold], format="csr", dtype=np.float32))

    @cached_property
    def _signed(self) -> frozenset[str]:
        """Groups with features below 0."""
        return frozenset(name for name, items in self.features.groups.items() if items.nnz and items.data.min() < 0)

    @cached_property
    def _dense(self) -> tuple[str, ...]:
        """Groups with a weight that are multiplied as dense matrices."""
        return tuple(name for name in self.groups if self.weight(name) > 0 and name in self.dense_rows)

    @cached_property
    def _sparse(self) -> tuple[str, ...]:
        return tuple(name for name in self.groups if self.weight(name) > 0 and name not in self._dense)

    @property
    def all_dense(self) -> bool:
        """Whether all groups with a weight are multiplied as dense matrices."""
        return not self._sparse

    @cached_property
    def _sparse_groups(self) -> dict[str, SparseGroup]:
        """All groups but the dense ones."""
        return {
            name: SparseGroup.of(items) for name, items in self.features.groups.items() if name not in self.dense_rows
        }

    @cached_property
    def dense_rows(self) -> dict[str, tuple[NDArray[np.int64], NDArray[np.float32]]]:
        """Of each group with many features filled the items that it knows, and these: (n_known, n_features)."""
        found = {}
        for name, items in self.features.groups.items():
            if is_dense(items):
                lengths = np.diff(items.indptr)
                few = np.count_nonzero(lengths) < FILLED_SHARE * len(lengths)
                nums = np.flatnonzero(lengths) if few else np.arange(len(lengths))
                found[name] = (nums, items[nums].toarray())
        return found

    @cached_property
    def _dense_items(self) -> list[tuple[tuple[str, ...], NDArray[np.int64], NDArray[np.float32]]]:
        """Dense groups that know the same items: their names, these items, and (n_features, n_known) features."""
        knowing: dict[bytes, list[str]] = {}
        for name in self._dense:
            knowing.setdefault(self.dense_rows[name][0].tobytes(), []).append(name)
        found = []
        for names in knowing.values():
            together = np.concatenate([self.dense_rows[name][1].T for name in names])
            found.append((tuple(names), self.dense_rows[names[0]][0], np.ascontiguousarray(together)))
        return found

    @cached_property
    def _sparse_items(self) -> list[tuple[int, csr_matrix]]:
        """Sparse features side by side, in blocks of items after the number of the first: none is warm and cold."""
        together = csr_matrix(hstack([self._sparse_groups[name].items for name in self._sparse], format="csr"))
        ends = (0, self.n_warm, self.n_catalogue)
        bounds = [first for start, stop in pairwise(ends) for first in range(start, stop, _BLOCK_ITEMS)]
        return [(first, together[first:last]) for first, last in pairwise([*bounds, self.n_catalogue])]

    @cached_property
    def _one_profile(self) -> OneProfile:
        used = {name: self.features.groups[name] for name in (*self._dense, *self._sparse)}
        weights = {name: self.weight(name) for name in used}
        return OneProfile.of(used, weights, dense=self._dense, signed=self._signed, n_items=self.n_catalogue)

    def save(self, directory: Path) -> None:
        (directory / "features").mkdir()
        self.features.save(directory / "features")
        write_manifest(
            directory,
            "ContentModel",
            parameters=self.parameters.as_dict(),
            feedback=self.feedback.as_dict(),
            n_warm=self.n_warm,
        )

    @classmethod
    def load(cls, directory: Path) -> Self:
        manifest = read_manifest(directory, "ContentModel")
        return cls(
            ItemFeatures.load(directory / "features"),
            manifest["n_warm"],
            ContentParameters(**manifest["parameters"]),
            Feedback(**manifest["feedback"]),
        )


def is_dense(items: csr_matrix) -> bool:
    """Whether a group of features is multiplied as a dense matrix."""
    return bool(items.nnz > _DENSE_SHARE * max(1, items.shape[0] * items.shape[1]))


def fit_content(
    features: ItemFeatures, item_ids: NDArray[np.int64], parameters: ContentParameters, *, feedback: Feedback
) -> ContentModel:
    """The content model of a catalogue of which ``item_ids`` (n_items,), sorted, are in training."""
    return ContentModel(features.with_first(item_ids), len(item_ids), parameters, feedback)
