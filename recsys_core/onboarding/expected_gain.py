"""Choosing questions by expected gain: what a title brought simulated newcomers, for a person likely to know it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys_core.dataset.feedback import Feedback
from recsys_core.dataset.interactions import UserItemMatrix
from recsys_core.errors import ShapeError
from recsys_core.onboarding.factor_model import FactorModel, fit_factor_model
from recsys_core.onboarding.parameters import OnboardingParameters
from recsys_core.onboarding.simulation import simulate_newcomers
from recsys_core.onboarding.worth import greedy_list
from recsys_core.storage import load_arrays, read_manifest, save_arrays, write_manifest

__all__ = ["ExpectedGain", "fit_expected_gain"]

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
_LEAST_KNOWN, _MOST_KNOWN = 0.005, 0.98


@dataclass(frozen=True, slots=True, eq=False)
class ExpectedGain:
    """Asks next about the title with the largest ``worth · P(known | answers so far) / P(known)``.

    worth      float64 of shape (n_candidates,): expected gain for a person of whom nothing is known, more than 0
    knowledge  factor model of 1 where a training user rated a candidate and 0 where not; it learns from "seen" and
               from "not seen"
    """

    worth: Floats
    knowledge: FactorModel

    def __post_init__(self) -> None:
        if self.worth.shape != self.knowledge.mean.shape:
            raise ShapeError(
                f"worth has shape {self.worth.shape}, knowledge describes {len(self.knowledge.mean)} titles; "
                "expected the same titles"
            )

    def known(self, answered: Places, unseen: Places) -> Floats:
        """P(known) of each candidate, (n_candidates,), for a person who rated and did not know these places."""
        places = np.concatenate([answered, unseen])
        values = np.concatenate([np.ones(len(answered)), np.zeros(len(unseen))])
        chances: Floats = np.clip(self.knowledge.expected(places, values), _LEAST_KNOWN, _MOST_KNOWN)
        return chances

    def next_places(self, answered: Places, unseen: Places, closed: NDArray[np.bool_], n: int) -> Places:
        """The ``n`` places to ask about, best first; none that is ``closed`` (n_candidates,)."""
        likelier = self.known(answered, unseen) / np.clip(self.knowledge.mean, _LEAST_KNOWN, _MOST_KNOWN)
        order = np.argsort(-self.worth * likelier, kind="stable")
        return order[~closed[order]][:n].astype(np.int64)

    def save(self, directory: Path) -> None:
        part = self.knowledge
        save_arrays(directory / "gain.npz", worth=self.worth, mean=part.mean, loadings=part.loadings, noise=part.noise)
        write_manifest(directory, "ExpectedGain")

    @classmethod
    def load(cls, directory: Path) -> Self:
        read_manifest(directory, "ExpectedGain")
        stored = load_arrays(directory / "gain.npz")
        return cls(stored.pop("worth"), FactorModel(**stored))


def fit_expected_gain(
    train: UserItemMatrix, order: NDArray[np.int64], parameters: OnboardingParameters, *, feedback: Feedback
) -> ExpectedGain:
    """Let training users play newcomers, and learn who knows what. ``order`` are item numbers, most rated first.

    The first ``n_listed`` titles of the greedy list keep what they brought, made non-increasing along the list; all
    other candidates are worth at most as much as the last of them, in proportion to how many people know them. Where
    nobody can play a newcomer, a title's worth is P(known).
    """
    n_candidates = min(parameters.n_candidates, len(order))
    knowledge = fit_factor_model(_presence(train, order[:n_candidates]), parameters.factors, noise=parameters.noise)
    worth = knowledge.mean / knowledge.mean.max()
    titles = order[: max(parameters.n_targets, n_candidates)]
    newcomers = simulate_newcomers(train, titles, n_candidates, parameters, feedback=feedback)
    if newcomers is not None:
        places, gains = greedy_list(newcomers, parameters.n_listed)
        listed = np.maximum.accumulate(gains[::-1])[::-1]
        listed = np.maximum(listed, 1e-3 * max(float(listed[0]), 1e-12))
        worth *= listed[-1]
        worth[places] = listed
    return ExpectedGain(worth, knowledge)


def _presence(train: UserItemMatrix, nums: NDArray[np.int64]) -> csr_matrix:
    """1 where a user has rated one of the items ``nums``: CSR float64 of shape (n_users, len(nums))."""
    rated = csr_matrix(train.ratings[:, nums])
    rated.data = np.ones(rated.nnz)
    return rated
