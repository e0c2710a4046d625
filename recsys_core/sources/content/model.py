"""A user's profile is the sum of the features of what they rated; the score is the cosine to it."""

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack

from recsys_core.dataset.feedback import Feedback
from recsys_core.errors import ShapeError
from recsys_core.features import ItemFeatures
from recsys_core.features.weighting import normalise_rows
from recsys_core.histories import Histories, Known
from recsys_core.scoring import check_histories, check_one_history
from recsys_core.sources.content.one_profile import CANCELLED, FILLED_SHARE, OneProfile
from recsys_core.sources.content.parameters import ContentParameters
from recsys_core.sources.moments import dense_moments
from recsys_core.sources.source import Entry
from recsys_core.sparse_rows import mixed
from recsys_core.storage import read_manifest, write_manifest

__all__ = ["ContentModel", "fit_content"]

_DENSE_SHARE = 0.05  # groups with more entries than this share are multiplied as dense matrices
_BLOCK_ITEMS = 512  # their scores for a block of users stay in the cache


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
        raw = self.score(histories)
        return Entry(dense_moments(raw), raw=raw)

    def components(self, histories: Histories) -> NDArray[np.float32]:
        """Unweighted cosines of the warm items, group by group: float32 of shape (n_groups, n_users, n_warm)."""
        found = np.zeros((len(self.groups), histories.n_users, self.n_warm), dtype=np.float32)
        for num, (name, profile) in enumerate(self._profiles(histories, self.groups).items()):
            described, items = self._warm_items[name]
            if isinstance(items, np.ndarray):
                found[num][:, described] = profile.toarray() @ items.T
            else:
                found[num][:, described] = (items @ np.ascontiguousarray(profile.toarray().T)).T
        return found

    @cached_property
    def _warm_items(self) -> dict[str, tuple[NDArray[np.int64] | slice, NDArray[np.float32] | csr_matrix]]:
        """For each group the warm items that have features in it, and these: dense where many are filled."""
        found: dict[str, tuple[NDArray[np.int64] | slice, NDArray[np.float32] | csr_matrix]] = {}
        for name in self.groups:
            items = self.features.groups[name][: self.n_warm]
            described = np.flatnonzero(np.diff(items.indptr))
            if _is_dense(items):
                found[name] = (described, items[described].toarray())
            else:
                found[name] = (slice(None), csr_matrix(items))
        return found

    def parts(self, history: Histories, mixture: csr_matrix) -> NDArray[np.float64]:
        """What each rated title of one user, warm and cold, gave to the scores, mixed: (n_mixed, n_rated).

        The profile's length is taken as given.
        """
        row = self._catalogue_rows(check_one_history(history, self.n_warm))
        parts = np.zeros((mixture.shape[0], row.nnz))
        for name in (*self._dense, *self._sparse):
            items = self.features.groups[name]
            strength = self._strength(row.data, name).astype(np.float64)
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
        profiles = self._profiles(histories, (*self._dense, *self._sparse))
        for names, nums, features in self._dense_items:
            left = self._left(profiles, names)
            first, last = np.searchsorted(nums, (start, stop))
            columns = slice(None) if last - first == stop - start else nums[first:last] - start
            for user, found in enumerate(left @ features[:, first:last]):  # one by one: each stays in the cache
                scores[user, columns] += found
        if self._sparse:
            left = self._left(profiles, self._sparse)
            by_feature = np.ascontiguousarray(left.T)
            for first_num, items in self._sparse_items:
                if start <= first_num < stop:
                    place = first_num - start
                    scores[:, place : place + items.shape[0]] += (items @ by_feature).T
        return scores

    def _left(self, profiles: dict[str, csr_matrix], names: tuple[str, ...]) -> NDArray[np.float32]:
        """Weighted profiles side by side."""
        return np.asarray(hstack([profiles[name] * np.float32(self.weight(name)) for name in names]).toarray())

    def _profiles(self, histories: Histories, groups: tuple[str, ...]) -> dict[str, csr_matrix]:
        """For each of ``groups`` the users' profiles, CSR of shape (n_users, n_features), rows of length 1 or empty."""
        rows = self._catalogue_rows(histories)
        found = {}
        for name in groups:
            strength = csr_matrix((self._strength(rows.data, name), rows.indices, rows.indptr), shape=rows.shape)
            floor = CANCELLED * np.asarray(abs(strength).sum(axis=1), dtype=np.float64).ravel()
            found[name] = normalise_rows(csr_matrix(strength @ self.features.groups[name]), floor)
        return found

    def _strength(self, values: NDArray[np.float32], group: str) -> NDArray[np.float32]:
        strength = self.feedback.strengths(values)
        return np.maximum(strength, 0) if group in self._signed else strength

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
        return tuple(name for name in self.groups if self.weight(name) > 0 and _is_dense(self.features.groups[name]))

    @cached_property
    def _sparse(self) -> tuple[str, ...]:
        return tuple(name for name in self.groups if self.weight(name) > 0 and name not in self._dense)

    @cached_property
    def _dense_items(self) -> list[tuple[tuple[str, ...], NDArray[np.int64], NDArray[np.float32]]]:
        """Dense groups that know the same items: their names, these items, and (n_features, n_known) features."""
        knowing: dict[bytes, tuple[NDArray[np.int64], list[str]]] = {}
        for name in self._dense:
            lengths = np.diff(self.features.groups[name].indptr)
            few = np.count_nonzero(lengths) < FILLED_SHARE * len(lengths)
            nums = np.flatnonzero(lengths) if few else np.arange(len(lengths))
            knowing.setdefault(nums.tobytes(), (nums, []))[1].append(name)
        found = []
        for nums, names in knowing.values():
            together = hstack([self.features.groups[name][nums] for name in names]).toarray()
            found.append((tuple(names), nums, np.ascontiguousarray(together.T)))
        return found

    @cached_property
    def _sparse_items(self) -> list[tuple[int, csr_matrix]]:
        """Sparse features side by side, in blocks of items after the number of the first: none is warm and cold."""
        together = csr_matrix(hstack([self.features.groups[name] for name in self._sparse], format="csr"))
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


def _is_dense(items: csr_matrix) -> bool:
    return bool(items.nnz > _DENSE_SHARE * max(1, items.shape[0] * items.shape[1]))


def fit_content(
    features: ItemFeatures, item_ids: NDArray[np.int64], parameters: ContentParameters, *, feedback: Feedback
) -> ContentModel:
    """The content model of a catalogue of which ``item_ids`` (n_items,), sorted, are in training."""
    return ContentModel(features.with_first(item_ids), len(item_ids), parameters, feedback)
