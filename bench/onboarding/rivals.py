"""Adaptive ways to ask that did not become the default; each asks about the title of the highest value next."""

from abc import ABC, abstractmethod
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys_core.dataset.interactions import UserItemMatrix
from recsys_core.onboarding import ExpectedGain, fit_factor_model
from recsys_core.onboarding.orders import most_rated_first
from recsys_core.sources.als import ALSModel

__all__ = ["ALSVariance", "MostLikelyKnown", "NearestUsers", "VarianceReduction"]

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
_FACTORS: Final = 20
_NOISE: Final = 4.0


class Adaptive(ABC):
    """Keeps account of what was asked; the candidates are the ``n_candidates`` most rated titles."""

    def __init__(self, train: UserItemMatrix, n_candidates: int) -> None:
        self.order = most_rated_first(train.ratings)
        self.candidates = self.order[:n_candidates]
        self.place = np.full(train.n_items, -1)
        self.place[self.candidates] = np.arange(len(self.candidates))
        seen = csr_matrix(train.ratings[:, self.candidates])
        seen.data = np.ones(seen.nnz, dtype=np.float32)
        self.knowledge = ExpectedGain(np.ones(len(self.candidates)), fit_factor_model(seen, _FACTORS, noise=_NOISE))

    def next_titles(self, answers: csr_matrix, asked_nums: NDArray[np.integer], n: int) -> NDArray[np.int64]:
        answered = self.place[answers.indices]
        unseen = self.place[np.setdiff1d(asked_nums, answers.indices)]
        value = self.value(answered, unseen, answers.data.astype(np.float64))
        value[np.concatenate([answered, unseen])] = -np.inf
        chosen = np.argsort(-value, kind="stable")[:n]
        return self.candidates[chosen[np.isfinite(value[chosen])]]

    @abstractmethod
    def value(self, answered: Places, unseen: Places, ratings: Floats) -> Floats:
        """What asking about each candidate is worth, of shape (n_candidates,)."""


class MostLikelyKnown(Adaptive):
    """P(known | answers so far) alone: most answers for the fewest questions."""

    def __init__(self, train: UserItemMatrix) -> None:
        super().__init__(train, 300)

    def value(self, answered: Places, unseen: Places, ratings: Floats) -> Floats:
        return self.knowledge.known(answered, unseen).copy()


class VarianceReduction(Adaptive):
    """P(known) × drop in the variance of a person's taste for the 1,000 most rated titles, by a factor model.

    A-optimal design; Cohn, Ghahramani & Jordan 1996, doi:10.1613/jair.295.
    """

    def __init__(self, train: UserItemMatrix, *, rating_scale_max: float) -> None:
        super().__init__(train, 300)
        taste = csr_matrix(train.ratings[:, self.order[:1000]], dtype=np.float64)
        taste.data = (taste.data / rating_scale_max) ** 2
        self.model, n = fit_factor_model(taste, _FACTORS, noise=_NOISE), len(self.candidates)
        self.vectors, self.noise = self.model.loadings[:n], self.model.noise[:n]
        self.spread = self.model.loadings.T @ self.model.loadings

    def covariance(self, answered: Places) -> Floats:
        return self.model.covariance(answered)

    def value(self, answered: Places, unseen: Places, ratings: Floats) -> Floats:
        shared = self.vectors @ self.covariance(answered)
        told = ((shared @ self.spread) * shared).sum(axis=1) / ((shared * self.vectors).sum(axis=1) + self.noise)
        return np.asarray(self.knowledge.known(answered, unseen) * told)


class ALSVariance(VarianceReduction):
    """The same with the posterior variance of the ALS scores.

    The prior is ALS's own: the Gram matrix and its regularization (Bayesian reading of Hu, Koren & Volinsky 2008).
    """

    def __init__(self, train: UserItemMatrix, als: ALSModel) -> None:
        Adaptive.__init__(self, train, 300)
        factors, self.confidence = als.item_factors.astype(np.float64), als.parameters.confidence_weight
        self.gram, self.vectors, targets = als.gram, factors[self.candidates], factors[self.order[:1000]]
        self.noise = np.full(len(self.vectors), 1 / self.confidence)
        self.spread = targets.T @ targets

    def covariance(self, answered: Places) -> Floats:
        seen = self.vectors[answered]
        return np.asarray(np.linalg.inv(self.gram + self.confidence * seen.T @ seen))


class NearestUsers(Adaptive):
    """P(known) × how far an answer moves what like-minded training users like; a soft decision tree.

    Training users are weighted by the likelihood of the answers so far; a question parts them into those who like the
    title, those who know and do not like it, and the rest (Golbandi, Koren & Lempel 2011,
    doi:10.1145/1935826.1935910).
    """

    def __init__(self, train: UserItemMatrix, *, rating_scale_max: float, positive_threshold: float = 4.0) -> None:
        super().__init__(train, 150)
        ratings = train.ratings[:, self.candidates].toarray()
        self.known = (ratings > 0).astype(np.float64)
        self.liked = (ratings >= positive_threshold).astype(np.float64)
        self.taste = (train.ratings[:, self.order[:400]].toarray().astype(np.float64) / rating_scale_max) ** 2
        self.share = self.known.mean(axis=0)
        self.likelihood = 0.3 * self.known + 0.7 * self.share

    def value(self, answered: Places, unseen: Places, ratings: Floats) -> Floats:
        fit = np.log(self.likelihood[:, answered]).sum(axis=1) + np.log1p(-self.likelihood[:, unseen]).sum(axis=1)
        weights = np.exp(fit - fit.max())
        weights /= weights.sum()
        doubt = 5.0 * float((weights**2).sum())  # the prior of five people, shared by the candidates
        mean = weights @ self.taste
        told = np.zeros(len(self.candidates))
        for answer in (self.liked, self.known - self.liked):
            weighted = weights[:, None] * answer
            size = weighted.sum(axis=0)
            prior = doubt * self.share
            moved = (weighted.T @ self.taste + prior[:, None] * mean) / (size + prior + 1e-9)[:, None] - mean
            told += size * (moved**2).sum(axis=1)
        known = weights @ self.known
        return np.asarray(np.sqrt(known * told))
