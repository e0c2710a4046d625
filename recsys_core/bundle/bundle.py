"""The model bundle: everything that recommending takes, in one folder."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path as FilePath
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys_core.bundle.answer import Answer, Path, Reason, RecommendedItem
from recsys_core.bundle.similar import similarities
from recsys_core.bundle.titles import Titles
from recsys_core.dataset.interactions import UserItemMatrix, positions_in
from recsys_core.errors import ShapeError, StorageError, UnknownIdError
from recsys_core.hybrid import HybridModel, ModelName, top_k
from recsys_core.reranking import Reranker, RerankParameters
from recsys_core.storage import read_manifest, write_manifest

__all__ = ["ModelBundle"]

_NAMED_IDS = 5


@dataclass(frozen=True, eq=False)
class ModelBundle:
    """A hybrid model, what its users have rated, and the titles of the catalogue.

    known     ratings by known users, on the model's warm items
    metadata  JSON values: data fingerprint, parameters, metrics and the like
    """

    model: HybridModel
    known: UserItemMatrix
    titles: Titles
    metadata: dict[str, Any]

    def __post_init__(self) -> None:
        if not np.array_equal(self.known.item_ids, self.model.item_ids):
            raise ShapeError(
                f"the known ratings are on {self.known.n_items} items, the model on {self.model.n_items}, or other ids"
            )

    def recommend_for_user(
        self,
        user_id: int,
        k: int,
        *,
        model: ModelName = "hybrid",
        explain: bool = False,
        n_because: int | None = 3,
        exclude: Iterable[int] = (),
        diversity: float = 0.0,
    ) -> Answer:
        """The ``k`` best movies for a known user ("warm"), or for a newcomer where the id is unknown ("cold").

        exclude    movie ids that must not be recommended; fewer than ``k`` are returned when fewer are left
        diversity  0 to 1: above 0 the best 100 are chosen from anew so that the list is less alike
                   (:class:`recsys_core.reranking.Reranker`); scores stay the model's own
        """
        place = int(positions_in(self.known.user_ids, np.asarray([user_id], dtype=np.int64))[0])
        row = self.known.ratings[place] if place >= 0 else _empty_row(self.model.n_items)
        path: Path = "warm" if row.nnz else "cold"
        return self._answer(user_id, path, row, None, k, model, explain, n_because, exclude, diversity)

    def recommend_for_liked(
        self,
        liked: Sequence[int],
        k: int,
        *,
        model: ModelName = "hybrid",
        explain: bool = False,
        n_because: int | None = 3,
        exclude: Iterable[int] = (),
        diversity: float = 0.0,
    ) -> Answer:
        """The ``k`` best movies for somebody who likes the movies ``liked`` ("folded_in").

        A liked movie counts as the best rating; one that training has not seen counts through its content. Without
        any, or when ``model`` can make nothing of them, the path is "cold". Ids outside the catalogue are an
        :class:`UnknownIdError`.
        """
        ids = np.unique(np.asarray(liked, dtype=np.int64))
        warm, cold = positions_in(self.model.item_ids, ids), positions_in(self.model.cold_item_ids, ids)
        unknown = ids[(warm < 0) & (cold < 0)]
        if len(unknown):
            named = ", ".join(str(item_id) for item_id in unknown[:_NAMED_IDS])
            more = f" and {len(unknown) - _NAMED_IDS} more" if len(unknown) > _NAMED_IDS else ""
            raise UnknownIdError(
                f"no movie {named}{more} in the catalogue of {len(self.titles.item_ids)} titles; "
                "give ids of the movies table (movieId)"
            )
        row = self._liked_row(warm[warm >= 0], self.model.n_items)
        cold_row = self._liked_row(cold[cold >= 0], len(self.model.cold_item_ids))
        speaks = row.nnz > 0 or (cold_row.nnz > 0 and model != "als")
        path: Path = "folded_in" if speaks else "cold"
        return self._answer(None, path, row, cold_row, k, model, explain, n_because, exclude, diversity)

    def similar_items(self, item_id: int, k: int) -> Answer:
        """The ``k`` movies of the catalogue most like ``item_id``, by ALS factors and content."""
        place = int(positions_in(self._catalogue_order[0], np.asarray([item_id], dtype=np.int64))[0])
        if place < 0:
            raise UnknownIdError(f"no movie {item_id} in the catalogue; give an id of the movies table (movieId)")
        item_num = int(self._catalogue_order[1][place])
        scores = similarities(self.model, item_num)
        scores[item_num] = -np.inf
        ranking = top_k(scores[None, :], k)
        ids = self.model.content.item_ids[ranking.item_nums]
        return Answer(None, "folded_in", self._plain_items(ids, ranking.scores))

    def save(self, directory: FilePath) -> None:
        for name, part in (("model", self.model), ("known", self.known)):
            (directory / name).mkdir()
            part.save(directory / name)
        self.titles.save(directory / "titles.parquet")
        write_manifest(directory, "ModelBundle", parameters=self.model.weights.as_dict(), metadata=self.metadata)

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
            )
        except (ShapeError, KeyError, TypeError) as error:
            raise StorageError(f"{directory}: its parts do not belong together ({error}); make it again") from error

    def _answer(
        self,
        user_id: int | None,
        path: Path,
        row: csr_matrix,
        cold_row: csr_matrix | None,
        k: int,
        model: ModelName,
        explain: bool,
        n_because: int | None,
        exclude: Iterable[int],
        diversity: float,
    ) -> Answer:
        parameters = RerankParameters(diversity=diversity)
        hidden = positions_in(self.model.item_ids, np.asarray(sorted(set(exclude)), dtype=np.int64))
        if path == "cold":  # only popularity is left, whatever was asked for
            row, cold_row, model = _empty_row(self.model.n_items), None, "hybrid"
        n_wanted = max(k, parameters.n_candidates) if diversity > 0 else k
        ranking = self.model.recommend(row, n_wanted, cold_ratings=cold_row, model=model, exclude=hidden[hidden >= 0])
        if diversity > 0:
            ranking = self.reranker.rerank(ranking, row, parameters, k)
        ids = self.model.item_ids[ranking.item_nums]
        items = self._plain_items(ids, ranking.scores)
        if explain:
            found = self.model.explain(row, ranking.item_nums, cold_ratings=cold_row, n_because=n_because, model=model)
            catalogue = self.model.content.item_ids
            items = tuple(
                RecommendedItem(
                    item.rank,
                    item.movie_id,
                    item.title,
                    why.score,  # the same score in double precision, so that its parts add up to it
                    why.sources,
                    tuple(
                        Reason(int(catalogue[num]), self.titles.title(int(catalogue[num])), contribution)
                        for num, contribution in why.because
                    ),
                )
                for item, why in zip(items, found, strict=True)
            )
        return Answer(user_id, path, items)

    @cached_property
    def reranker(self) -> Reranker:
        return Reranker(self.model.content.features)

    def _plain_items(self, item_ids: NDArray[np.int64], scores: NDArray[np.float32]) -> tuple[RecommendedItem, ...]:
        return tuple(
            RecommendedItem(rank, int(item_id), self.titles.title(int(item_id)), float(score))
            for rank, (item_id, score) in enumerate(zip(item_ids, scores, strict=True), start=1)
        )

    def _liked_row(self, nums: NDArray[np.int64], width: int) -> csr_matrix:
        ratings = np.full(len(nums), self.model.als.rating_scale_max, dtype=np.float32)
        return csr_matrix((ratings, (np.zeros(len(nums), dtype=np.int32), nums.astype(np.int32))), shape=(1, width))

    @property
    def _catalogue_order(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Sorted ids of the catalogue and their item numbers."""
        ids = self.model.content.item_ids
        order = np.argsort(ids)
        return ids[order], order


def _empty_row(width: int) -> csr_matrix:
    nothing = np.zeros(0, dtype=np.int32)
    return csr_matrix((nothing.astype(np.float32), (nothing, nothing)), shape=(1, width))
