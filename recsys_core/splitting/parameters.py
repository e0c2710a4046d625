"""What can be chosen about a split."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from recsys_core.parameters import Parameters

__all__ = ["Protocol", "PublishedSplitParameters", "SplitParameters"]

Protocol = Literal["user_holdout", "temporal"]
Share = Annotated[float, Field(gt=0.0, lt=1.0)]


class SplitParameters(Parameters):
    """How interactions are divided into training, validation and test."""

    protocol: Protocol = "user_holdout"
    """``user_holdout``: whole users are held out. ``temporal``: global cut-offs, only the past is known."""
    seed: int = Field(default=0, ge=0, lt=2**63)
    """Another seed assigns other users and hides other ratings (``user_holdout``)."""
    validation_share: Share = 0.15
    """Share of users (``user_holdout``) or of ratings by time (``temporal``) in validation."""
    test_share: Share = 0.2
    """Share of users or of ratings in test; with ``n_folds`` it is 1 / n_folds instead."""
    n_folds: int | None = Field(default=None, ge=2)
    """``user_holdout`` only: number of folds, over which every user is tested exactly once."""
    fold: int = Field(default=0, ge=0)
    """Which of the ``n_folds`` is the test part."""
    validation_fold: int = Field(default=0, ge=0)
    """``user_holdout`` only: which share of the users outside the test part is in validation; folds are disjoint."""
    history_share: Share = 0.8
    """``user_holdout`` only: share of a held-out user's ratings that is known; the rest is hidden."""
    positive_threshold: float = 4.0
    """A hidden rating of at least this is a target."""
    min_user_ratings: int = Field(default=5, ge=2)
    """``user_holdout`` only: held-out users with fewer ratings are left out, and counted."""
    min_history: int = Field(default=1, ge=0)
    """Held-out users with fewer known ratings of trained items are left out, and counted."""
    cold_item_share: float = Field(default=0.0, ge=0.0, lt=1.0)
    """Share of items (by a hash of their id) kept out of training altogether, to measure cold items."""
    validation_from: int | None = None
    """``temporal`` only: validation cut-off in seconds since 1970 instead of a share."""
    test_from: int | None = None
    """``temporal`` only: test cut-off in seconds since 1970 instead of a share."""

    @property
    def n_validation_folds(self) -> int:
        """How many disjoint validation parts the users outside the test part have room for."""
        tested = 1 / self.n_folds if self.n_folds is not None else self.test_share
        return int((1 - tested) / self.validation_share + 1e-9)

    @model_validator(mode="after")
    def _shares_leave_training(self) -> Self:
        tested = 1 / self.n_folds if self.n_folds is not None else self.test_share
        if tested + self.validation_share >= 1:
            raise ValueError(
                f"validation_share {self.validation_share} and a test share of {tested:.3f} leave nothing to train on; "
                "their sum must stay below 1"
            )
        if self.n_folds is not None and self.fold >= self.n_folds:
            raise ValueError(f"fold {self.fold} of {self.n_folds} folds does not exist; folds count from 0")
        if self.validation_fold >= self.n_validation_folds:
            raise ValueError(
                f"validation_fold {self.validation_fold} does not exist: the users outside the test part have room for "
                f"{self.n_validation_folds} of {self.validation_share}; they count from 0"
            )
        if self.n_folds is not None and self.protocol == "temporal":
            raise ValueError("n_folds belongs to user_holdout; a temporal split has one test window")
        if (self.validation_from is None) != (self.test_from is None):
            raise ValueError("give both validation_from and test_from, or neither")
        if self.validation_from is not None and self.test_from is not None and self.validation_from >= self.test_from:
            raise ValueError(f"validation_from {self.validation_from} must be before test_from {self.test_from}")
        return self


class PublishedSplitParameters(Parameters):
    """How validation is carved out of the training file of a published split."""

    seed: int = Field(default=0, ge=0, lt=2**63)
    validation_user_share: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Share of the training file's users in validation."""
    max_validation_users: int = Field(default=5_000, ge=1)
    """At most this many of them."""
    history_share: Share = 0.9
    """Share of a validation user's training ratings that stays known; the rest is hidden from tuning."""
    positive_threshold: float | None = None
    """None: every row is a positive, as in published implicit splits; otherwise ratings of at least this."""
    min_user_ratings: int = Field(default=5, ge=2)
    """Users with fewer training ratings are not used for validation."""
