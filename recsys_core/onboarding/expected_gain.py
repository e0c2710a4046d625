"""Choosing questions by expected gain: P(the person knows the title) × what an answer would tell about all titles."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys_core.errors import ShapeError
from recsys_core.onboarding.factor_model import FactorModel, fit_factor_model
from recsys_core.onboarding.parameters import OnboardingParameters
from recsys_core.storage import load_arrays, read_manifest, save_arrays, write_manifest

__all__ = ["ExpectedGain", "fit_expected_gain"]

Floats = NDArray[np.float64]
_LEAST_KNOWN, _MOST_KNOWN = 0.005, 0.98


@dataclass(frozen=True, slots=True, eq=False)
class ExpectedGain:
    """Two factor models over the same titles, most rated first; the first ``n_candidates`` may be asked about.

    The gain of asking about title j is P(j is known | who knew what so far) times the drop in the summed variance
    of the person's taste over all titles that an answer would bring: A-optimal design, or active learning by
    variance reduction (Cohn, Ghahramani & Jordan 1996, doi:10.1613/jair.295).

    taste      of (rating / maximum)^rating_power, 0 where there is no rating: learns from answers
    knowledge  of 1 where there is a rating and 0 where there is none: learns from answers and from "not seen"
    """

    n_candidates: int
    taste: FactorModel
    knowledge: FactorModel

    def __post_init__(self) -> None:
        n_titles = len(self.taste.mean)
        if len(self.knowledge.mean) != n_titles or not 0 <= self.n_candidates <= n_titles:
            raise ShapeError(
                f"taste describes {n_titles} titles, knowledge {len(self.knowledge.mean)}, and {self.n_candidates} "
                "are candidates; expected the same titles and no more candidates than titles"
            )

    def known(self, answered: NDArray[np.int64], unseen: NDArray[np.int64]) -> Floats:
        """P(known) of each candidate, of shape (n_candidates,), after these answers (places among the titles)."""
        places = np.concatenate([answered, unseen])
        values = np.concatenate([np.ones(len(answered)), np.zeros(len(unseen))])
        chances: Floats = np.clip(self.knowledge.expected(places, values), _LEAST_KNOWN, _MOST_KNOWN)
        return chances[: self.n_candidates]

    def next_places(
        self, answered: NDArray[np.int64], unseen: NDArray[np.int64], closed: NDArray[np.bool_], n: int
    ) -> NDArray[np.int64]:
        """The ``n`` places to ask about, best first; the same input gives the same places.

        answered, unseen  places that the person rated, and did not know
        closed            of shape (n_candidates,): never to be asked (again)

        Within one call each further place takes for granted that the ones before it are answered with P(known).
        """
        known = self.known(answered, unseen)
        covariance = self.taste.covariance(answered)
        loadings = self.taste.loadings[: self.n_candidates]
        noise = self.taste.noise[: self.n_candidates]
        spread = self.taste.loadings.T @ self.taste.loadings
        left_out = closed.copy()
        chosen = []
        for _ in range(min(n, int((~closed).sum()))):
            shared = loadings @ covariance
            variance = (shared * loadings).sum(axis=1) + noise
            gain = known * ((shared @ spread) * shared).sum(axis=1) / variance
            best = int(np.argmax(np.where(left_out, -np.inf, gain)))
            chosen.append(best)
            left_out[best] = True
            covariance = covariance - known[best] / variance[best] * np.outer(shared[best], shared[best])
        return np.asarray(chosen, dtype=np.int64)

    def save(self, directory: Path) -> None:
        parts = {"taste": self.taste, "knowledge": self.knowledge}
        for name, part in parts.items():
            save_arrays(directory / f"{name}.npz", mean=part.mean, loadings=part.loadings, noise=part.noise)
        write_manifest(directory, "ExpectedGain", n_candidates=self.n_candidates)

    @classmethod
    def load(cls, directory: Path) -> Self:
        manifest = read_manifest(directory, "ExpectedGain")
        taste, knowledge = (FactorModel(**load_arrays(directory / f"{name}.npz")) for name in ("taste", "knowledge"))
        return cls(int(manifest["n_candidates"]), taste, knowledge)


def fit_expected_gain(
    user_ratings: csr_matrix, n_candidates: int, parameters: OnboardingParameters, *, rating_scale_max: float
) -> ExpectedGain:
    """Fit both factor models to ``user_ratings``, CSR of shape (n_users, n_titles), most rated titles first."""
    share = np.maximum(user_ratings.data.astype(np.float64), 0) / rating_scale_max
    strength = csr_matrix(
        (share**parameters.rating_power, user_ratings.indices, user_ratings.indptr), user_ratings.shape
    )
    presence = csr_matrix((np.ones_like(share), user_ratings.indices, user_ratings.indptr), user_ratings.shape)
    return ExpectedGain(
        n_candidates,
        fit_factor_model(strength, parameters.factors, noise=parameters.noise),
        fit_factor_model(presence, parameters.factors, noise=parameters.noise),
    )
