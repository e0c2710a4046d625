"""Interactions as a CSR matrix with both vocabularies, and the parts of a split."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys_core.dataset.ids import INTEGERS, Ids
from recsys_core.dataset.numbering import numbered, positions_in
from recsys_core.errors import ShapeError
from recsys_core.storage import load_arrays, load_csr, read_manifest, save_arrays, save_csr, write_manifest

__all__ = ["HeldOut", "Split", "UserItemMatrix", "build_user_items"]

_USERS = "users.parquet"
_AT_ONCE = 1 << 20


@dataclass(frozen=True, slots=True, eq=False)
class UserItemMatrix:
    """Ratings by users (rows) of items (columns).

    ratings     CSR of shape (n_users, n_items), float32, indices sorted within each row, no explicit zeros
    timestamps  int64 of shape (nnz,), aligned with ``ratings.data``: seconds since 1970
    user_ids    int64 of shape (n_users,), sorted, unique
    item_ids    int64 of shape (n_items,), sorted, unique
    users       what ``user_ids`` are called
    """

    ratings: csr_matrix
    timestamps: NDArray[np.int64]
    user_ids: NDArray[np.int64]
    item_ids: NDArray[np.int64]
    users: Ids = INTEGERS

    def __post_init__(self) -> None:
        expected = (len(self.user_ids), len(self.item_ids))
        if self.ratings.shape != expected:
            raise ShapeError(f"ratings have shape {self.ratings.shape}, the vocabularies say {expected}")
        if len(self.timestamps) != self.ratings.nnz:
            raise ShapeError(f"{len(self.timestamps)} timestamps for {self.ratings.nnz} ratings")

    @property
    def n_users(self) -> int:
        return len(self.user_ids)

    @property
    def n_items(self) -> int:
        return len(self.item_ids)

    @property
    def n_ratings(self) -> int:
        return int(self.ratings.nnz)

    def user_nums(self) -> NDArray[np.int64]:
        """Row number of every rating, of shape (nnz,)."""
        return np.repeat(np.arange(self.n_users, dtype=np.int64), np.diff(self.ratings.indptr))

    def select(self, mask: NDArray[np.bool_]) -> "UserItemMatrix":
        """The same shape and vocabularies with only the ratings where ``mask`` (nnz,) holds."""
        if mask.all():
            return self
        starts = self.ratings.indptr
        indptr = np.concatenate([[0], np.cumsum(mask, dtype=starts.dtype)])[starts].astype(starts.dtype)
        kept = csr_matrix((self.ratings.data[mask], self.ratings.indices[mask], indptr), shape=self.ratings.shape)
        return UserItemMatrix(kept, self.timestamps[mask], self.user_ids, self.item_ids, self.users)

    def rows(self, user_nums: NDArray[np.int64]) -> "UserItemMatrix":
        """The rows ``user_nums`` (sorted ascending, unique), with all columns."""
        if len(user_nums) > 1 and not (np.diff(user_nums) > 0).all():
            raise ShapeError("user_nums are not sorted and unique; timestamps would go to other ratings")
        if np.array_equal(user_nums, np.arange(self.n_users)):
            return self
        if len(user_nums) and user_nums[-1] - user_nums[0] == len(user_nums) - 1:  # a stretch takes its own time alone
            start, stop = int(user_nums[0]), int(user_nums[-1]) + 1
            ratings = self.ratings[start:stop]
            times = self.timestamps[self.ratings.indptr[start] : self.ratings.indptr[stop]].copy()
        else:
            wanted = np.zeros(self.n_users, dtype=bool)
            wanted[user_nums] = True
            ratings, times = self.ratings[user_nums], self.timestamps[np.repeat(wanted, np.diff(self.ratings.indptr))]
        return UserItemMatrix(
            ratings,
            times,
            self.user_ids[user_nums],
            self.item_ids,
            self.users,
        )

    def with_items(self, item_ids: NDArray[np.int64]) -> "UserItemMatrix":
        """The same users on another sorted item vocabulary; ratings of items outside it are left out."""
        if np.array_equal(item_ids, self.item_ids):
            return self
        places = positions_in(item_ids, self.item_ids).astype(np.int32)
        kept = self.select(places[self.ratings.indices] >= 0)
        moved = csr_matrix(
            (kept.ratings.data, places[kept.ratings.indices], kept.ratings.indptr),
            shape=(self.n_users, len(item_ids)),
        )
        return UserItemMatrix(moved, kept.timestamps, self.user_ids, item_ids, self.users)

    def save(self, directory: Path) -> None:
        save_csr(directory / "ratings.npz", self.ratings)
        save_arrays(
            directory / "vocabulary.npz", timestamps=self.timestamps, user_ids=self.user_ids, item_ids=self.item_ids
        )
        self.users.among(self.user_ids).save(directory / _USERS)
        write_manifest(directory, "UserItemMatrix")

    @classmethod
    def load(cls, directory: Path) -> Self:
        read_manifest(directory, "UserItemMatrix")
        users = Ids.load(directory / _USERS) if (directory / _USERS).is_file() else INTEGERS
        return cls(load_csr(directory / "ratings.npz"), **load_arrays(directory / "vocabulary.npz"), users=users)


def build_user_items(
    user_ids: NDArray[np.int64],
    item_ids: NDArray[np.int64],
    ratings: NDArray[np.floating[Any]],
    timestamps: NDArray[np.int64],
    *,
    users: Ids = INTEGERS,
) -> UserItemMatrix:
    """Build the matrix from parallel arrays of shape (n_ratings,); (user, item) pairs must be unique.

    ``users`` are what ``user_ids`` are called. The vocabulary of small numbers comes from ``bincount`` look-up tables:
    several times faster than sorting the ids.
    """
    lengths = {len(user_ids), len(item_ids), len(ratings), len(timestamps)}
    if len(lengths) != 1:
        raise ShapeError(f"user_ids, item_ids, ratings and timestamps have different lengths: {sorted(lengths)}")
    known_users, user_nums = numbered(user_ids)
    items, item_nums = numbered(item_ids)
    shape = (len(known_users), len(items))
    order: slice | NDArray[np.integer] = slice(None)
    columns: NDArray[np.integer] = item_nums
    starts: NDArray[np.integer] = np.searchsorted(user_nums, np.arange(shape[0] + 1, dtype=np.int32))
    in_order = _in_order(user_nums, item_nums)  # as MovieLens' files are
    if not in_order:
        # Sorting by counting, of each rating's place in the arrays: ten times faster than by comparing.
        places = csr_matrix((np.arange(len(user_nums), dtype=np.int32), (user_nums, item_nums)), shape=shape)
        if places.nnz < len(user_nums):
            raise ShapeError(_repeated(user_ids, item_ids))
        columns, starts, order = places.indices, places.indptr, places.data
    indices, indptr = columns.astype(np.int32, copy=False), starts.astype(np.int32)
    # What is in order is still the caller's array.
    matrix = csr_matrix((ratings[order].astype(np.float32, copy=in_order), indices, indptr), shape=shape)
    matrix.has_sorted_indices = True
    return UserItemMatrix(matrix, timestamps[order].astype(np.int64, copy=in_order), known_users, items, users)


def _in_order(user_nums: NDArray[np.int32], item_nums: NDArray[np.int32]) -> bool:
    """Whether ratings come by user, then item, none twice."""
    for start in range(0, len(user_nums), _AT_ONCE):
        users, items = (nums[start : start + _AT_ONCE + 1] for nums in (user_nums, item_nums))
        same = users[1:] == users[:-1]
        if not ((users[1:] > users[:-1]) | (same & (items[1:] > items[:-1]))).all():
            return False
    return True


def _repeated(user_ids: NDArray[np.int64], item_ids: NDArray[np.int64]) -> str:
    order = np.lexsort((item_ids, user_ids))
    same = (np.diff(user_ids[order]) == 0) & (np.diff(item_ids[order]) == 0)
    first = order[int(np.flatnonzero(same)[0])]
    return f"user {user_ids[first]} has more than one rating of item {item_ids[first]}"


@dataclass(frozen=True, slots=True, eq=False)
class HeldOut:
    """Users of one part (validation or test): what is known of them and what must be predicted.

    history       their known ratings, on the item vocabulary of the training part
    targets       CSR of shape (n_users, n_items), float32 ratings, at least the positive threshold, unseen in
                  ``history``; same rows and columns as ``history``
    cold_targets  CSR of shape (n_users, n_cold_items): positives on items that training has never seen
    cold_item_ids int64 of shape (n_cold_items,), sorted: catalogue items without a training rating
    """

    history: UserItemMatrix
    targets: csr_matrix
    cold_targets: csr_matrix
    cold_item_ids: NDArray[np.int64]

    def __post_init__(self) -> None:
        if self.targets.shape != self.history.ratings.shape:
            raise ShapeError(f"targets have shape {self.targets.shape}, history {self.history.ratings.shape}")
        if self.cold_targets.shape != (self.history.n_users, len(self.cold_item_ids)):
            raise ShapeError(
                f"cold_targets have shape {self.cold_targets.shape}, expected "
                f"{(self.history.n_users, len(self.cold_item_ids))}"
            )

    @property
    def user_ids(self) -> NDArray[np.int64]:
        return self.history.user_ids

    @property
    def fingerprint(self) -> str:
        """Hex SHA-256 of who is asked, what is known of them and what must be found; computed at each call.

        Over ids, not rows and columns: items that nobody here rated do not count, nor does the order of a vocabulary.
        The same in every process, on every machine, and for a part that was saved and loaded.
        """
        found = hashlib.sha256(np.sort(self.user_ids).astype("<i8").tobytes())
        known = self.history
        for ratings, item_ids, times in (
            (known.ratings, known.item_ids, known.timestamps),
            (self.targets, known.item_ids, None),
            (self.cold_targets, self.cold_item_ids, None),
        ):
            found.update(f"|{ratings.nnz}|".encode())
            users = np.repeat(self.user_ids, np.diff(ratings.indptr))
            items = item_ids[ratings.indices]
            order = np.lexsort((items, users))
            found.update(users[order].astype("<i8").tobytes())
            found.update(items[order].astype("<i8").tobytes())
            found.update(ratings.data[order].astype("<f4").tobytes())
            if times is not None:
                found.update(times[order].astype("<i8").tobytes())
        return found.hexdigest()

    def save(self, directory: Path) -> None:
        (directory / "history").mkdir()
        self.history.save(directory / "history")
        save_csr(directory / "targets.npz", self.targets)
        save_csr(directory / "cold_targets.npz", self.cold_targets)
        save_arrays(directory / "cold_item_ids.npz", cold_item_ids=self.cold_item_ids)
        write_manifest(directory, "HeldOut")

    @classmethod
    def load(cls, directory: Path) -> Self:
        read_manifest(directory, "HeldOut")
        return cls(
            UserItemMatrix.load(directory / "history"),
            load_csr(directory / "targets.npz"),
            load_csr(directory / "cold_targets.npz"),
            **load_arrays(directory / "cold_item_ids.npz"),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """Training matrix and two held-out parts; ``summary`` has the protocol, cut-offs, filters and counts.

    ``train.item_ids`` is the item vocabulary of everything fitted; no user, rating or tag of the held-out
    parts' hidden side is in ``train``.
    """

    train: UserItemMatrix
    validation: HeldOut
    test: HeldOut
    summary: dict[str, Any]

    def save(self, directory: Path) -> None:
        for name, part in (("train", self.train), ("validation", self.validation), ("test", self.test)):
            (directory / name).mkdir()
            part.save(directory / name)
        write_manifest(directory, "Split", summary=self.summary)

    @classmethod
    def load(cls, directory: Path) -> Self:
        manifest = read_manifest(directory, "Split")
        return cls(
            UserItemMatrix.load(directory / "train"),
            HeldOut.load(directory / "validation"),
            HeldOut.load(directory / "test"),
            manifest["summary"],
        )
