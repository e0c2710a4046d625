"""The users on whom tuning is judged, with whole and with shortened histories."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys_core.dataset.interactions import HeldOut, Split
from recsys_core.evaluation.slices import history_view, sample_users
from recsys_core.histories import Histories
from recsys_core.splitting import held_out_rows, truncated_histories

__all__ = ["JudgedUsers", "shortened_users", "whole_users"]


@dataclass(frozen=True, slots=True, eq=False)
class JudgedUsers:
    """Users with at least one target each.

    known    what the model is shown
    seen     what must not be recommended, CSR of shape (n_users, n_items)
    targets  what should be found, of the same shape
    """

    known: Histories
    seen: csr_matrix
    targets: csr_matrix

    @property
    def n_users(self) -> int:
        return self.known.n_users

    @property
    def n_targets(self) -> NDArray[np.int64]:
        return np.diff(self.targets.indptr).astype(np.int64)

    def rows(self, start: int, stop: int) -> "JudgedUsers":
        """The users from number ``start`` to before ``stop``."""
        return JudgedUsers(self.known.rows(start, stop), self.seen[start:stop], self.targets[start:stop])


def whole_users(split: Split, max_users: int, seed: int) -> HeldOut:
    """At most ``max_users`` validation users with a target."""
    part = split.validation
    return sample_users(held_out_rows(part, np.flatnonzero(np.diff(part.targets.indptr))), max_users, seed)


def shortened_users(split: Split, part: HeldOut, n: int, positive_threshold: float) -> JudgedUsers:
    """The users of ``part`` with more than ``n`` known ratings, of which only the first ``n`` are shown.

    Where training does not know them, positives among their later ratings are targets too, as for somebody who has
    just come; where it does, the later ratings are neither targets nor recommended.
    """
    part = held_out_rows(part, np.flatnonzero(np.diff(part.history.ratings.indptr) > n))
    if history_view(part, split.train) == "shortened":
        first = truncated_histories(part, n, positive_threshold=positive_threshold)
        return JudgedUsers(Histories.of(first.history), first.history.ratings, first.targets)
    first = truncated_histories(part, n, rest="dropped")
    return JudgedUsers(Histories.of(first.history), part.history.ratings, part.targets)
