"""The trained EASE model: item-to-item weights, scores and what each rated title contributed."""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys_core.dataset.feedback import Feedback
from recsys_core.errors import ShapeError
from recsys_core.histories import Histories, Known
from recsys_core.scoring import check_histories, check_one_history
from recsys_core.sources.ease.parameters import EASEParameters
from recsys_core.sources.moments import dense_moments
from recsys_core.sources.source import Entry
from recsys_core.sparse_rows import entries_at, mixed, weighted_rows
from recsys_core.storage import load_arrays, read_manifest, save_arrays, write_manifest

__all__ = ["EASEModel", "history_strength"]

_SAME_PAGE = 60  # seconds within which the order of ratings is that of the pages on which titles were shown
_ALIKE = 100  # titles that a disliked one speaks against


def history_strength(histories: Histories, parameters: EASEParameters, feedback: Feedback) -> NDArray[np.float32]:
    """What each rating of a history counts, of shape (nnz,): -1 for a disliked title to 1, more the newer it is."""
    strength = feedback.strengths(histories.ratings.data)
    if histories.times is None or parameters.recency_floor == 1:
        return strength
    lengths = np.repeat(histories.lengths, histories.lengths)
    age = histories.n_newer(_SAME_PAGE) / (parameters.recency_share * lengths)
    floor = parameters.recency_floor
    return (strength * (floor + (1 - floor) * np.exp(-age))).astype(np.float32)


@dataclass(frozen=True, eq=False)
class EASEModel:
    """Weights trained by :func:`recsys_core.sources.ease.fit_ease`.

    item_ids   int64 of shape (n_items,), sorted: the whole training vocabulary
    kept_nums  int64 of shape (n_kept,), sorted: the items that take part; all others score 0
    weights    float32 of shape (n_kept, n_kept), zero diagonal: ``weights[j, i]`` is what rating j adds to i
    feedback   what ratings say
    place_of   int64 of shape (n_items,): where each item is among the kept ones, -1 where it takes no part

    The score is Σ_j x_j·B_ji over liked titles j, and over disliked ones, x_j < 0, the same with the largest weights
    above 0 alone (:attr:`alike`): what is unlike a disliked title gains nothing by it.
    """

    item_ids: NDArray[np.int64]
    kept_nums: NDArray[np.int64]
    weights: NDArray[np.float32]
    parameters: EASEParameters
    feedback: Feedback
    item_side: ClassVar[None] = None
    place_of: NDArray[np.int64] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        place_of = np.full(len(self.item_ids), -1, dtype=np.int64)
        place_of[self.kept_nums] = np.arange(len(self.kept_nums))
        object.__setattr__(self, "place_of", place_of)
        expected = (len(self.kept_nums), len(self.kept_nums))
        if self.weights.shape != expected:
            raise ShapeError(f"weights have shape {self.weights.shape}, kept_nums say {expected}")

    @property
    def columns(self) -> NDArray[np.int64] | None:
        """Those that take part, None where all do."""
        return None if len(self.kept_nums) == len(self.item_ids) else self.kept_nums

    def score(self, known: Known) -> NDArray[np.float32]:
        """float32 of shape (n_users, n_items); 0 for items that take no part and for empty histories."""
        raw, _ = self._scores(check_histories(known, len(self.item_ids)))
        scores = np.zeros((len(raw), len(self.item_ids)), dtype=np.float32)
        scores[:, self.kept_nums] = raw
        return scores

    def enter(self, histories: Histories) -> Entry:
        raw, aversion = self._scores(histories)
        return Entry(dense_moments(raw, n_items=len(self.item_ids)), raw=raw, aversion=aversion)

    def parts(self, history: Histories, mixture: csr_matrix) -> NDArray[np.float64]:
        """What each rated title of one user gave to the scores, mixed: (n_mixed, n_rated)."""
        parts, strength = self._between(history, mixture)
        counts = np.where(strength < 0, self.parameters.dislike, 1.0)
        return parts * (counts * strength)

    def aversion_parts(self, history: Histories, mixture: csr_matrix) -> NDArray[np.float64]:
        parts, strength = self._between(history, mixture)
        return parts * np.minimum(strength, 0.0)

    @cached_property
    def alike(self) -> csr_matrix:
        """From each title that takes part to the ``_ALIKE`` that it leads to most: CSR (n_kept, n_kept), above 0."""
        n_kept = len(self.kept_nums)
        n_alike = min(_ALIKE, n_kept)
        columns = np.sort(np.argpartition(self.weights, n_kept - n_alike, axis=1)[:, n_kept - n_alike :], axis=1)
        values = np.maximum(np.take_along_axis(self.weights, columns, axis=1), 0)
        found = csr_matrix((values.ravel(), columns.ravel(), np.arange(n_kept + 1) * n_alike), shape=(n_kept, n_kept))
        found.eliminate_zeros()
        return found

    def _between(self, history: Histories, mixture: csr_matrix) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The weight from each rated title to each mixture, for disliked ones of those alike; the strengths."""
        checked = check_one_history(history, len(self.item_ids))
        strength = history_strength(checked, self.parameters, self.feedback).astype(np.float64)
        rated, asked = self.place_of[checked.ratings.indices], mixture[:, self.kept_nums]
        between = np.zeros((mixture.shape[0], len(rated)))
        for weights, counted in ((self.weights, strength >= 0), (self.alike, strength < 0)):
            titles = np.flatnonzero((rated >= 0) & counted)
            found = mixed(asked, weights[rated[titles]].T)
            between[:, titles] = found if isinstance(found, np.ndarray) else found.toarray()
        return between, strength

    def _scores(self, histories: Histories) -> tuple[NDArray[np.float32], csr_matrix | None]:
        """Scores of the items that take part, (n_users, n_kept), and the aversion that is in them, if there is any."""
        strength = history_strength(histories, self.parameters, self.feedback)
        ratings, dislike = histories.ratings, np.float32(self.parameters.dislike)
        if histories.n_users == 1:  # the product of sparse matrices would cost more than the sum
            places = self.place_of[ratings.indices]
            liked, disliked = (places >= 0) & (strength > 0), (places >= 0) & (strength < 0)
            scores: NDArray[np.float32] = (strength[liked] @ self.weights[places[liked]])[None, :]
            if not disliked.any():
                return scores, None
            found = weighted_rows(self.alike, places[disliked], strength[disliked]).astype(np.float32)[None, :]
            scores += dislike * found
            return scores, entries_at(found, found != 0)
        kept = csr_matrix((strength, ratings.indices, ratings.indptr), shape=ratings.shape)[:, self.kept_nums]
        scores = np.asarray(_signed(kept, 1) @ self.weights)
        if not (kept.data < 0).any():
            return scores, None
        aversion = csr_matrix(_signed(kept, -1) @ self.alike)
        users = np.repeat(np.arange(histories.n_users), np.diff(aversion.indptr))
        scores[users, aversion.indices] += dislike * aversion.data
        return scores, aversion

    def save(self, directory: Path) -> None:
        save_arrays(directory / "weights.npz", item_ids=self.item_ids, kept_nums=self.kept_nums, weights=self.weights)
        write_manifest(directory, "EASEModel", parameters=self.parameters.as_dict(), feedback=self.feedback.as_dict())

    @classmethod
    def load(cls, directory: Path) -> Self:
        manifest = read_manifest(directory, "EASEModel")
        return cls(
            **load_arrays(directory / "weights.npz"),
            parameters=EASEParameters(**manifest["parameters"]),
            feedback=Feedback(**manifest["feedback"]),
        )


def _signed(strength: csr_matrix, sign: int) -> csr_matrix:
    """The positive or the negative entries alone."""
    kept = strength.copy()
    kept.data = np.maximum(kept.data, 0) if sign > 0 else np.minimum(kept.data, 0)
    kept.eliminate_zeros()
    return kept
