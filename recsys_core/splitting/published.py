"""A split as somebody published it: one file to learn from, one to be judged on."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys_core.dataset.interactions import HeldOut, Split, UserItemMatrix
from recsys_core.dataset.numbering import positions_in
from recsys_core.errors import DataError
from recsys_core.splitting.hashing import hash_uniform
from recsys_core.splitting.overlap import pairs_in
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

    Every row of B is a target, unless ``positive_threshold`` is given. Pairs that A holds already and users whom A
    does not know are left out (:func:`recsys_core.splitting.overlap.overlap_of` counts them). ``catalogue_ids``
    (sorted) are all known items; without them, those of A and B. Raises :class:`DataError` where nothing is left to
    tune or to judge on.
    """
    parameters = parameters or PublishedSplitParameters()
    rated = np.union1d(train.item_ids, test.item_ids)
    catalogue = rated if catalogue_ids is None else np.union1d(rated, catalogue_ids)
    threshold = -np.inf if parameters.positive_threshold is None else parameters.positive_threshold

    places = positions_in(train.user_ids, test.user_ids)
    known = train.rows(places[places >= 0]).with_items(catalogue)
    asked = test.select(~pairs_in(test, train)).rows(np.flatnonzero(places >= 0)).with_items(catalogue)
    if asked.with_items(train.item_ids).n_ratings == 0:
        raise DataError(
            "nothing of the test file can be judged: each of its rows is in the training file already, or of a user or "
            "an item that is not in it; give a test file with other rows"
        )
    hidden = _hidden_from_tuning(train, parameters)
    if not hidden.any():
        raise DataError(
            f"no user of the training file has {parameters.min_user_ratings} rows, so that none can be hidden to tune "
            "on; give a training file with more"
        )
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
    final_test, test_account = make_part("test", known, asked, full_vocabulary, positive_threshold=threshold)
    # what tuning hid can leave the history short
    tuning_test, _ = make_part("test", known, asked, vocabulary, positive_threshold=threshold, min_history=0)
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
