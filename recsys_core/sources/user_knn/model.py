"""The user-kNN model: ratings of the people who may be neighbours, scores and what each rated title contributed."""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, vstack

from recsys_core.dataset.feedback import Feedback
from recsys_core.errors import ShapeError
from recsys_core.histories import Histories, Known
from recsys_core.scoring import check_histories, check_one_history
from recsys_core.sources.moments import dense_moments, sparse_moments
from recsys_core.sources.source import Entry
from recsys_core.sources.user_knn.parameters import UserKNNParameters
from recsys_core.sources.years import YEAR, usual_years
from recsys_core.sparse_rows import entries_at, weighted_rows
from recsys_core.storage import load_arrays, load_csr, read_manifest, save_arrays, save_csr, write_manifest

__all__ = ["UserKNNModel"]

_BLOCK_USERS = 64  # their values for all neighbours stay in the cache
_FAMOUS = 1 / 16  # share of the neighbours
_HALF_LIFE = 3.0  # years
_TINY = np.finfo(np.float32).tiny
_LOOK_AT_ALL = 12  # looking rows up costs so many times what going through all of them does


@dataclass(frozen=True, eq=False)
class UserKNNModel:
    """What :func:`recsys_core.sources.user_knn.fit_user_knn` keeps.

    item_ids       int64 of shape (n_items,), sorted
    strength       CSR float32 of shape (n_neighbours, n_items): ratings of the possible neighbours, as they enter
    title_weights  float32 of shape (n_items,): how much a shared title says

    times          int64 of shape (n_neighbours,): seconds since 1970 of each one's newest rating
    feedback       what ratings say

    A neighbour v of user u has the similarity Σ_j w_j·x_uj·x_vj / (‖u‖·‖v‖ + shrinkage), lengths under the same
    weights w, less where their newest ratings lie years apart; the score of a title is the sum of the nearest
    neighbours' strengths for it, times their similarities. Titles that the user dislikes lead to no neighbour.
    """

    item_ids: NDArray[np.int64]
    strength: csr_matrix
    title_weights: NDArray[np.float32]
    times: NDArray[np.int64]
    parameters: UserKNNParameters
    feedback: Feedback
    item_side: ClassVar[None] = None
    columns: ClassVar[None] = None
    lengths: NDArray[np.float32] = field(init=False, repr=False)
    _by_title: csr_matrix = field(init=False, repr=False)

    def __post_init__(self) -> None:
        n_items = len(self.item_ids)
        if self.strength.shape[1] != n_items or self.title_weights.shape != (n_items,):
            raise ShapeError(
                f"strength has {self.strength.shape[1]} columns, title_weights shape {self.title_weights.shape}, "
                f"item_ids {n_items} items"
            )
        object.__setattr__(self, "lengths", self._lengths(self.strength))
        object.__setattr__(self, "_by_title", csr_matrix(self.strength.T))

    def score(self, known: Known) -> NDArray[np.float32]:
        """float32 of shape (n_users, n_items); 0 for titles of no neighbour and for empty histories."""
        histories = check_histories(known, len(self.item_ids))
        if histories.n_users == 1:
            return self._votes_for_one(histories)
        return np.asarray(self._votes(histories).toarray())

    def enter(self, histories: Histories) -> Entry:
        if histories.n_users == 1:  # making a sparse row would cost more than it saves
            raw = self._votes_for_one(histories)
            return Entry(dense_moments(raw), raw=raw)
        votes = self._votes(histories)
        return Entry(sparse_moments(votes), sparse=votes)

    def parts(self, history: Histories, mixture: csr_matrix) -> NDArray[np.float64]:
        """What each rated title of one user gave to the scores, mixed: (n_mixed, n_rated).

        A similarity is a sum over shared titles; which people are the nearest, their lengths and times are taken as
        given.
        """
        checked = check_one_history(history, len(self.item_ids))
        nearest, _, denominators = self._nearest(checked)
        own = self._own(checked.ratings)
        told = own.data.astype(np.float64) * self.title_weights[own.indices]
        theirs = self.strength[nearest]
        shared = theirs[:, own.indices].toarray() * told / denominators[:, None]  # (n_nearest, n_rated)
        return np.asarray((mixture @ theirs.T).toarray() @ shared)

    def _votes_for_one(self, history: Histories) -> NDArray[np.float32]:
        """The scores of one user, float32 of shape (1, n_items)."""
        nearest, similarities, _ = self._nearest(history)
        return np.asarray(_summed(self.strength, self._by_title, nearest, similarities), dtype=np.float32)[None, :]

    def _votes(self, histories: Histories) -> csr_matrix:
        """The scores of the titles that a neighbour has rated: CSR (n_users, n_items)."""
        blocks = [
            self._similarities(histories.rows(start, start + _BLOCK_USERS)) @ self.strength
            for start in range(0, histories.n_users, _BLOCK_USERS)
        ]
        return csr_matrix(vstack(blocks, format="csr") if blocks else histories.ratings)

    def _own(self, ratings: csr_matrix) -> csr_matrix:
        """(rating / maximum)^rating_power, 0 for what was disliked."""
        own = self.feedback.powers(ratings, self.parameters.rating_power)
        own.data[self.feedback.disliked(ratings.data)] = 0
        return own

    @property
    def _half_life(self) -> float:
        """In seconds."""
        span = float(self.times.max() - self.times.min())
        return YEAR * (self.parameters.half_life or usual_years(_HALF_LIFE, span))

    def _nearness(self, histories: Histories) -> NDArray[np.float32] | None:
        """By how much each neighbour's time lowers the similarity to each user: (n_users, n_neighbours)."""
        floor = self.parameters.time_floor
        if histories.times is None or floor == 1 or len(self.times) == 0:
            return None
        base = self.times.max()
        moments = np.minimum(histories.newest(int(base)), base)
        half_life = np.float32(self._half_life)
        asked, theirs = ((base - t).astype(np.float32) / half_life for t in (moments, self.times))
        half_lives = np.abs(asked[:, None] - theirs)
        return np.asarray(floor + (1 - floor) * np.exp2(-half_lives))

    def _nearest(self, history: Histories) -> tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.float64]]:
        """One user's nearest neighbours, ascending, their similarities, and the denominators of these."""
        own = self._own(history.ratings)
        told = own.data * self.title_weights[own.indices]
        dots = np.asarray(_summed(self._by_title, self.strength, own.indices, told), dtype=np.float64)
        length = np.float32(np.sqrt(np.sum((own.data * own.data).astype(np.float64) * self.title_weights[own.indices])))
        denominators = np.float64(length) * self.lengths + self.parameters.shrinkage
        nearness = self._nearness(history)
        if nearness is not None:
            denominators = denominators / nearness[0]
        values = np.divide(dots, denominators, out=np.zeros(len(dots)), where=denominators > 0)
        n_nearest = self.parameters.neighbours
        if n_nearest < len(values):
            values[values < np.partition(values, len(values) - n_nearest)[len(values) - n_nearest]] = 0
        nearest = np.flatnonzero(values > 0)
        return nearest, values[nearest].astype(np.float32), denominators[nearest]

    def _similarities(self, histories: Histories) -> csr_matrix:
        """To the nearest neighbours, CSR (n_users, n_neighbours); for one user :meth:`_nearest` is faster."""
        own = self._own(histories.ratings)
        weighted = own.copy()
        weighted.data *= self.title_weights[own.indices]
        famous, ratings_of_famous = self._famous
        values: NDArray[np.float32] = weighted[:, famous] @ ratings_of_famous
        weighted.data[np.isin(weighted.indices, famous)] = 0
        weighted.eliminate_zeros()
        values += (weighted @ self._by_title).toarray()
        denominators = self._lengths(own)[:, None] * self.lengths
        denominators += np.maximum(np.float32(self.parameters.shrinkage), _TINY)
        values /= denominators
        nearness = self._nearness(histories)
        if nearness is not None:
            values *= nearness
        least = np.full((len(values), 1), _TINY, dtype=np.float32)
        n_nearest, n_all = self.parameters.neighbours, values.shape[1]
        if n_nearest < n_all:
            np.maximum(least, np.partition(values, n_all - n_nearest, axis=1)[:, [n_all - n_nearest]], out=least)
        return entries_at(values, values >= least)

    @cached_property
    def _famous(self) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Titles that so many neighbours have rated that dense sums are faster, and their rows of ``_by_title``."""
        famous = np.flatnonzero(np.diff(self._by_title.indptr) > _FAMOUS * self._by_title.shape[1])
        return famous, self._by_title[famous].toarray()

    def _lengths(self, strength: csr_matrix) -> NDArray[np.float32]:
        squares = strength.multiply(strength) @ self.title_weights.astype(np.float64)
        return np.sqrt(np.asarray(squares, dtype=np.float64).ravel()).astype(np.float32)

    def save(self, directory: Path) -> None:
        save_csr(directory / "strength.npz", self.strength)
        save_arrays(
            directory / "titles.npz", item_ids=self.item_ids, title_weights=self.title_weights, times=self.times
        )
        write_manifest(
            directory, "UserKNNModel", parameters=self.parameters.as_dict(), feedback=self.feedback.as_dict()
        )

    @classmethod
    def load(cls, directory: Path) -> Self:
        manifest = read_manifest(directory, "UserKNNModel")
        return cls(
            **load_arrays(directory / "titles.npz"),
            strength=load_csr(directory / "strength.npz"),
            parameters=UserKNNParameters(**manifest["parameters"]),
            feedback=Feedback(**manifest["feedback"]),
        )


def _summed(
    matrix: csr_matrix, transposed: csr_matrix, nums: NDArray[np.integer], weights: NDArray[np.float32]
) -> NDArray[np.floating]:
    """Σ weights[i] · matrix[nums[i]], of shape (n_columns,): rows are looked up, or all gone through if that is faster.

    Of a long history's titles nearly everybody has rated some.
    """
    if _LOOK_AT_ALL * (matrix.indptr[nums + 1] - matrix.indptr[nums]).sum() < matrix.nnz:
        return weighted_rows(matrix, nums, weights)
    spread = np.zeros(matrix.shape[0], dtype=np.float32)
    spread[nums] = weights
    return np.asarray(transposed @ spread)
