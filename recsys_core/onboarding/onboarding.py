"""The onboarding question: which titles to ask a newcomer about next."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys_core.dataset.feedback import Feedback
from recsys_core.dataset.interactions import UserItemMatrix
from recsys_core.errors import ParameterError, ShapeError
from recsys_core.onboarding.expected_gain import ExpectedGain, fit_expected_gain
from recsys_core.onboarding.orders import fixed_order, most_rated_first
from recsys_core.onboarding.parameters import OnboardingParameters
from recsys_core.scoring import check_item_nums, check_one_history, check_user_ratings
from recsys_core.storage import load_arrays, read_manifest, save_arrays, write_manifest

__all__ = ["Onboarding", "fit_onboarding"]


@dataclass(frozen=True, slots=True, eq=False)
class Onboarding:
    """Asks about titles in a fixed order, or, with ``gain``, in one that depends on the answers.

    item_ids  int64 of shape (n_items,), sorted: the training vocabulary
    order     int64, unique item numbers: in the order of asking, or, with ``gain``, its candidates
    gain      of ``expected_gain``, None for the fixed orders
    """

    item_ids: NDArray[np.int64]
    order: NDArray[np.int64]
    gain: ExpectedGain | None
    parameters: OnboardingParameters

    def __post_init__(self) -> None:
        check_item_nums(self.order, len(self.item_ids))
        if len(np.unique(self.order)) != len(self.order):
            raise ShapeError("the order names an item twice; expected each item number once")
        if self.gain is not None and len(self.gain.worth) != len(self.order):
            raise ShapeError(f"gain describes {len(self.gain.worth)} titles, the order has {len(self.order)}")

    def next_titles(self, answers: csr_matrix, asked_nums: NDArray[np.integer], n: int) -> NDArray[np.int64]:
        """The ``n`` item numbers to ask about next, best first: deterministic, never one asked or rated already.

        answers     raw ratings that the person has given, in onboarding or before: one row, CSR of shape (1, n_items)
        asked_nums  item numbers that the person was asked about; those without a rating count as "not seen"

        Fewer than ``n`` when fewer are left; none at all when every candidate was asked.
        """
        if n < 1:
            raise ParameterError(f"n = {n}: expected at least 1 title to ask about")
        row = check_one_history(answers, len(self.item_ids)).ratings
        asked = check_item_nums(asked_nums, len(self.item_ids))
        rated_nums = row.indices.astype(np.int64)
        closed = np.isin(self.order, np.concatenate([asked, rated_nums]))
        if self.gain is None:
            return self.order[~closed][:n]
        answered = np.flatnonzero(np.isin(self.order, rated_nums))
        unseen = np.flatnonzero(np.isin(self.order, np.setdiff1d(asked, rated_nums)))
        return self.order[self.gain.next_places(answered, unseen, closed, n)]

    def save(self, directory: Path) -> None:
        save_arrays(directory / "order.npz", item_ids=self.item_ids, order=self.order)
        if self.gain is not None:
            (directory / "gain").mkdir()
            self.gain.save(directory / "gain")
        write_manifest(directory, "Onboarding", parameters=self.parameters.as_dict(), gain=self.gain is not None)

    @classmethod
    def load(cls, directory: Path) -> Self:
        manifest = read_manifest(directory, "Onboarding")
        return cls(
            **load_arrays(directory / "order.npz"),
            gain=ExpectedGain.load(directory / "gain") if manifest["gain"] else None,
            parameters=OnboardingParameters(**manifest["parameters"]),
        )


def fit_onboarding(train: UserItemMatrix, parameters: OnboardingParameters, *, feedback: Feedback) -> Onboarding:
    """Learn from the ratings of ``train`` what to ask newcomers about."""
    ratings = check_user_ratings(train.ratings, train.n_items)
    if ratings.nnz == 0:
        raise ShapeError(f"train of shape {ratings.shape} holds no rating, onboarding needs at least one")
    if parameters.method != "expected_gain":
        return Onboarding(train.item_ids, fixed_order(ratings, train.item_ids, parameters), None, parameters)
    order = most_rated_first(ratings)
    gain = fit_expected_gain(train, order, parameters, feedback=feedback)
    return Onboarding(train.item_ids, order[: len(gain.worth)], gain, parameters)
