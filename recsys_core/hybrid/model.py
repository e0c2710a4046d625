"""The hybrid model: one score from several sources."""

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Literal, Self, get_args

import numpy as np
from numpy.typing import NDArray

from recsys_core.dataset.feedback import Feedback
from recsys_core.errors import ParameterError
from recsys_core.histories import Histories, Known
from recsys_core.hybrid.cold import ColdCalibration, ColdTitles, NewTitles, reserve_places
from recsys_core.hybrid.explain import Explanation, explain
from recsys_core.hybrid.fused import fused_scores, scores_for_both
from recsys_core.hybrid.heard import heard
from recsys_core.hybrid.parts import HybridParts
from recsys_core.hybrid.reach import Reach
from recsys_core.hybrid.weights import HybridWeights
from recsys_core.ranking import Ranking, hide, top_k
from recsys_core.scoring import check_histories, check_item_nums, check_one_history, check_user_ratings
from recsys_core.sources.entries import Entries
from recsys_core.sources.moments import dense_moments
from recsys_core.sources.table import source_named
from recsys_core.storage import load_csr, read_manifest, save_csr, write_manifest

__all__ = ["MODEL_NAMES", "HybridModel", "ModelName"]

ModelName = Literal["hybrid", "als", "ease", "content"]
"""One of :data:`MODEL_NAMES`."""
MODEL_NAMES: tuple[ModelName, ...] = get_args(ModelName)
"""What lists can be made by: the hybrid, or one of its sources alone."""


class HybridModel(HybridParts):
    """The sources of :mod:`recsys_core.sources.table` blended; :mod:`recsys_core.hybrid.blend` has the formula.

    Items with features but without a training rating ("cold") stand among the others where their features predict
    them to: :mod:`recsys_core.hybrid.cold`. Their numbers follow those of the trained ("warm") ones.
    """

    def score(
        self, known: Known, *, model: ModelName = "hybrid", entries: Entries | None = None
    ) -> NDArray[np.float32]:
        """Scores of the warm items, float32 of shape (n_users, n_items); any history, none included, gives finite ones.

        model    one source alone; people without a liked title get what suits newcomers all the same
        entries  shared with other models of the same sources, which are asked about the same people
        """
        return fused_scores(self.asked(model), self.checked(known), entries)

    def asked(self, model: ModelName) -> Self:
        """The hybrid, or one source of it with the weight of all; :class:`ParameterError` where it has no such one."""
        if model == "hybrid":
            return self
        known = [name for name in MODEL_NAMES if name == "hybrid" or name in self.sources]
        if model not in known:
            raise ParameterError(f"model = {model!r}: expected one of {', '.join(known)}")
        return self.with_weights(self.weights.alone(model))

    def hears(self, known: Known, *, entries: Entries | None = None) -> NDArray[np.bool_]:
        """Whose likes some source of the taste can make something of, (n_users,); others are newcomers to the model."""
        histories, entries = self.checked(known), entries or Entries()
        n_liked, everybody = histories.n_liked(self.feedback), np.arange(histories.n_users)
        spreads: dict[str, NDArray[np.float64]] = {}
        for name, source in self.sources.items():
            if self.weights.taste.get(name) and not heard(self, n_liked, spreads).all():
                spreads[name] = entries.of(source, histories, everybody).moments.std
        return heard(self, n_liked, spreads) > 0

    def score_cold(self, known: Known) -> NDArray[np.float32]:
        """Matches of the cold items, by which they rank among themselves: float32 of shape (n_users, n_cold)."""
        return self.warm_and_match(self.checked(known))[1]

    def warm_and_match(
        self, histories: Histories, *, entries: Entries | None = None
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """:meth:`score` of the hybrid and :meth:`score_cold` for :meth:`checked` histories, the sources asked once."""
        warm, predicted = scores_for_both(self, histories, entries)
        return warm, self.cold.match(predicted)

    def score_catalogue(self, known: Known) -> NDArray[np.float32]:
        """Warm and cold items on one scale: float32 of shape (n_users, n_items + n_cold).

        Without a calibration the cold ones are -inf: no list of all titles has them.
        """
        histories = self.checked(known)
        return self._catalogue(histories, *self.warm_and_match(histories))

    def _catalogue(
        self, histories: Histories, warm: NDArray[np.float32], match: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """The scores ``warm``, and beside them those of the cold items, by their ``match``."""
        if self.cold.calibration is None:
            cold = np.full_like(match, -np.inf)
        else:
            cold = self.cold.calibration.scores(match, histories.n_liked(self.feedback))
        return np.concatenate([warm, cold], axis=1)

    def recommend(
        self,
        known: Known,
        k: int,
        *,
        model: ModelName = "hybrid",
        exclude: NDArray[np.integer] | None = None,
        candidates: NDArray[np.integer] | None = None,
        new_titles: NewTitles | None = None,
        reranked: Callable[[Ranking], Ranking] | None = None,
        n_best: int = 0,
        entries: Entries | None = None,
    ) -> Ranking:
        """The ``k`` best items of each user, best first, never one that the user has rated.

        model       "hybrid" has the cold items too
        exclude     item numbers that nobody gets
        candidates  item numbers to choose from, instead of all
        new_titles  "hybrid" only: places that are kept for cold items
        reranked    chooses the ``k`` of the ``n_best`` best, before places are kept
        entries     as in :meth:`score`
        """
        histories, asked = self.checked(known), self.asked(model)
        new_titles = new_titles if new_titles and new_titles.places else None
        wanted = new_titles is not None or self.cold.calibration is not None
        with_cold = model == "hybrid" and wanted and len(self.cold_item_ids) > 0
        closed = _closed(len(self.catalogue_ids), exclude, candidates)
        n_best = k if reranked is None else max(k, n_best)
        if not with_cold or new_titles is None:
            reach = None if candidates is not None else self._reach_for(model)  # no head decides among few
            entries = entries or Entries()
            best = asked._lists(histories, n_best, closed, reach, with_cold=with_cold, entries=entries)
            return best if reranked is None else reranked(best)
        best, warm, match, new_scores = self._whole(histories, n_best, closed, with_cold=True, entries=entries)
        if reranked is not None:
            best = reranked(best)
        if self.cold.calibration is None:
            new_scores = match.copy()
        if new_titles.min_share > 0:
            moments = dense_moments(warm)
            strongest = (warm.max(axis=1) - moments.mean) * moments.scale()
            match[match < new_titles.min_share * strongest[:, None]] = -np.inf
        match[:, closed[self.n_items :]] = -np.inf
        if histories.cold is not None:
            hide(match, histories.cold)
        return reserve_places(best, match, new_scores, self.n_items, k, new_titles.places)

    def n_scored(self, model: ModelName = "hybrid", new_titles: NewTitles | None = None) -> int:
        """How many titles get a score for nearly everybody whom :meth:`recommend` makes a list for."""
        kept = new_titles is not None and new_titles.places > 0
        reach = None if kept else self._reach_for(model)
        return len(self.catalogue_ids) if reach is None else len(reach.nums) + len(self.cold_item_ids)

    def _reach_for(self, model: ModelName) -> Reach | None:
        """None for content alone: its vectors are nearly all of one length, so that no head decides."""
        return None if model == "content" else self._reach

    @cached_property
    def _reach(self) -> Reach | None:
        """Of a large catalogue the titles that can be in lists."""
        return Reach.of(self)

    def _lists(
        self,
        histories: Histories,
        k: int,
        closed: NDArray[np.bool_],
        reach: Reach | None,
        *,
        with_cold: bool,
        entries: Entries,
    ) -> Ranking:
        """The ``k`` best items of each user that are neither rated nor ``closed``, (n_catalogue,)."""
        if reach is None:
            return self._whole(histories, k, closed, with_cold=with_cold, entries=entries)[0]
        found, left = reach.lists(self, histories, k, closed=closed, with_cold=with_cold, entries=entries)
        if len(left) == 0:
            return found
        others = self._whole(histories.only(left), k, closed, with_cold=with_cold, entries=Entries())[0]
        users = np.concatenate([found.user_nums, left[others.user_nums]])
        order = np.argsort(users, kind="stable")
        items = np.concatenate([found.item_nums, others.item_nums])
        return Ranking(users[order], items[order], np.concatenate([found.scores, others.scores])[order])

    def _whole(
        self,
        histories: Histories,
        k: int,
        closed: NDArray[np.bool_],
        *,
        with_cold: bool,
        entries: Entries | None,
    ) -> tuple[Ranking, NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
        """The ``k`` best from scores of all titles; the scores of the warm ones, and matches and scores of the cold
        ones, where they stand in the lists."""
        if with_cold:
            warm, match = self.warm_and_match(histories, entries=entries)
            scores = self._catalogue(histories, warm, match)
        else:
            warm = scores = fused_scores(self, histories, entries)
            match = scores[:, :0]
        hide(scores, histories.ratings)
        scores[:, closed[: scores.shape[1]]] = -np.inf
        new = scores[:, self.n_items :]
        if with_cold and histories.cold is not None:
            hide(new, histories.cold)
        return top_k(scores, k, tie_rank=self.tie_rank[: scores.shape[1]]), warm, match, new

    def explain(
        self,
        known: Known,
        item_nums: NDArray[np.integer],
        *,
        n_because: int | None = 3,
        model: ModelName = "hybrid",
    ) -> list[Explanation]:
        """Why one user would get each of ``item_nums``, cold ones too; see :class:`Explanation`.

        n_because  titles named per item, of those that spoke for it; None names every title of the user
        """
        history = check_one_history(self.checked(known), self.n_items)
        return explain(self.asked(model), history, check_item_nums(item_nums, len(self.catalogue_ids)), n_because)

    def checked(self, known: Known) -> Histories:
        """Canonical histories on this model's warm and cold items."""
        histories = check_histories(known, self.n_items)
        if histories.cold is None:
            return histories
        cold = check_user_ratings(histories.cold, len(self.cold_item_ids))
        return histories if cold is histories.cold else Histories(histories.ratings, histories.times, cold)

    def save(self, directory: Path) -> None:
        for name, source in self.sources.items():
            (directory / name).mkdir()
            source.save(directory / name)
        save_csr(directory / "cold_from_warm.npz", self.cold.from_warm)
        write_manifest(
            directory,
            "HybridModel",
            parameters=self.weights.as_dict(),
            sources=list(self.sources),
            usual=dict(self.usual),
            feedback=self.feedback.as_dict(),
            calibration=self.cold.calibration and self.cold.calibration.as_dict(),
        )

    @classmethod
    def load(cls, directory: Path) -> Self:
        manifest = read_manifest(directory, "HybridModel")
        return cls(
            {name: source_named(name).model.load(directory / name) for name in manifest["sources"]},
            manifest["usual"],
            ColdTitles(
                load_csr(directory / "cold_from_warm.npz"),
                ColdCalibration(**manifest["calibration"]) if manifest["calibration"] else None,
            ),
            weights=HybridWeights(**manifest["parameters"]),
            feedback=Feedback(**manifest["feedback"]),
        )


def _closed(
    n_items: int, exclude: NDArray[np.integer] | None, candidates: NDArray[np.integer] | None
) -> NDArray[np.bool_]:
    """Which of ``n_items`` are excluded or no candidates: (n_items,)."""
    closed = np.zeros(n_items, dtype=bool)
    if candidates is not None:
        closed[:] = True
        closed[check_item_nums(candidates, n_items)] = False
    if exclude is not None:
        closed[check_item_nums(exclude, n_items)] = True
    return closed
