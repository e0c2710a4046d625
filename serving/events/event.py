"""One event: what happened, when, to whom."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, get_args

from recsys_core.dataset.ids import Id
from recsys_core.errors import ParameterError

__all__ = ["Kind", "StoredEvent"]

Kind = Literal["impression", "click", "rating", "exposure"]
_KINDS = get_args(Kind)


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """A movie was shown, opened or rated, or a person was answered by an experiment's arm ("exposure").

    ``time`` has a zone and is given by whoever saw the event. An exposure has no movie but an experiment and an arm;
    a rating has a rating. ``event_id`` is given by the store, rising in the order of writing; None before that.
    Raises ParameterError for anything else.
    """

    time: datetime
    kind: Kind
    user_id: Id
    movie_id: Id | None = None
    rating: float | None = None
    rank: int | None = None
    experiment: str | None = None
    arm: str | None = None
    model_version: str | None = None
    request_id: str | None = None
    event_id: int | None = None

    def __post_init__(self) -> None:
        if self.kind not in _KINDS:
            raise ParameterError(f"event: kind = {self.kind!r}, expected one of {', '.join(_KINDS)}")
        if self.time.utcoffset() is None:
            raise ParameterError(f"event: time = {self.time.isoformat()} has no zone; give it in UTC")
        for name, number in (("user_id", self.user_id), ("movie_id", self.movie_id)):
            if isinstance(number, int) and not -(2**63) <= number < 2**63:
                raise ParameterError(f"event: {name} = {number}, expected a whole number of 64 bits, or a text")
        if (self.movie_id is None) != (self.kind == "exposure"):
            raise ParameterError(
                f"event: movie_id = {self.movie_id} with kind {self.kind!r}; all but exposures have one"
            )
        if (self.rating is None) != (self.kind != "rating") or (
            self.rating is not None and not math.isfinite(self.rating)
        ):
            raise ParameterError(
                f"event: rating = {self.rating} with kind {self.kind!r}; a rating, and only it, has one"
            )
        if self.kind == "exposure" and not (self.experiment and self.arm):
            raise ParameterError(
                f"event: an exposure names its experiment and arm, found {self.experiment!r}, {self.arm!r}"
            )

    @property
    def timestamp(self) -> int:
        """Whole seconds since 1970, UTC, as in MovieLens."""
        return microseconds(self.time) // 1_000_000


def microseconds(time: datetime) -> int:
    """Microseconds since 1970, UTC: exact, and ordered as time is."""
    return (time - _EPOCH) // _MICROSECOND


_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
_MICROSECOND = timedelta(microseconds=1)


def moment(value: int) -> datetime:
    """The time, in UTC, that :func:`microseconds` turned into ``value``."""
    return _EPOCH + timedelta(microseconds=value)
