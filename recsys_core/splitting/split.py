"""Interactions divided into training, validation and test by one of two protocols."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys_core.blockwise import side_by_side
from recsys_core.dataset.interactions import HeldOut, Split, UserItemMatrix
from recsys_core.dataset.numbering import positions_in
from recsys_core.errors import DataError, StorageError
from recsys_core.splitting.hashing import hash_uniform
from recsys_core.splitting.parameters import SplitParameters
from recsys_core.splitting.parts import Vocabulary, known_mask, make_part, training_part

__all__ = ["TEST", "TRAIN", "VALIDATION", "assign_users", "split_interactions", "split_parameters"]

TRAIN, VALIDATION, TEST = 0, 1, 2


def assign_users(user_ids: NDArray[np.int64], parameters: SplitParameters) -> NDArray[np.int8]:
    """TRAIN, VALIDATION or TEST for each user (n_users,), by a seeded hash of the user's id alone.

    Other users, their number, and all ratings have no influence: a user keeps their part when the data change.
    With ``n_folds`` the hash is rotated by one fold, so that the folds' test parts are disjoint and cover everybody.
    """
    place = hash_uniform(parameters.seed, "assign", user_ids)
    test_share = parameters.test_share
    if parameters.n_folds is not None:
        test_share = 1 / parameters.n_folds
        in_fold = np.floor(place * parameters.n_folds)
        place = (place - in_fold / parameters.n_folds) + ((in_fold - parameters.fold) % parameters.n_folds) * test_share
        tested = in_fold == parameters.fold
    else:
        tested = place < test_share
    first = test_share + parameters.validation_fold * parameters.validation_share
    validated = (place >= first) & (place < first + parameters.validation_share)
    assigned = np.where(validated, VALIDATION, TRAIN)
    return np.where(tested, TEST, assigned).astype(np.int8)


def split_interactions(
    interactions: UserItemMatrix, parameters: SplitParameters, *, catalogue_ids: NDArray[np.int64]
) -> Split:
    """Divide ``interactions``; ``catalogue_ids`` (sorted) are all known items, rated or not.

    ``user_holdout`` (strong generalisation, Liang et al. 2018, doi:10.1145/3178876.3186150): a held-out user gives
    nothing to training; a random ``history_share`` of their ratings is known, the positives of the rest are targets.

    ``temporal``: ratings before ``validation_from`` train; the validation part must predict what its users liked
    between the two cut-offs, the test part what they liked from ``test_from`` on. All earlier ratings of a user are
    their history, so the same user may stand in several parts.

    Raises :class:`DataError` when a rated item is not in the catalogue or a part has nobody left to evaluate.
    """
    absent = positions_in(catalogue_ids, interactions.item_ids) < 0
    if absent.any():
        raise DataError(
            f"{int(absent.sum())} rated items are not in the catalogue (first: {interactions.item_ids[absent][0]}); "
            "expected every rated item in it: add them or reject their ratings"
        )
    if parameters.protocol == "user_holdout":
        return _split_users(interactions, parameters, catalogue_ids)
    return _split_time(interactions, parameters, catalogue_ids)


def split_parameters(split: Split) -> SplitParameters:
    """The parameters that made ``split``, also after it was saved and loaded.

    Raises :class:`StorageError` for a split that :func:`split_interactions` did not make.
    """
    made_by = split.summary.get("parameters")
    if not isinstance(made_by, dict) or "protocol" not in made_by:
        raise StorageError(
            f"a split by the protocol {split.summary.get('protocol')!r} holds no parameters of user_holdout or "
            "temporal; split the interactions again"
        )
    return SplitParameters(**made_by)


def _split_users(interactions: UserItemMatrix, parameters: SplitParameters, catalogue_ids: NDArray[np.int64]) -> Split:
    assigned = assign_users(interactions.user_ids, parameters)
    in_train = interactions.rows(np.flatnonzero(assigned == TRAIN))
    kept_cold = _kept_cold(in_train, parameters)
    train, vocabulary = training_part(in_train.select(~kept_cold), catalogue_ids)
    numbers = {"validation": VALIDATION, "test": TEST}

    def held_out(name: str) -> tuple[HeldOut, dict[str, Any]]:
        rows = interactions.rows(np.flatnonzero(assigned == numbers[name]))
        known = known_mask(rows, parameters.history_share, parameters.seed)
        return make_part(
            name,
            rows.select(known),
            rows.select(~known),
            vocabulary,
            positive_threshold=parameters.positive_threshold,
            min_ratings=parameters.min_user_ratings,
            min_history=parameters.min_history,
        )

    (validation, of_validation), (test, of_test) = side_by_side(held_out, numbers)
    accounts = {"validation": of_validation, "test": of_test}
    return Split(train, validation, test, _summary(parameters, train, vocabulary, int(kept_cold.sum()), accounts))


def _split_time(interactions: UserItemMatrix, parameters: SplitParameters, catalogue_ids: NDArray[np.int64]) -> Split:
    validation_from, test_from = _cut_offs(interactions.timestamps, parameters)
    before = interactions.select(interactions.timestamps < validation_from)
    kept_cold = _kept_cold(before, parameters)
    train, vocabulary = training_part(before.select(~kept_cold), catalogue_ids)
    parts, accounts = {}, {}
    for name, start, end in (("validation", validation_from, test_from), ("test", test_from, None)):
        times = interactions.timestamps
        in_window = (times >= start) if end is None else (times >= start) & (times < end)
        hidden = interactions.select(in_window)
        active = np.flatnonzero(np.diff(hidden.ratings.indptr))
        parts[name], accounts[name] = make_part(
            name,
            interactions.select(times < start).rows(active),
            hidden.rows(active),
            vocabulary,
            positive_threshold=parameters.positive_threshold,
            min_history=parameters.min_history,
        )
    summary = _summary(parameters, train, vocabulary, int(kept_cold.sum()), accounts)
    summary["cut_offs"] = {"validation_from": validation_from, "test_from": test_from}
    return Split(train, parts["validation"], parts["test"], summary)


def _cut_offs(timestamps: NDArray[np.int64], parameters: SplitParameters) -> tuple[int, int]:
    """The two cut-offs; a cut-off is one second after the last rating before it.

    So it depends on the earlier ratings and on how many later ones there are, never on when those were made.
    """
    if parameters.validation_from is not None and parameters.test_from is not None:
        return parameters.validation_from, parameters.test_from
    n = len(timestamps)
    n_before_test = round((1 - parameters.test_share) * n)
    n_before = round((1 - parameters.test_share - parameters.validation_share) * n)
    if not 1 <= n_before < n_before_test < n:
        raise DataError(f"{n} ratings are too few to be cut by time into training, validation and test; give more data")
    if timestamps.min() == timestamps.max():
        raise DataError(
            f"all {n} ratings are of the same moment, or of none that is known, and cannot be cut by time; "
            "use protocol user_holdout"
        )
    ordered = np.partition(timestamps, (n_before - 1, n_before_test - 1))
    return int(ordered[n_before - 1]) + 1, int(ordered[n_before_test - 1]) + 1


def _kept_cold(matrix: UserItemMatrix, parameters: SplitParameters) -> NDArray[np.bool_]:
    """Which ratings (nnz,) are of items that ``cold_item_share`` keeps out of training."""
    cold = hash_uniform(parameters.seed, "cold", matrix.item_ids) < parameters.cold_item_share
    return cold[matrix.ratings.indices]


def _summary(
    parameters: SplitParameters,
    train: UserItemMatrix,
    vocabulary: Vocabulary,
    n_kept_cold: int,
    accounts: dict[str, dict[str, Any]],
) -> dict[str, Any]:
    return {
        "protocol": parameters.protocol,
        "seed": parameters.seed,
        "parameters": parameters.model_dump(mode="json"),
        "cut_offs": None,
        "positive_threshold": parameters.positive_threshold,
        "train": {
            "n_users": train.n_users,
            "n_items": train.n_items,
            "n_ratings": train.n_ratings,
            "n_cold_items": len(vocabulary.cold_item_ids),
            "n_ratings_of_items_kept_cold": n_kept_cold,
        },
        **accounts,
    }
