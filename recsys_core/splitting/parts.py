"""From known and hidden ratings to a held-out part, with an account of every rating."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys_core.dataset.interactions import HeldOut, UserItemMatrix
from recsys_core.errors import DataError
from recsys_core.splitting.hashing import hash_uniform

__all__ = ["Vocabulary", "known_mask", "make_part", "n_known_ratings", "training_part", "without_empty"]


@dataclass(frozen=True, slots=True, eq=False)
class Vocabulary:
    """Items with a training rating, and catalogue items without one; both sorted ids."""

    item_ids: NDArray[np.int64]
    cold_item_ids: NDArray[np.int64]


def known_mask(rows: UserItemMatrix, history_share: float, seed: int) -> NDArray[np.bool_]:
    """Which ratings (nnz,) stay known: a random ``history_share`` of each user's, at least one, never all.

    The choice for a user depends on the seed, the user's id and the ids of the items they rated. A user's
    single rating stays known.
    """
    user_nums = rows.user_nums()
    draws = hash_uniform(seed, "hide", rows.user_ids[user_nums], rows.item_ids[rows.ratings.indices])
    n_known = n_known_ratings(rows, history_share)
    by_draw = np.argsort(draws)
    # By user, then draw: the second sort is by counting, several times faster than one by both.
    by_user = csr_matrix((by_draw, user_nums[by_draw], np.arange(len(draws) + 1)), shape=(len(draws), rows.n_users))
    order = by_user.tocsc().data
    rank = np.arange(rows.n_ratings) - rows.ratings.indptr[user_nums]
    known = np.zeros(rows.n_ratings, dtype=bool)
    known[order] = rank < n_known[user_nums]
    return known


def n_known_ratings(rows: UserItemMatrix, history_share: float) -> NDArray[np.int64]:
    """How many ratings of each user (n_users,) stay known: ``history_share`` of them, at least one, never all."""
    lengths = np.diff(rows.ratings.indptr)
    return np.clip(np.rint(history_share * lengths), 1, np.maximum(lengths - 1, 1)).astype(np.int64)


def without_empty(matrix: UserItemMatrix) -> UserItemMatrix:
    """Only the users and items that have a rating."""
    rows = matrix.rows(np.flatnonzero(np.diff(matrix.ratings.indptr)))
    rated = np.bincount(rows.ratings.indices, minlength=rows.n_items) > 0
    return rows.with_items(rows.item_ids[rated])


def training_part(ratings: UserItemMatrix, catalogue_ids: NDArray[np.int64]) -> tuple[UserItemMatrix, Vocabulary]:
    """The training matrix without empty users and items, and the vocabulary that follows from it."""
    train = without_empty(ratings)
    if train.n_ratings == 0:
        raise DataError(
            "the split leaves no training ratings; expected at least one user in training: give more data, or lower "
            "validation_share and test_share"
        )
    return train, Vocabulary(train.item_ids, np.setdiff1d(catalogue_ids, train.item_ids))


def make_part(
    name: str,
    known: UserItemMatrix,
    hidden: UserItemMatrix,
    vocabulary: Vocabulary,
    *,
    positive_threshold: float,
    min_ratings: int = 0,
    min_history: int = 1,
    aim: Literal["targets", "cold_targets"] = "targets",
) -> tuple[HeldOut, dict[str, Any]]:
    """Build a held-out part from ``known`` and ``hidden`` ratings of the same users (same rows and columns).

    Users stay in the part when they have at least ``min_ratings`` ratings, ``min_history`` known ratings of
    trained items and one target among the trained items (with ``aim="cold_targets"``: among the cold ones). The
    account's ``ratings`` entries add up to ``known.n_ratings + hidden.n_ratings``, its ``filtered_users`` and
    ``n_users`` to the number of rows.
    """
    history = known.with_items(vocabulary.item_ids)
    positives = hidden.select(hidden.ratings.data >= positive_threshold)
    targets = positives.with_items(vocabulary.item_ids)
    cold_targets = positives.with_items(vocabulary.cold_item_ids)

    n_all = _lengths(known) + _lengths(hidden)
    short = n_all < min_ratings
    short_history = ~short & (_lengths(history) < min_history)
    aimless = ~short & ~short_history & (_lengths(targets if aim == "targets" else cold_targets) == 0)
    kept = np.flatnonzero(~(short | short_history | aimless))
    if len(kept) == 0:
        liked = f" of at least {positive_threshold:g}" if np.isfinite(positive_threshold) else ""
        aimed_at = "trained" if aim == "targets" else "cold"
        nothing_liked = hidden.n_ratings > 0 and positives.n_ratings == 0
        raise _nobody_left(
            name,
            (int(short.sum()), f"with fewer than {min_ratings} ratings", "min_user_ratings"),
            (int(short_history.sum()), f"with too short a history (fewer than {min_history})", "min_history"),
            (
                int(aimless.sum()),
                f"without a hidden rating{liked} on a {aimed_at} item",
                "positive_threshold" if nothing_liked else "",
            ),
        )
    part = HeldOut(
        history.rows(kept), targets.rows(kept).ratings, cold_targets.rows(kept).ratings, vocabulary.cold_item_ids
    )
    n_known, n_hidden = int(_lengths(known)[kept].sum()), int(_lengths(hidden)[kept].sum())
    n_targets, n_cold = int(part.targets.nnz), int(part.cold_targets.nnz)
    return part, {
        "n_users": len(kept),
        "n_users_assigned": known.n_users,
        "n_ratings": known.n_ratings + hidden.n_ratings,
        "n_targets": n_targets,
        "filtered_users": {
            "too_few_ratings": int(short.sum()),
            "too_short_history": int(short_history.sum()),
            "no_targets": int(aimless.sum()),
        },
        "ratings": {
            "history": part.history.n_ratings,
            "history_of_cold_items": n_known - part.history.n_ratings,
            "targets": n_targets,
            "cold_targets": n_cold,
            "hidden_below_threshold": n_hidden - n_targets - n_cold,
            "of_filtered_users": int(n_all.sum()) - n_known - n_hidden,
        },
    }


def _nobody_left(name: str, *reasons: tuple[int, str, str]) -> DataError:
    """``reasons``: how many users lack what, and the parameter that asks for it, if there is one to lower."""
    found = [reason for reason in reasons if reason[0]]
    if not found:
        return DataError(f"the {name} part has no user left to evaluate; give more data or larger shares")
    lower = max(found)[2]
    told = " and ".join(f"{n} {lacking}" for n, lacking, _ in found)
    return DataError(
        f"the {name} part has no user left to evaluate: of {sum(n for n, _, _ in found)} users, {told}; "
        f"give more data{f' or lower {lower}' if lower else ''}"
    )


def _lengths(matrix: UserItemMatrix) -> NDArray[np.int64]:
    return np.diff(matrix.ratings.indptr).astype(np.int64)
