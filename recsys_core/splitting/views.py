"""The same held-out users seen in several ways: how much of what they rated is known, and which part of it.

A view hides ratings of users who gave nothing to training, so that models are fitted once and judged on all views.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys_core.dataset.interactions import HeldOut, UserItemMatrix
from recsys_core.dataset.numbering import positions_in
from recsys_core.errors import ParameterError
from recsys_core.splitting.hashing import hash_uniform
from recsys_core.splitting.parameters import SplitParameters
from recsys_core.splitting.parts import Vocabulary, known_mask, make_part, n_known_ratings
from recsys_core.splitting.time_order import earliest

__all__ = ["VIEWS", "cold_view", "held_back_items", "known_of_held_back", "view_of"]

_FIRST = "first_"
VIEWS = ("warm", "by_time", "first_1", "first_3", "first_5", "first_10")
"""``warm``: a random ``history_share`` of each user's ratings is known; ``by_time``: the earliest ``history_share``;
``first_n``: the earliest n. Everything else is hidden."""


def view_of(users: UserItemMatrix, name: str, vocabulary: Vocabulary, parameters: SplitParameters) -> HeldOut:
    """The view ``name`` of ``users``, with all ratings they ever made, none of which is in training.

    Hidden ratings of at least the positive threshold are targets: on trained items in ``targets``, on others in
    ``cold_targets``. Users without a target on a trained item are not in the view. ``warm`` is the part that
    :func:`recsys_core.splitting.split_interactions` makes of the same users.
    """
    known = _known(users, name, parameters)
    part, _ = make_part(
        f"test ({name})",
        users.select(known),
        users.select(~known),
        vocabulary,
        positive_threshold=parameters.positive_threshold,
        min_ratings=parameters.min_user_ratings,
        min_history=parameters.min_history,
    )
    return part


def cold_view(
    users: UserItemMatrix,
    held_back_ids: NDArray[np.int64],
    vocabulary: Vocabulary,
    parameters: SplitParameters,
    *,
    balanced: bool = False,
) -> HeldOut:
    """What ``users`` liked among the titles ``held_back_ids`` (sorted), of which training holds no rating.

    Known is what ``warm`` knows of the other titles. No rating of a held-back title is known of anybody, so all of
    at least the positive threshold are targets: ``cold_targets``, on ``held_back_ids``. ``targets`` are those of
    ``warm``. Users stay in the view with a cold target.

    balanced  hide no more of the held-back titles than of all others: of them, too, ``history_share`` is known
              (:func:`known_of_held_back`), and users stay in the view with a target of ``warm``
    """
    known = known_mask(users, parameters.history_share, parameters.seed)
    if not balanced:
        known &= ~np.isin(users.item_ids, held_back_ids)[users.ratings.indices]
    part, _ = make_part(
        "test (cold)",
        users.select(known),
        users.select(~known),
        Vocabulary(vocabulary.item_ids, held_back_ids),
        positive_threshold=parameters.positive_threshold,
        min_ratings=parameters.min_user_ratings,
        min_history=parameters.min_history,
        aim="targets" if balanced else "cold_targets",
    )
    return part


def known_of_held_back(
    users: UserItemMatrix, held_back_ids: NDArray[np.int64], view: HeldOut, parameters: SplitParameters
) -> csr_matrix:
    """What users of a balanced ``view`` are known to have rated of the held-back titles: CSR (n_users, n_titles)."""
    known = users.select(known_mask(users, parameters.history_share, parameters.seed))
    return known.rows(positions_in(users.user_ids, view.user_ids)).with_items(held_back_ids).ratings


def held_back_items(item_ids: NDArray[np.int64], parameters: SplitParameters) -> NDArray[np.int64]:
    """Those of ``item_ids`` that ``cold_item_share`` keeps out of training, by a seeded hash of their id."""
    return item_ids[hash_uniform(parameters.seed, "cold", item_ids) < parameters.cold_item_share]


def _known(users: UserItemMatrix, name: str, parameters: SplitParameters) -> NDArray[np.bool_]:
    by_name: dict[str, Callable[[], NDArray[np.bool_]]] = {
        "warm": lambda: known_mask(users, parameters.history_share, parameters.seed),
        "by_time": lambda: earliest(users, n_known_ratings(users, parameters.history_share)),
    }
    if name in by_name:
        return by_name[name]()
    n = name.removeprefix(_FIRST)
    if not (name.startswith(_FIRST) and n.isdecimal()):
        raise ParameterError(f"there is no view {name!r}; expected one of {', '.join(by_name)}, or first_<number>")
    return earliest(users, np.full(users.n_users, int(n), dtype=np.int64))
