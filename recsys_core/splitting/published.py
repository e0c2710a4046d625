"""A split as somebody published it: one file to learn from, one to be judged on."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys_core.dataset.interactions import HeldOut, Split, UserItemMatrix, positions_in
from recsys_core.splitting.hashing import hash_uniform
from recsys_core.splitting.parameters import PublishedSplitParameters
from recsys_core.splitting.parts import known_mask, make_part, training_part

__all__ = ["PublishedSplit", "published_split"]


@dataclass(frozen=True, slots=True, eq=False)
class PublishedSplit:
    """What to tune on, and what to report on.

    tuning  a split of the training file A alone: ``tuning.train`` is A without the ratings hidden from the
            validation users; ``tuning.test`` is the test file on that vocabulary
    train   the whole of A: what the reported models are fitted on, with the parameters found in ``tuning``
    test    the test file B on the vocabulary of A; a user's history is their whole row of A
    """

    tuning: Split
    train: UserItemMatrix
    test: HeldOut


def published_split(
    train: UserItemMatrix,
    test: UserItemMatrix,
    *,
    parameters: PublishedSplitParameters | None = None,
    catalogue_ids: NDArray[np.int64] | None = None,
) -> PublishedSplit:
    """Use files ``train`` (A) and ``test`` (B) as they are; validation is carved out of A only.

    Every row of B is a target, unless ``positive_threshold`` is given. Pairs that A holds already are taken out of
    the targets, and counted. Users of B whom A does not know stay, with an empty history. ``catalogue_ids`` (sorted)
    are all known items; without them, those of A and B.
    """
    parameters = parameters or PublishedSplitParameters()
    rated = np.union1d(train.item_ids, test.item_ids)
    catalogue = rated if catalogue_ids is None else np.union1d(rated, catalogue_ids)
    threshold = -np.inf if parameters.positive_threshold is None else parameters.positive_threshold

    hidden = _hidden_from_tuning(train, parameters)
    tuning_train, vocabulary = training_part(train.select(~hidden), catalogue)
    full_train, full_vocabulary = training_part(train, catalogue)
    validated = np.flatnonzero(np.bincount(train.user_nums()[hidden], minlength=train.n_users))
    validation, account = make_part(
        "validation",
        train.select(~hidden).rows(validated),
        train.select(hidden).rows(validated),
        vocabulary,
        positive_threshold=threshold,
    )
    known = _on(train, test.user_ids, catalogue)
    asked = test.with_items(catalogue)
    repeated = _pairs_in(asked, known)
    asked = asked.select(~repeated)
    tuning_test, _ = make_part("test", known, asked, vocabulary, positive_threshold=threshold, min_history=0)
    final_test, test_account = make_part(
        "test", known, asked, full_vocabulary, positive_threshold=threshold, min_history=0
    )
    test_account["n_targets_already_in_train"] = int(repeated.sum())
    test_account["n_users_unknown_to_train"] = int((positions_in(train.user_ids, test.user_ids) < 0).sum())
    summary = {
        "protocol": "published",
        "seed": parameters.seed,
        "parameters": parameters.as_dict(),
        "cut_offs": None,
        "positive_threshold": parameters.positive_threshold,
        "train": {
            "n_users": full_train.n_users,
            "n_items": full_train.n_items,
            "n_ratings": full_train.n_ratings,
            "n_ratings_for_tuning": tuning_train.n_ratings,
            "n_cold_items": len(full_vocabulary.cold_item_ids),
        },
        "validation": account,
        "test": test_account,
    }
    return PublishedSplit(Split(tuning_train, validation, tuning_test, summary), full_train, final_test)


def _hidden_from_tuning(train: UserItemMatrix, parameters: PublishedSplitParameters) -> NDArray[np.bool_]:
    """Which training ratings (nnz,) are hidden: a share of those of a sample of users, chosen by id alone."""
    draws = hash_uniform(parameters.seed, "validate", train.user_ids)
    eligible = (draws < parameters.validation_user_share) & (
        np.diff(train.ratings.indptr) >= parameters.min_user_ratings
    )
    ranked = np.flatnonzero(eligible)[np.argsort(draws[eligible], kind="stable")]
    chosen = np.zeros(train.n_users, dtype=bool)
    chosen[ranked[: parameters.max_validation_users]] = True
    known = known_mask(train, parameters.history_share, parameters.seed)
    return np.asarray(chosen[train.user_nums()] & ~known)


def _on(matrix: UserItemMatrix, user_ids: NDArray[np.int64], item_ids: NDArray[np.int64]) -> UserItemMatrix:
    """The ratings of ``user_ids`` (sorted) on ``item_ids``; users without a row get an empty one."""
    places = positions_in(matrix.user_ids, user_ids)
    present = places >= 0
    rows = matrix.rows(places[present]).with_items(item_ids)
    lengths = np.zeros(len(user_ids), dtype=np.int64)
    lengths[present] = np.diff(rows.ratings.indptr)
    indptr = np.concatenate([[0], np.cumsum(lengths)]).astype(rows.ratings.indptr.dtype)
    widened = csr_matrix((rows.ratings.data, rows.ratings.indices, indptr), shape=(len(user_ids), len(item_ids)))
    return UserItemMatrix(widened, rows.timestamps, user_ids, item_ids)


def _pairs_in(matrix: UserItemMatrix, other: UserItemMatrix) -> NDArray[np.bool_]:
    """Which ratings (nnz,) of ``matrix`` have a rating in ``other``; same rows and columns."""
    keys, others = (m.user_nums() * m.n_items + m.ratings.indices for m in (matrix, other))
    return np.isin(keys, others)
