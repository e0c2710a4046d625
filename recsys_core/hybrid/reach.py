"""Lists from the titles that can be in them.

Of a large catalogue most titles are known to few, and nobody's list can have them: a product of factors is at most the
product of their lengths (as in LEMP: Teflioudi, Gemulla & Mykytiuk 2015, "LEMP: Fast Retrieval of Large Entries in a
Matrix Product"). So exact scores are made of a head of the catalogue. Where the k-th best of these is above the bound
of all others, with the most that a person's neighbours say of one of them, the list is theirs; other people are left to
:func:`recsys_core.hybrid.fused.fused_scores`. The mean and spread by which cold titles are standardised come from sums
over the remaining titles, most of them computed once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys_core.histories import Histories
from recsys_core.hybrid.fused import add, as_slice
from recsys_core.hybrid.heard import heard
from recsys_core.hybrid.parts import OWN_SAY, HybridParts
from recsys_core.hybrid.weighed import Said, Weighed, weighed
from recsys_core.ranking import Ranking, hide, top_k
from recsys_core.sources.content.factored import FactoredContent
from recsys_core.sources.entries import Entries
from recsys_core.sources.moments import Moments, moments_of_sums, sparse_sums
from recsys_core.sources.source import Entry
from recsys_core.sparse_rows import entries_at

__all__ = ["Reach"]

_HEAD = 8_192  # items
_MARGIN = 1e-3  # of the bound, for rounding


@dataclass(frozen=True, slots=True, eq=False)
class Reach:
    """The head of a catalogue, and what bounds the scores of the other titles.

    model    with the content source in factored form
    nums     int64 of shape (n_head,): the most rated items, all columns of sources that score some items only, and
             those on which the predictions for cold items rest; what is most of these comes first, so that the columns
             of two that have the same ones are side by side
    place_of of every warm item its place in the head, -1 for the others: int64 of shape (n_items,)
    others   the item sides of the other low-rank sources, and ones, of the head: float32 of shape (rank, n_head)
    features the item side of content, likewise
    vectors  both of all items, those of ``others`` first: float32 of shape (n_items, rank)
    longest  for each low-rank source the length of the longest vector outside the head
    outside  Σ v·vᵀ over the ``vectors`` outside the head: float64 (rank, rank)
    """

    model: HybridParts
    nums: NDArray[np.int64]
    place_of: NDArray[np.int64]
    others: NDArray[np.float32]
    features: NDArray[np.float32]
    vectors: NDArray[np.float32]
    longest: Mapping[str, float]
    outside: NDArray[np.float64]

    @classmethod
    def of(cls, model: HybridParts, n_head: int = _HEAD) -> Self | None:
        """None where the head would be more than half of the catalogue, or a source has terms that nothing bounds.

        Those are content, where it cannot enter as factors, and a source that tells of dislikes for every item.
        """
        content = FactoredContent.of(model.content)
        if content is None or any(model.sources[name].columns is None for name in model.averse):
            return None
        often = np.zeros(model.n_items, dtype=np.int64)
        often[np.argsort(-model.popularity.n_ratings, kind="stable")[:n_head]] = 1
        for columns in (model.cold.columns, *(source.columns for source in model.sources.values())):
            if columns is not None:
                often[columns] += 1
        chosen = often > 0
        if 2 * np.count_nonzero(chosen) > model.n_items:
            return None
        longest = {}
        for name, source in {**model.sources, "content": content}.items():
            if source.item_side is not None:
                longest[name] = float(np.sqrt(np.square(source.item_side[:, ~chosen]).sum(axis=0).max(initial=0.0)))
        others, features = model.item_sides, content.item_side
        nums = np.argsort(-often, kind="stable")[: np.count_nonzero(chosen)]
        place_of = np.full(model.n_items, -1, dtype=np.int64)
        place_of[nums] = np.arange(len(nums))
        vectors = np.ascontiguousarray(np.concatenate([others, features]).T)
        outside = np.zeros((vectors.shape[1],) * 2)
        for some in np.array_split(np.flatnonzero(~chosen), 1 + model.n_items // n_head):
            wide = vectors[some].astype(np.float64)
            outside += wide.T @ wide
        others, features = (np.ascontiguousarray(side[:, nums]) for side in (others, features))
        factored = replace(model, sources={**model.sources, "content": content})
        return cls(factored, nums, place_of, others, features, vectors, longest, outside)

    def lists(
        self,
        model: HybridParts,
        histories: Histories,
        k: int,
        *,
        closed: NDArray[np.bool_],
        with_cold: bool,
        entries: Entries,
    ) -> tuple[Ranking, NDArray[np.int64]]:
        """The ``k`` best items of those people for whom the head decides, and the row numbers of the others.

        closed     items of the catalogue that nobody gets, (n_catalogue,)
        with_cold  cold items stand in the lists, too
        """
        n_liked = histories.n_liked(model.feedback)
        found = weighed(self.model.with_weights(model.weights), histories, entries, n_liked)
        added, beyond = self._parted(found, histories.n_users)
        of_content = found.places["content"]
        others, profiles = np.delete(found.left, of_content, axis=1), found.left[:, of_content]
        scores, content = others @ self.others, profiles @ self.features
        scores += content
        for said in added:
            add(scores, said, found.against)
        nums = self.nums
        if with_cold:
            assert model.cold.calibration is not None
            predicting = scores + np.float32(OWN_SAY - 1) * content
            left = np.concatenate([others, np.float32(OWN_SAY) * profiles], axis=1)
            moments = (_Sums.of(predicting) + self._unscored(left, others.shape[1] - 1, beyond)).moments(model.n_items)
            match = model.cold.match_of(predicting[:, as_slice(self.place_of[model.cold.columns])], moments)
            new = model.cold.calibration.scores(match, n_liked)
            if histories.cold is not None:
                hide(new, histories.cold)
            scores = np.concatenate([scores, new], axis=1)
            nums = np.concatenate([nums, np.arange(model.n_items, len(closed))])
        hide(scores, histories.ratings, place_of=self.place_of)
        if closed.any():
            scores[:, closed[nums]] = -np.inf
        best = top_k(scores, k, tie_rank=model.tie_rank[nums])
        decided = n_liked == heard(model, n_liked, found.spreads)
        decided &= _least(best, k, histories.n_users) > self._bound(found, beyond)
        kept = decided[best.user_nums]
        ranking = Ranking(best.user_nums[kept], nums[best.item_nums[kept]], best.scores[kept])
        return ranking, np.flatnonzero(~decided)

    def _parted(self, found: Weighed, n_users: int) -> tuple[list[Said], csr_matrix]:
        """What is added to the scores of the head, by place, and to those of all others: CSR (n_users, n_items)."""
        inside: list[Said] = []
        outside: list[csr_matrix] = []
        for said in found.added.values():
            if said.columns is not None:
                inside.append(replace(said, columns=self.place_of[said.columns]))
                continue
            assert said.entry.aversion is None
            every = _sparse(said.entry)
            places, counts = self.place_of[every.indices], np.diff(every.indptr)
            here = _only(places >= 0, every.data, places, counts, len(self.nums))
            inside.append(replace(said, entry=replace(said.entry, raw=None, sparse=here)))
            entries = np.zeros(n_users, dtype=np.int64)
            entries[said.users] = counts
            times = np.repeat(said.times, counts).astype(np.float32)
            outside.append(_only(places < 0, times * every.data, every.indices, entries, len(self.place_of)))
        if not outside:
            nothing, bounds = np.zeros(0, dtype=np.float32), np.zeros(n_users + 1, dtype=np.int64)
            outside.append(csr_matrix((nothing, bounds[:0], bounds), shape=(n_users, len(self.place_of))))
        return inside, sum(outside[1:], start=outside[0])

    def _unscored(self, left: NDArray[np.float32], constant: int, beyond: csr_matrix) -> "_Sums":
        """Sums over the items outside the head, for which ``left`` has the factors and ``beyond`` what is added."""
        product, added = left @ self.outside, _Sums(*sparse_sums(beyond))
        squares = np.vecdot(product, left) + 2 * np.vecdot(beyond @ self.vectors, left, dtype=np.float64)
        return _Sums(product[:, constant], squares) + added

    def _bound(self, found: Weighed, beyond: csr_matrix) -> NDArray[np.float64]:
        """An upper bound on the scores of all items outside the head, of shape (n_users,)."""
        constant = found.left[:, -1].astype(np.float64)
        most = np.zeros(len(constant))
        np.maximum.at(most, np.repeat(np.arange(len(most)), np.diff(beyond.indptr)), beyond.data)
        reached, size = constant + most, np.abs(constant) + most
        for name, place in found.places.items():
            most = np.linalg.norm(found.left[:, place], axis=1) * self.longest[name]
            reached, size = reached + most, size + most
        return np.asarray(reached + _MARGIN * size)


@dataclass(frozen=True, slots=True, eq=False)
class _Sums:
    """Sums of some scores of each user, and of their squares: float64 of shape (n_users,)."""

    total: NDArray[np.float64]
    squares: NDArray[np.float64]

    @classmethod
    def of(cls, scores: NDArray[np.float32]) -> Self:
        total, squares = np.empty(len(scores)), np.empty(len(scores))
        row = np.empty(scores.shape[1])  # made wide once: NumPy's own sums of another type take four times as long
        for user, mine in enumerate(scores):
            np.copyto(row, mine)
            total[user], squares[user] = row.sum(), row @ row
        return cls(total, squares)

    def __add__(self, other: "_Sums") -> "_Sums":
        return _Sums(self.total + other.total, self.squares + other.squares)

    def moments(self, n_items: int) -> Moments:
        return moments_of_sums(self.total, self.squares, n_items)


def _sparse(entry: Entry) -> csr_matrix:
    """The scores of an entry of all items, (n_users, n_items)."""
    if entry.sparse is not None:
        return entry.sparse
    assert entry.raw is not None
    return entries_at(entry.raw, entry.raw != 0)  # of booleans they are found in a quarter of the time


def _only(
    chosen: NDArray[np.bool_],
    data: NDArray[np.float32],
    columns: NDArray[np.integer],
    counts: NDArray[np.integer],
    n_columns: int,
) -> csr_matrix:
    """The ``chosen`` of the entries of rows that have so many (``counts``)."""
    before = np.concatenate([[0], np.cumsum(chosen)])
    bounds = before[np.concatenate([[0], np.cumsum(counts)])]
    return csr_matrix((data[chosen], columns[chosen], bounds), shape=(len(counts), n_columns))


def _least(best: Ranking, k: int, n_users: int) -> NDArray[np.float64]:
    """Each user's ``k``-th best score, -inf where there are fewer: of shape (n_users,)."""
    n_found = np.bincount(best.user_nums, minlength=n_users)
    whole = n_found == k
    least = np.full(n_users, -np.inf)
    least[whole] = best.scores[np.cumsum(n_found)[whole] - 1]
    return least
