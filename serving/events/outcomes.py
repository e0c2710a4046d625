"""What people did after their first exposure, added up by the database: one row a person, however many events."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from serving.events.event import microseconds, moment
from serving.events.tables import events

__all__ = ["PersonOutcomes", "outcomes_query", "person_of"]


@dataclass(frozen=True, slots=True)
class PersonOutcomes:
    """One person in an experiment. Counts are of the window after ``first_exposure``.

    ``arms`` is one name, or two if the person was ever seen in more than one arm (the first and last in the
    alphabet: enough to know).
    """

    user_id: int
    arms: tuple[str, ...]
    first_exposure: datetime
    n_exposures: int
    n_impressions: int
    n_clicks: int
    n_ratings: int
    sum_of_ratings: float


def outcomes_query(
    experiment: str, window: timedelta, *, starts: datetime | None, ends: datetime | None
) -> sa.Select[Any]:
    """Rows for :func:`person_of`, by user_id."""
    is_exposure = (events.c.kind == "exposure") & (events.c.experiment == experiment)
    if starts is not None:
        is_exposure &= events.c.time >= microseconds(starts)
    if ends is not None:
        is_exposure &= events.c.time < microseconds(ends)
    people = (
        sa.select(
            events.c.user_id,
            sa.func.min(events.c.time).label("first"),
            sa.func.min(events.c.arm).label("arm"),
            sa.func.max(events.c.arm).label("other_arm"),
        )
        .where(is_exposure)
        .group_by(events.c.user_id)
        .subquery("people")
    )

    def count(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
        return sa.func.sum(sa.case((condition, 1), else_=0))

    in_window = (
        (events.c.user_id == people.c.user_id)
        & (events.c.time >= people.c.first)
        & (events.c.time < people.c.first + window // timedelta(microseconds=1))
    )
    person = (people.c.user_id, people.c.arm, people.c.other_arm, people.c.first)
    return (
        sa.select(
            *person,
            count(is_exposure),
            count(events.c.kind == "impression"),
            count(events.c.kind == "click"),
            count(events.c.kind == "rating"),
            sa.func.coalesce(sa.func.sum(events.c.rating), 0.0),
        )
        .select_from(people.join(events, in_window))
        .group_by(*person)
        .order_by(people.c.user_id)
    )


def person_of(row: Any) -> PersonOutcomes:
    user_id, arm, other_arm, first, *counts, ratings = row
    arms = (arm,) if arm == other_arm else (arm, other_arm)
    n_exposures, n_impressions, n_clicks, n_ratings = map(int, counts)
    return PersonOutcomes(user_id, arms, moment(first), n_exposures, n_impressions, n_clicks, n_ratings, float(ratings))
