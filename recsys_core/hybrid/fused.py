"""The hybrid score with as few passes over (n_users, n_items) as possible."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys_core.histories import Histories
from recsys_core.hybrid.heard import heard
from recsys_core.hybrid.parts import OWN_SAY, HybridParts
from recsys_core.sources.entries import Entries
from recsys_core.sources.source import Entry

__all__ = ["fused_scores", "scores_for_both"]

_MOST = 0.8  # where a source counts for more than this share of the users, all of them are asked


def fused_scores(model: HybridParts, histories: Histories, entries: Entries | None = None) -> NDArray[np.float32]:
    """:func:`recsys_core.hybrid.blend.blend` as one product and some additions: float32 (n_users, n_items).

    Low-rank sources and all users' constants are one product of [factor·left/σ …, constant] with the item sides; the
    others are added, scaled, where they have columns, for the users for whom they count; an aversion where it is not 0.

    entries  what other models have asked the same sources, and this one need not ask again
    """
    scores, _ = _with_silent(model, histories, entries or Entries(), for_cold=False)
    return scores


def scores_for_both(
    model: HybridParts, histories: Histories, entries: Entries | None = None
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """:func:`fused_scores` of ``model``, and up to a constant for each user those of ``model.for_cold``."""
    return _with_silent(model, histories, entries or Entries(), for_cold=True)


def _with_silent(
    model: HybridParts, histories: Histories, entries: Entries, *, for_cold: bool
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Both scores, the second those for cold items where they are asked for; newcomers' of people who are not heard."""
    n_liked = histories.n_liked(model.feedback)
    scores, others, spreads = _scores(model, histories, entries, n_liked, for_cold=for_cold)
    silent = np.flatnonzero(n_liked - heard(model, n_liked, spreads))
    if len(silent):
        nothing = np.zeros(len(silent), dtype=np.int64)
        found = _scores(model, histories.only(silent), Entries(), nothing, for_cold=for_cold)
        scores[silent], others[silent] = found[:2]
    return scores, others


def _scores(
    model: HybridParts, histories: Histories, entries: Entries, n_liked: NDArray[np.int64], *, for_cold: bool
) -> tuple[NDArray[np.float32], NDArray[np.float32], dict[str, NDArray[np.float64]]]:
    """The scores of people who count as having liked ``n_liked`` titles, those for cold items (the same array where
    they are not asked for, or do not differ), and how far each source's scores spread."""
    weights, n_users = model.weights, histories.n_users
    factors, against = weights.factors(n_liked, slight=False), weights.dislikes * weights.prior_share(n_liked)
    nothing = np.zeros(n_users)
    spreads: dict[str, NDArray[np.float64]] = {}
    left, constant = [], np.zeros((n_users, 1))
    added: dict[str, tuple[NDArray[np.int64], Entry, NDArray[np.float32]]] = {}
    for name, source in model.sources.items():
        factor = factors.get(name, nothing)
        low_rank = name in model.low_rank
        asked = np.arange(n_users)
        if not low_rank:
            counting = np.flatnonzero(factor + (against if name in model.averse else 0))
            if len(counting) <= _MOST * len(asked):
                asked = counting
            if len(asked) == 0:
                continue
        entry = entries.of(source, histories, asked)
        spreads[name] = np.zeros(n_users)
        spreads[name][asked] = entry.moments.std
        scale = factor[asked] * entry.moments.scale(model.steady(name))
        constant[asked, 0] -= scale * entry.moments.mean
        if entry.left is not None:
            left.append(entry.left * scale[:, None])
        else:
            added[name] = (asked, entry, scale.astype(np.float32))
    stacked = np.concatenate([*left, constant], axis=1).astype(np.float32)
    scores: NDArray[np.float32] = stacked @ model.item_sides
    for users, entry, times in added.values():
        _add(scores, users, entry, times, against[users])
    if not for_cold or "content" not in added:
        return scores, scores, spreads
    users, entry, times = added["content"]
    others = scores.copy()
    _add(others, users, entry, np.float32(OWN_SAY - 1) * times, against[users])
    return scores, others, spreads


def _add(
    scores: NDArray[np.float32],
    users: NDArray[np.int64],
    entry: Entry,
    scale: NDArray[np.float32],
    against: NDArray[np.float64],
) -> None:
    """Add to the scores of ``users`` those of ``entry``, ``scale`` times, and its aversion ``against`` times."""
    if entry.sparse is not None:
        _add_sparse(scores, users, entry.sparse, scale)
        return
    assert entry.raw is not None
    columns = slice(None) if entry.columns is None else entry.columns
    scaled = np.empty(entry.raw.shape[1], dtype=np.float32)  # a row stays in the cache between the product and the sum
    for row, user in enumerate(users):
        np.multiply(entry.raw[row], scale[row], out=scaled)
        scores[user, columns] += scaled
    if entry.aversion is not None:
        _add_sparse(scores, users, entry.aversion, against, columns=entry.columns)


def _add_sparse(
    scores: NDArray[np.float32],
    users: NDArray[np.int64],
    added: csr_matrix,
    times: NDArray[np.floating],
    *,
    columns: NDArray[np.int64] | None = None,
) -> None:
    places = added.indices if columns is None else columns[added.indices]
    bounds = added.indptr.tolist()
    for row, user in enumerate(users):
        mine = slice(bounds[row], bounds[row + 1])
        scores[user, places[mine]] += (times[row] * added.data[mine]).astype(np.float32)
