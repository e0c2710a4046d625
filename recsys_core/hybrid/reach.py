"""Lists of many people from the titles that can be in them.

Of a large catalogue most titles are known to few, and nobody's list can have them: a product of factors is at most the
product of their lengths (as in LEMP: Teflioudi, Gemulla & Mykytiuk 2015, "LEMP: Fast Retrieval of Large Entries in a
Matrix Product"). So exact scores are made of a head of the catalogue, and of whatever people's neighbours have rated.
Where the k-th best of these is above the bound of all others, the list is theirs; other people are left to
:func:`recsys_core.hybrid.fused.fused_scores`. The mean and spread by which cold titles are standardised come from sums
over the remaining titles, computed once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from recsys_core.histories import Histories
from recsys_core.hybrid.fused import add
from recsys_core.hybrid.heard import heard
from recsys_core.hybrid.parts import OWN_SAY, HybridParts
from recsys_core.hybrid.weighed import Said, Weighed, weighed
from recsys_core.ranking import Ranking, hide, top_k
from recsys_core.sources.content.factored import FactoredContent
from recsys_core.sources.entries import Entries
from recsys_core.sources.moments import moments_of_sums

__all__ = ["Reach"]

_HEAD = 16_384  # items
_MARGIN = 1e-3  # of the bound, for rounding


@dataclass(frozen=True, slots=True, eq=False)
class Reach:
    """The head of a catalogue, and what bounds the scores of the other titles.

    content  the content source in factored form
    nums     int64 of shape (n_head,), sorted: the most rated items, all columns of sources that score some items only,
             and those on which the predictions for cold items rest
    others   the item sides of the other low-rank sources, and ones, with the head's copied together
    features the item side of content, likewise
    longest  for each low-rank source the length of the longest vector outside the head
    outside  Σ v·vᵀ over the vectors outside the head, of ``others`` and then ``features``: float64 (rank, rank)
    """

    content: FactoredContent
    nums: NDArray[np.int64]
    others: "_Side"
    features: "_Side"
    longest: Mapping[str, float]
    outside: NDArray[np.float64]

    @classmethod
    def of(cls, model: HybridParts, n_head: int = _HEAD) -> Self | None:
        """None where the head would be half of the catalogue, or content cannot enter as factors."""
        content = FactoredContent.of(model.content)
        chosen = np.zeros(model.n_items, dtype=bool)
        chosen[np.argsort(-model.popularity.n_ratings, kind="stable")[:n_head]] = True
        chosen[model.cold.columns] = True
        for source in model.sources.values():
            if source.columns is not None:
                chosen[source.columns] = True
        if content is None or 2 * np.count_nonzero(chosen) > model.n_items:
            return None
        longest = {}
        for name, source in {**model.sources, "content": content}.items():
            if source.item_side is not None:
                longest[name] = float(np.sqrt(np.square(source.item_side[:, ~chosen]).sum(axis=0).max(initial=0.0)))
        others, features = model.item_sides, content.item_side
        outside = np.zeros((len(others) + len(features),) * 2)
        for nums in np.array_split(np.flatnonzero(~chosen), 1 + model.n_items // n_head):
            vectors = np.concatenate([others[:, nums], features[:, nums]]).astype(np.float64)
            outside += vectors @ vectors.T
        head = np.flatnonzero(chosen)
        return cls(content, head, _Side.of(others, head), _Side.of(features, head), longest, outside)

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
        factored = replace(model, sources={**model.sources, "content": self.content})
        found = weighed(factored, histories, entries, n_liked)
        decided = n_liked == heard(model, n_liked, found.spreads)
        added = []
        for said in found.added.values():
            if said.entry.raw is not None and said.columns is None:  # of a single person, of every title
                decided[said.users] = False
            else:
                added.append(said)
        scored = self._scored(found, added)
        scores, nums = scored.warm, scored.nums
        if with_cold:
            assert model.cold.calibration is not None
            new = model.cold.calibration.scores(_match(model, scored), n_liked)
            if histories.cold is not None:
                hide(new, histories.cold)
            scores = np.concatenate([scores, new], axis=1)
            nums = np.concatenate([nums, np.arange(model.n_items, len(closed))])
        hide(scores, histories.ratings, place_of=scored.place_of)
        if closed.any():
            scores[:, closed[nums]] = -np.inf
        best = top_k(scores, k, tie_rank=model.tie_rank[nums])
        decided &= _least(best, k, histories.n_users) > self._bound(found)
        kept = decided[best.user_nums]
        ranking = Ranking(best.user_nums[kept], nums[best.item_nums[kept]], best.scores[kept])
        return ranking, np.flatnonzero(~decided)

    def _scored(self, found: Weighed, added: Sequence[Said]) -> "_Scored":
        """Exact scores of the head, and of whatever those of the ``added`` that have few entries have one for."""
        n_head, n_items = len(self.nums), self.others.whole.shape[1]
        more = np.zeros(n_items, dtype=bool)
        for said in added:
            if said.entry.sparse is not None:
                more[said.entry.sparse.indices] = True
        more[self.nums] = False
        beyond = np.flatnonzero(more)
        place_of = np.full(n_items, -1, dtype=np.int64)
        place_of[self.nums] = np.arange(n_head)
        place_of[beyond] = n_head + np.arange(len(beyond))
        of_content = found.places["content"]
        others, profiles = np.delete(found.left, of_content, axis=1), found.left[:, of_content]
        warm, content = self.others.times(others, beyond), self.features.times(profiles, beyond)
        left = np.concatenate([others, np.float32(OWN_SAY) * profiles], axis=1)
        sums = _Sums(left @ self.outside[:, others.shape[1] - 1], np.vecdot(left @ self.outside, left))
        sums -= _Sums.of(warm[:, n_head:] + np.float32(OWN_SAY) * content[:, n_head:])
        warm += content
        for said in added:
            add(warm, said, found.against, place_of=place_of)
        return _Scored(np.concatenate([self.nums, beyond]), place_of, warm, content, sums)

    def _bound(self, found: Weighed) -> NDArray[np.float64]:
        """An upper bound on the scores of all items that are not scored, of shape (n_users,)."""
        constant = found.left[:, -1].astype(np.float64)
        reached, size = constant, np.abs(constant)
        for name, place in found.places.items():
            most = np.linalg.norm(found.left[:, place], axis=1) * self.longest[name]
            reached, size = reached + most, size + most
        return np.asarray(reached + _MARGIN * size)


@dataclass(frozen=True, slots=True, eq=False)
class _Side:
    """An item side of all items, float32 of shape (rank, n_items), and of the head."""

    whole: NDArray[np.float32]
    head: NDArray[np.float32]

    @classmethod
    def of(cls, whole: NDArray[np.float32], head: NDArray[np.int64]) -> Self:
        return cls(whole, np.ascontiguousarray(whole[:, head]))

    def times(self, left: NDArray[np.float32], beyond: NDArray[np.int64]) -> NDArray[np.float32]:
        """``left`` (n_users, rank) times it, of the head and then of the items ``beyond``."""
        n_head = self.head.shape[1]
        found = np.empty((len(left), n_head + len(beyond)), dtype=np.float32)
        found[:, :n_head] = left @ self.head
        found[:, n_head:] = left @ self.whole[:, beyond]
        return found


@dataclass(frozen=True, slots=True, eq=False)
class _Sums:
    """Sums of some scores of each user, and of their squares: float64 of shape (n_users,)."""

    total: NDArray[np.float64]
    squares: NDArray[np.float64]

    @classmethod
    def of(cls, scores: NDArray[np.float32]) -> Self:
        return cls(scores.sum(axis=1, dtype=np.float64), np.vecdot(scores, scores, dtype=np.float64))

    def __add__(self, other: "_Sums") -> "_Sums":
        return _Sums(self.total + other.total, self.squares + other.squares)

    def __sub__(self, other: "_Sums") -> "_Sums":
        return _Sums(self.total - other.total, self.squares - other.squares)


@dataclass(frozen=True, slots=True, eq=False)
class _Scored:
    """Items with exact scores.

    nums      int64 of shape (n_scored,), the head first
    place_of  of every warm item its place among them, -1 for the others
    warm      scores, float32 of shape (n_users, n_scored)
    content   what of each is content's
    unscored  sums over all other warm items, with content's :data:`OWN_SAY`
    """

    nums: NDArray[np.int64]
    place_of: NDArray[np.int64]
    warm: NDArray[np.float32]
    content: NDArray[np.float32]
    unscored: _Sums


def _match(model: HybridParts, scored: _Scored) -> NDArray[np.float32]:
    """Matches of the cold items, of shape (n_users, n_cold); see :attr:`HybridParts.for_cold`."""
    predicting = scored.warm + np.float32(OWN_SAY - 1) * scored.content
    sums = scored.unscored + _Sums.of(predicting)
    moments = moments_of_sums(sums.total, sums.squares, model.n_items)
    return model.cold.match_of(predicting[:, scored.place_of[model.cold.columns]], moments)


def _least(best: Ranking, k: int, n_users: int) -> NDArray[np.float64]:
    """Each user's ``k``-th best score, -inf where there are fewer: of shape (n_users,)."""
    n_found = np.bincount(best.user_nums, minlength=n_users)
    whole = n_found == k
    least = np.full(n_users, -np.inf)
    least[whole] = best.scores[np.cumsum(n_found)[whole] - 1]
    return least
