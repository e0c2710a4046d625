"""The hybrid score with as few passes over (n_users, n_items) as possible."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys_core.histories import Histories
from recsys_core.hybrid.heard import heard
from recsys_core.hybrid.parts import OWN_SAY, HybridParts
from recsys_core.hybrid.weighed import Said, weighed
from recsys_core.sources.entries import Entries

__all__ = ["add", "as_slice", "fused_scores", "scores_for_both"]


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
    found = weighed(model, histories, entries, n_liked)
    scores: NDArray[np.float32] = found.left @ model.item_sides
    for said in found.added.values():
        add(scores, said, found.against)
    if not for_cold or "content" not in found.added:
        return scores, scores, found.spreads
    others = scores.copy()
    add(others, found.added["content"], found.against, OWN_SAY - 1)
    return scores, others, found.spreads


def add(
    scores: NDArray[np.float32],
    said: Said,
    against: NDArray[np.float64],
    share: float = 1.0,
) -> None:
    """Add ``share`` of what a source ``said`` to the ``scores`` of its users, and its aversion ``against`` times."""
    entry, users, times = said.entry, said.users, np.float32(share) * said.times.astype(np.float32)
    if entry.sparse is not None:
        _add_sparse(scores, users, entry.sparse, times, None)
        return
    assert entry.raw is not None
    columns = slice(None) if said.columns is None else as_slice(said.columns)
    scaled = np.empty(entry.raw.shape[1], dtype=np.float32)  # a row stays in the cache between the product and the sum
    for row, user in enumerate(users):
        np.multiply(entry.raw[row], times[row], out=scaled)
        scores[user, columns] += scaled
    if entry.aversion is not None:
        _add_sparse(scores, users, entry.aversion, against[users], said.columns)


def as_slice(columns: NDArray[np.int64]) -> slice | NDArray[np.int64]:
    """The same ``columns``, as a slice where they follow one another: three times as fast to add to."""
    if len(columns) and (np.diff(columns) == 1).all():
        return slice(int(columns[0]), int(columns[-1]) + 1)
    return columns


def _add_sparse(
    scores: NDArray[np.float32],
    users: NDArray[np.int64],
    added: csr_matrix,
    times: NDArray[np.floating],
    columns: NDArray[np.int64] | None,
) -> None:
    places = added.indices if columns is None else columns[added.indices]
    bounds = added.indptr.tolist()
    for row, user in enumerate(users):
        mine = slice(bounds[row], bounds[row + 1])
        scores[user, places[mine]] += (times[row] * added.data[mine]).astype(np.float32)
