"""The hybrid model: one score from ALS, EASE, content and popularity."""

from copy import copy
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal, Self, get_args

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys_core.errors import ParameterError, ShapeError
from recsys_core.hybrid.components import ComponentScores
from recsys_core.hybrid.content_term import ContentTerm
from recsys_core.hybrid.explanation import SOURCES, Explanation, explanations, parts_by_source, source_factors
from recsys_core.hybrid.fused import fused_scores
from recsys_core.hybrid.moments import ItemMoments, dense_moments
from recsys_core.hybrid.ranking import Ranking, hide, top_k
from recsys_core.hybrid.weights import HybridWeights
from recsys_core.scoring import check_item_nums, check_single_row, check_user_ratings
from recsys_core.sources.als import ALSModel
from recsys_core.sources.content import ContentModel
from recsys_core.sources.ease import EASEModel
from recsys_core.sources.popularity import PopularityModel
from recsys_core.sources.user_knn import UserKNNModel
from recsys_core.storage import Storable, load_arrays, read_manifest, save_arrays, write_manifest

__all__ = ["MODEL_NAMES", "HybridModel", "ModelName"]

ModelName = Literal["hybrid", "als", "content"]
MODEL_NAMES: tuple[ModelName, ...] = get_args(ModelName)


@dataclass(frozen=True, eq=False)
class HybridModel:
    """``S = α(n)·[z(ALS) + e·z(EASE) + β·z(content)] + (1 − α(n))·[γ·z(log popularity) + ν·z(user-kNN)]``.

    α(n) = n^p / (n^p + κ^p), where n counts the user's known ratings; z standardises each user's scores over the
    training catalogue. Items with features but without a training rating ("cold") get ALS factors predicted from
    their features.

    als           factors of the trained ("warm") items
    ease          or None
    neighbours    or None
    content       features of the catalogue: the warm items, in the order of ``als.item_ids``, then the cold ones
    popularity    training ratings of the warm items
    cold_factors  float32 of shape (n_cold, factors): predicted ALS factors of the cold items
    weights       of the blend
    """

    als: ALSModel
    ease: EASEModel | None
    neighbours: UserKNNModel | None
    content: ContentModel
    popularity: PopularityModel
    cold_factors: NDArray[np.float32]
    weights: HybridWeights

    def __post_init__(self) -> None:
        expected = (len(self.cold_item_ids), self.als.item_factors.shape[1])
        if self.cold_factors.shape != expected:
            raise ShapeError(f"cold_factors have shape {self.cold_factors.shape}, content and ALS say {expected}")
        others = {"content": self.content.item_ids[: self.n_items], "popularity": self.popularity.item_ids}
        if self.ease is not None:
            others["ease"] = self.ease.item_ids
        if self.neighbours is not None:
            others["neighbours"] = self.neighbours.item_ids
        for name, item_ids in others.items():
            if not np.array_equal(item_ids, self.item_ids):
                raise ShapeError(f"{name} was fitted on other items than ALS ({len(item_ids)} and {self.n_items})")

    def with_weights(self, weights: HybridWeights) -> "HybridModel":
        """The same trained parts blended otherwise; what does not depend on weights is shared, not computed anew."""
        other = copy(self)
        object.__setattr__(other, "weights", weights)
        return other

    @property
    def item_ids(self) -> NDArray[np.int64]:
        """The warm items, of shape (n_items,), sorted."""
        return self.als.item_ids

    @property
    def cold_item_ids(self) -> NDArray[np.int64]:
        """The cold items, of shape (n_cold,); their item numbers follow those of the warm ones."""
        return self.content.item_ids[self.n_items :]

    @property
    def n_items(self) -> int:
        return len(self.als.item_ids)

    @cached_property
    def content_term(self) -> ContentTerm:
        return ContentTerm(self.content, self.n_items)

    @cached_property
    def als_moments(self) -> ItemMoments:
        return ItemMoments.of(self.als.item_factors)

    @cached_property
    def popularity_scores(self) -> NDArray[np.float32]:
        """z(log(1 + number of ratings)) of the warm items, then of the cold ones."""
        log_counts = self.popularity.log_popularity[None, :]
        moments = dense_moments(log_counts)
        cold = np.zeros((1, len(self.cold_item_ids)), dtype=np.float32)
        standardised: NDArray[np.float32] = moments.standardise(np.concatenate([log_counts, cold], axis=1))[0]
        return standardised

    def score(
        self, user_ratings: csr_matrix, *, cold_ratings: csr_matrix | None = None, model: ModelName = "hybrid"
    ) -> NDArray[np.float32]:
        """Scores of the warm items, float32 of shape (n_users, n_items); any history, none included, gives finite ones.

        user_ratings  raw ratings of the warm items, CSR of shape (n_users, n_items)
        cold_ratings  raw ratings of the cold items, CSR of shape (n_users, n_cold): they count through content
        model         ``als`` or ``content`` gives z(ALS) or z(content) alone
        """
        ratings, catalogue_ratings = self.checked(user_ratings, cold_ratings)
        if model == "als":
            return self._als_scores(self.als.fold_in(ratings))
        if model == "content":
            return _standardised(self.content_term.scores(catalogue_ratings))
        if model != "hybrid":
            raise ParameterError(f"model = {model!r}: expected one of {', '.join(MODEL_NAMES)}")
        return fused_scores(self, ratings, catalogue_ratings)

    def component_scores(self, user_ratings: csr_matrix, *, cold_ratings: csr_matrix | None = None) -> ComponentScores:
        """The standardised scores that :meth:`score` blends."""
        ratings, catalogue_ratings = self.checked(user_ratings, cold_ratings)
        return ComponentScores(
            np.diff(catalogue_ratings.indptr).astype(np.int64),
            self._als_scores(self.als.fold_in(ratings)),
            _standardised(self.ease.score(ratings)) if self.ease is not None and self.weights.ease > 0 else None,
            _standardised(self.content_term.scores(catalogue_ratings)),
            _standardised(self.neighbours.score(ratings)) if self.neighbours and self.weights.neighbours > 0 else None,
            self.popularity_scores[: self.n_items],
        )

    def score_cold(self, user_ratings: csr_matrix, *, cold_ratings: csr_matrix | None = None) -> NDArray[np.float32]:
        """Scores of the cold items among themselves, float32 of shape (n_users, n_cold).

        z(user factors · predicted item factors) + cold_content · z(content), each standardised with the mean and
        spread of the user's scores of the warm items.
        """
        ratings, catalogue_ratings = self.checked(user_ratings, cold_ratings)
        user_factors = self.als.fold_in(ratings)
        scores = self.als_moments.for_users(user_factors).standardise(user_factors @ self.cold_factors.T)
        scores *= np.float32(self.weights.collaborative)
        if self.weights.cold_content > 0:
            moments = dense_moments(self.content_term.scores(catalogue_ratings))
            content = moments.standardise(self.content_term.scores(catalogue_ratings, cold=True))
            scores += np.float32(self.weights.cold_content) * content
        return scores

    def score_catalogue(
        self, user_ratings: csr_matrix, *, cold_ratings: csr_matrix | None = None
    ) -> NDArray[np.float32]:
        """Warm and cold items on one scale: float32 of shape (n_users, n_items + n_cold).

        A cold item has α(n)·:meth:`score_cold`, and the prior and the neighbours' votes of an item without ratings.
        """
        ratings, catalogue_ratings = self.checked(user_ratings, cold_ratings)
        n_ratings = np.diff(catalogue_ratings.indptr)
        cold = self.weights.alpha(n_ratings)[:, None] * self.score_cold(ratings, cold_ratings=cold_ratings)
        cold += self.weights.prior(n_ratings)[:, None] * self.popularity_scores[self.n_items :]
        if self.neighbours is not None and self.weights.neighbours > 0:
            moments = dense_moments(self.neighbours.score(ratings))
            cold -= (self.weights.neighbourhood(n_ratings) * moments.scale * moments.mean)[:, None]
        return np.concatenate([fused_scores(self, ratings, catalogue_ratings), cold], axis=1)

    def recommend(
        self,
        user_ratings: csr_matrix,
        k: int,
        *,
        cold_ratings: csr_matrix | None = None,
        model: ModelName = "hybrid",
        exclude: NDArray[np.integer] | None = None,
        candidates: NDArray[np.integer] | None = None,
        include_cold: bool = False,
    ) -> Ranking:
        """The ``k`` best items of each user, best first, never one that the user has rated.

        exclude       item numbers that nobody gets
        candidates    item numbers to choose from, instead of all
        include_cold  mix items without ratings into the list (``model="hybrid"`` only); their numbers start at n_items
        """
        if include_cold and model == "hybrid":
            scores = self.score_catalogue(user_ratings, cold_ratings=cold_ratings)
            hide(scores, self.checked(user_ratings, cold_ratings)[1])
        else:
            scores = self.score(user_ratings, cold_ratings=cold_ratings, model=model)
            hide(scores, check_user_ratings(user_ratings, self.n_items))
        if candidates is not None:
            left_out = np.ones(scores.shape[1], dtype=bool)
            left_out[check_item_nums(candidates, scores.shape[1])] = False
            scores[:, left_out] = -np.inf
        if exclude is not None:
            scores[:, check_item_nums(exclude, scores.shape[1])] = -np.inf
        return top_k(scores, k)

    def explain(
        self,
        user_ratings: csr_matrix,
        item_nums: NDArray[np.integer],
        *,
        cold_ratings: csr_matrix | None = None,
        n_because: int | None = 3,
        model: ModelName = "hybrid",
    ) -> list[Explanation]:
        """Why one user, (1, n_items), would get each of ``item_nums`` (warm items); see :class:`Explanation`.

        n_because  titles named per item, of those that spoke for it; None names every title of the user
        """
        row = check_single_row(user_ratings, self.n_items)
        catalogue_row = self.checked(row, cold_ratings)[1]
        nums = check_item_nums(item_nums, self.n_items)
        factors = source_factors(self, catalogue_row.nnz, model)
        rated = np.zeros((len(nums), catalogue_row.nnz))
        sources = {name: np.zeros(len(nums)) for name in SOURCES}
        for name, moments, (parts, means) in parts_by_source(self, row, catalogue_row, nums, factors):
            standardised = factors[name] * moments.scale[0] * (parts - means)
            rated[:, : parts.shape[1]] += standardised
            sources["content" if name == "content" else "collaborative"] += standardised.sum(axis=1)
        sources["popularity"] += factors["popularity"] * self.popularity_scores[nums]
        return explanations(nums, sources, catalogue_row.indices.astype(np.int64), rated, n_because)

    def checked(self, user_ratings: csr_matrix, cold_ratings: csr_matrix | None) -> tuple[csr_matrix, csr_matrix]:
        """The warm ratings, and warm and cold ratings side by side, as canonical CSR."""
        ratings = check_user_ratings(user_ratings, self.n_items)
        if cold_ratings is not None:
            cold_ratings = check_user_ratings(cold_ratings, len(self.cold_item_ids))
            if cold_ratings.shape[0] != ratings.shape[0]:
                raise ShapeError(f"cold_ratings has {cold_ratings.shape[0]} rows, user_ratings {ratings.shape[0]}")
        return ratings, self.content_term.catalogue_ratings(ratings, cold_ratings)

    def _als_scores(self, user_factors: NDArray[np.float32]) -> NDArray[np.float32]:
        return self.als_moments.for_users(user_factors).standardise(user_factors @ self.als.item_factors.T)

    @cached_property
    def fused_items(self) -> NDArray[np.float32]:
        """The right-hand side of :func:`fused_scores`: factors, prior and 1 in rows, warm items in columns."""
        ones = np.ones((self.n_items, 1), dtype=np.float32)
        prior = self.popularity_scores[: self.n_items, None]
        return np.ascontiguousarray(np.concatenate([self.als.item_factors, prior, ones], axis=1).T)

    def save(self, directory: Path) -> None:
        parts: dict[str, Storable | None] = {
            "als": self.als,
            "ease": self.ease,
            "neighbours": self.neighbours,
            "content": self.content,
            "popularity": self.popularity,
        }
        for name, part in parts.items():
            if part is not None:
                (directory / name).mkdir()
                part.save(directory / name)
        save_arrays(directory / "cold_factors.npz", cold_factors=self.cold_factors)
        write_manifest(
            directory,
            "HybridModel",
            parameters=self.weights.as_dict(),
            ease=self.ease is not None,
            neighbours=self.neighbours is not None,
        )

    @classmethod
    def load(cls, directory: Path) -> Self:
        manifest = read_manifest(directory, "HybridModel")
        return cls(
            ALSModel.load(directory / "als"),
            EASEModel.load(directory / "ease") if manifest["ease"] else None,
            UserKNNModel.load(directory / "neighbours") if manifest["neighbours"] else None,
            ContentModel.load(directory / "content"),
            PopularityModel.load(directory / "popularity"),
            **load_arrays(directory / "cold_factors.npz"),
            weights=HybridWeights(**manifest["parameters"]),
        )


def _standardised(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    return dense_moments(scores).standardise(scores)
