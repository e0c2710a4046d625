"""A sample of the training users, on which trials of a source that is dear to fit are fitted."""

from dataclasses import dataclass, replace
from typing import Any, Self

from recsys_core.sources.source import SourceKind, Training
from recsys_core.splitting.hashing import hashed_sample

__all__ = ["Sample"]


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Training data of some of the users, on all items.

    share  of the users: 1 where it is everybody
    """

    training: Training
    share: float

    @classmethod
    def of(cls, training: Training, n_users: int, n_ratings: int, seed: int) -> Self:
        """``n_users`` of the users by a seeded hash of their ids, or as many as should have ``n_ratings`` ratings where
        those are more; all of them where there are no more."""
        matrix = training.matrix
        n_users = max(n_users, -(-n_ratings * matrix.n_users // max(1, matrix.n_ratings)))
        if matrix.n_users <= n_users:
            return cls(training, 1.0)
        chosen = hashed_sample(seed, "tuning", matrix.user_ids, n_users)
        return cls(replace(training, matrix=matrix.rows(chosen)), n_users / matrix.n_users)

    def parameters(self, kind: SourceKind, parameters: Any) -> Any:
        """What ``parameters`` of a source that is fitted on everybody come to here."""
        if self.share == 1 or parameters is None or kind.on_sample is None:
            return parameters
        return kind.on_sample(parameters, self.share)
