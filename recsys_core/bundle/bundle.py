"""The model bundle: everything that recommending takes, in one folder."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path as FilePath
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from recsys_core.bundle.answer import Answer, Path, Reason, RecommendedItem
from recsys_core.bundle.history import history_of
from recsys_core.bundle.options import ListOptions
from recsys_core.bundle.similar import ItemSimilarity
from recsys_core.bundle.titles import Titles
from recsys_core.dataset.ids import Id, IdKind
from recsys_core.dataset.interactions import UserItemMatrix
from recsys_core.dataset.numbering import positions_in
from recsys_core.errors import ShapeError, StorageError, UnknownIdError
from recsys_core.histories import Histories
from recsys_core.hybrid import Explanation, HybridModel, NewTitles
from recsys_core.onboarding import Onboarding
from recsys_core.ranking import Ranking, top_k
from recsys_core.reranking import Reranker, RerankParameters
from recsys_core.sources.entries import Entries
from recsys_core.storage import Storable, read_manifest, write_manifest

__all__ = ["ModelBundle"]

_NAMED_IDS = 5
_TEN_BEST = ListOptions()


@dataclass(frozen=True, eq=False)
class ModelBundle:
    """A hybrid model, what its users have rated, the titles of the catalogue, and what to ask newcomers about.

    It takes and gives ids as the data have them, whole numbers or texts; what it is made of knows numbers alone.

    known       ratings by known users, on the model's warm items
    metadata    JSON values: data fingerprint, parameters, metrics and the like
    onboarding  None in bundles from before there was one: newcomers are then asked about popular titles
    """

    model: HybridModel
    known: UserItemMatrix
    titles: Titles
    metadata: dict[str, Any]
    onboarding: Onboarding | None = None

    def __post_init__(self) -> None:
        others = {"the known ratings": self.known.item_ids}
        if self.onboarding is not None:
            others["the titles to ask about"] = self.onboarding.item_ids
        for name, item_ids in others.items():
            if not np.array_equal(item_ids, self.model.item_ids):
                raise ShapeError(
                    f"{name} are on {len(item_ids)} items, the model on {self.model.n_items}, or other ids"
                )

    @property
    def id_kinds(self) -> dict[str, IdKind]:
        """What people and items are called by."""
        return {"user_id": self.known.users.kind, "item_id": self.titles.ids.kind}

    def recommend_for_user(
        self, user_id: Id, wanted: ListOptions = _TEN_BEST, *, newer: Mapping[Id, float] | None = None
    ) -> Answer:
        """The best movies for a known user ("warm"), or for a newcomer where the id is unknown ("cold").

        newer  ratings by movie id that the person gave after training: each counts instead of the one before it. A
               person who has these alone is "folded_in". Movies outside the catalogue do not count.
        """
        place = self._user_num(user_id)
        before = Histories.of(self.known).rows(place, place + 1) if place >= 0 else None
        if newer or before is None:
            history = history_of(self.model, self._numbered(newer or {}), before=before, now=self._now)
        else:
            history = before
        path: Path = "warm" if before is not None and before.ratings.nnz else "folded_in"
        return self._answer(user_id, path, history, wanted)

    def recommend_for_liked(
        self, liked: Sequence[Id], wanted: ListOptions = _TEN_BEST, *, disliked: Sequence[Id] = ()
    ) -> Answer:
        """The best movies for somebody who likes some movies and dislikes others ("folded_in").

        A liked movie counts as the best rating, a disliked one as the worst; see :meth:`recommend_for_ratings`.
        """
        scale = self.model.feedback
        said = {**dict.fromkeys(disliked, scale.minimum), **dict.fromkeys(liked, scale.maximum)}
        return self.recommend_for_ratings(said, replace(wanted, exclude=(*wanted.exclude, *disliked)))

    def recommend_for_ratings(self, ratings: Mapping[Id, float], wanted: ListOptions = _TEN_BEST) -> Answer:
        """The best movies for somebody who is not known and rates movies so, by movie id ("folded_in").

        A movie that training has not seen counts through its content. Without any, or when the model can make
        nothing of them, the path is "cold". Ids outside the catalogue are an :class:`UnknownIdError`.
        """
        self.check_known(ratings)
        return self._answer(None, "folded_in", history_of(self.model, self._numbered(ratings)), wanted)

    def similar_items(self, item_id: Id, k: int) -> Answer:
        """The ``k`` movies of the catalogue most like ``item_id``, by ALS factors and content."""
        item_num = self._item_num(item_id)
        scores = self._similarity.to(item_num)
        scores[item_num] = -np.inf
        ranking = top_k(scores[None, :], k, tie_rank=self.model.tie_rank)
        return Answer(None, "folded_in", self._plain_items(self.model.catalogue_ids[ranking.item_nums], ranking))

    def explain_for_user(self, user_id: Id, item_id: Id, *, n_because: int | None = 3) -> RecommendedItem:
        """Why a user would get ``item_id``, and on which place of all that they have not rated."""
        item_num = self._item_num(item_id)
        place = self._user_num(user_id)
        history = Histories.of(self.known).rows(place, place + 1) if place >= 0 else history_of(self.model, {})
        (why,) = self.model.explain(history, np.array([item_num]), n_because=n_because)
        scores = self.model.score_catalogue(history)[0]
        ties = (scores == scores[item_num]) & (self.model.tie_rank < self.model.tie_rank[item_num])
        better = (scores > scores[item_num]) | ties
        better[history.item_nums] = False
        title, new = self.titles.describe(int(self.model.catalogue_ids[item_num])), item_num >= self.model.n_items
        plain = RecommendedItem(1 + int(better.sum()), title.movie_id, title.title, why.score, new=new)
        return self._explained(plain, why)

    def ask_next(self, ratings: Mapping[Id, float], unseen: Iterable[Id], n: int) -> list[Id]:
        """Ids of the ``n`` movies that a newcomer should be asked about next, best first; never one asked before.

        ratings  by movie id: what the person has said so far
        unseen   movie ids that the person was asked about and does not know
        """
        asked = positions_in(self.model.item_ids, self.titles.ids.numbers_of(unseen))
        answers = history_of(self.model, self._numbered(ratings)).ratings
        asked = asked[asked >= 0]
        if self.onboarding is not None:
            nums = self.onboarding.next_titles(answers, asked, n)
        else:
            closed = np.concatenate([asked, answers.indices])
            order = np.argsort(-self.model.popularity.n_ratings, kind="stable")
            nums = order[~np.isin(order, closed)][:n]
        return self.titles.ids.names_of(self.model.item_ids[nums])

    def ratings_of(self, user_id: Id) -> dict[Id, float]:
        """A known user's ratings by movie id; none where the id is unknown."""
        place = self._user_num(user_id)
        if place < 0:
            return {}
        row = self.known.ratings[place]
        names = self.titles.ids.names_of(self.known.item_ids[row.indices])
        return dict(zip(names, row.data.astype(float).tolist(), strict=True))

    def check_known(self, item_ids: Iterable[Id]) -> None:
        """Raise an :class:`UnknownIdError` that names the ids outside the catalogue, if there are any."""
        asked = sorted(set(item_ids), key=lambda item_id: (isinstance(item_id, str), item_id))
        ids = self.titles.ids.numbers_of(asked)
        unknown = [asked[num] for num in np.flatnonzero(positions_in(self._catalogue_order[0], ids) < 0)]
        if unknown:
            named = ", ".join(str(item_id) for item_id in unknown[:_NAMED_IDS])
            more = f" and {len(unknown) - _NAMED_IDS} more" if len(unknown) > _NAMED_IDS else ""
            raise UnknownIdError(
                f"no title {named}{more} in the catalogue of {len(self.titles.item_ids)} titles; "
                "give ids of titles in it (item_id)"
            )

    def warm_up(self) -> None:
        """Compute what is computed once, so that the first answer is as fast as any other."""
        liked, disliked = (self.titles.ids.names_of(self.model.item_ids[part]) for part in (slice(1), slice(1, 2)))
        self.recommend_for_liked(liked, ListOptions(k=1, explain=True, diversity=0.1), disliked=disliked)
        self.similar_items(self.titles.ids.name(int(self.model.catalogue_ids[0])), 1)
        _ = self.titles.genres, self._title_places

    def save(self, directory: FilePath) -> None:
        parts: dict[str, Storable] = {"model": self.model, "known": self.known}
        if self.onboarding is not None:
            parts["onboarding"] = self.onboarding
        for name, part in parts.items():
            (directory / name).mkdir()
            part.save(directory / name)
        self.titles.save(directory / "titles.parquet")
        write_manifest(
            directory,
            "ModelBundle",
            parameters=self.model.weights.as_dict(),
            metadata=self.metadata,
            onboarding=self.onboarding is not None,
        )

    @classmethod
    def load(cls, directory: FilePath) -> Self:
        """Read what :meth:`save` wrote; anything missing, damaged or inconsistent is a :class:`StorageError`."""
        manifest = read_manifest(directory, "ModelBundle")
        try:
            return cls(
                HybridModel.load(directory / "model"),
                UserItemMatrix.load(directory / "known"),
                Titles.load(directory / "titles.parquet"),
                manifest["metadata"],
                Onboarding.load(directory / "onboarding") if manifest.get("onboarding") else None,
            )
        except (ShapeError, KeyError, TypeError) as error:
            raise StorageError(f"{directory}: its parts do not belong together ({error}); make it again") from error

    def _answer(self, user_id: Id | None, path: Path, history: Histories, wanted: ListOptions) -> Answer:
        model, name, entries = self.model, wanted.model, Entries()
        history = model.checked(history)
        if wanted.alpha is not None:
            model = model.with_weights(model.weights.balanced(wanted.alpha))
        if history.ratings.nnz == 0 and (history.cold is None or history.cold.nnz == 0):
            path, name = "cold", "hybrid"  # only popularity is left
        elif history.n_liked(model.feedback)[0] and not model.asked(name).hears(history, entries=entries)[0]:
            path = "cold"  # of what is liked it can make nothing
        reranking = RerankParameters(diversity=wanted.diversity)
        reranked = None
        if wanted.diversity > 0:
            reranked = partial(self.reranker.rerank, user_ratings=history.ratings, parameters=reranking, k=wanted.k)
        ranking = model.recommend(
            history,
            wanted.k,
            model=name,
            exclude=self._left_out(wanted),
            new_titles=NewTitles(places=wanted.new_titles) if wanted.new_titles else None,
            reranked=reranked,
            n_best=reranking.n_candidates,
            entries=entries,
        )
        items = self._plain_items(model.catalogue_ids[ranking.item_nums], ranking)
        if wanted.explain:
            found = model.explain(history, ranking.item_nums, n_because=wanted.n_because, model=name)
            items = tuple(self._explained(item, why) for item, why in zip(items, found, strict=True))
        return Answer(user_id, path, items)

    def _explained(self, item: RecommendedItem, why: Explanation) -> RecommendedItem:
        catalogue = self.model.catalogue_ids
        because = tuple(
            Reason(title.movie_id, title.title, contribution)
            for title, contribution in ((self.titles.describe(int(catalogue[num])), gave) for num, gave in why.because)
        )  # the same score in double precision, so that its parts add up to it
        return RecommendedItem(
            item.rank, item.movie_id, item.title, why.score, why.sources, because, why.terms, item.new
        )

    def _left_out(self, wanted: ListOptions) -> NDArray[np.int64]:
        """Item numbers that the options leave out, those of rated titles not among them."""
        nums = np.zeros(0, dtype=np.int64)
        if wanted.exclude:
            sorted_ids, item_nums = self._catalogue_order
            places = positions_in(sorted_ids, np.unique(self.titles.ids.numbers_of(wanted.exclude)))
            nums = item_nums[places[places >= 0]]
        if not wanted.filters:
            return nums
        kept = self.titles.matching(wanted.genres, wanted.year_from, wanted.year_to)
        left_out = ~(kept[self._title_places] & (self._title_places >= 0))
        return np.union1d(nums, np.flatnonzero(left_out))

    def _item_num(self, item_id: Id) -> int:
        self.check_known([item_id])
        sorted_ids, item_nums = self._catalogue_order
        return int(item_nums[np.searchsorted(sorted_ids, self.titles.ids.number(item_id))])

    @cached_property
    def _now(self) -> int:
        """When the newest known rating was given: what comes in later is taken to come then."""
        return int(self.known.timestamps.max(initial=0))

    def _user_num(self, user_id: Id) -> int:
        return int(positions_in(self.known.user_ids, self.known.users.numbers_of([user_id]))[0])

    def _numbered(self, ratings: Mapping[Id, float]) -> dict[int, float]:
        return dict(zip(self.titles.ids.numbers_of(ratings).tolist(), ratings.values(), strict=True))

    @cached_property
    def reranker(self) -> Reranker:
        return Reranker(self.model.content.features)

    @cached_property
    def _similarity(self) -> ItemSimilarity:
        return ItemSimilarity.of(self.model)

    @cached_property
    def _title_places(self) -> NDArray[np.int64]:
        """Where each item of the catalogue is among the titles, -1 where it has none."""
        return positions_in(self.titles.item_ids, self.model.catalogue_ids)

    def _plain_items(self, item_ids: NDArray[np.int64], ranking: Ranking) -> tuple[RecommendedItem, ...]:
        n_warm = self.model.n_items
        titles = map(self.titles.describe, item_ids.tolist())
        return tuple(
            RecommendedItem(rank, title.movie_id, title.title, float(score), new=bool(num >= n_warm))
            for rank, (title, num, score) in enumerate(
                zip(titles, ranking.item_nums, ranking.scores, strict=True), start=1
            )
        )

    @cached_property
    def _catalogue_order(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Sorted ids of the catalogue and their item numbers."""
        ids = self.model.catalogue_ids
        order = np.argsort(ids)
        return ids[order], order
