"""Five stars on any scale of ratings, and a heart for counts and events."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.schemas import RatingScale
from tests.ui.stub_api import COUNTS, EVENTS
from tests.ui.stub_api import STARS as MOVIELENS
from ui.stars import STARS, rating_of, said_of, shown_value


@pytest.mark.parametrize("stars", range(1, 6))
def test_a_star_of_movielens_is_a_star(stars: int) -> None:
    assert rating_of(stars, MOVIELENS) == said_of(stars, MOVIELENS) == stars


@pytest.mark.parametrize(
    ("scale", "ratings"),
    [
        (RatingScale(kind="ratings", lowest=1, highest=10, step=1), [2, 4, 6, 8, 10]),
        (RatingScale(kind="ratings", lowest=0, highest=100, step=0), [20, 40, 60, 80, 100]),
        (RatingScale(kind="ratings", lowest=1, highest=5, step=1), [1, 2, 3, 4, 5]),
    ],
)
def test_stars_divide_the_scale(scale: RatingScale, ratings: list[float]) -> None:
    assert [rating_of(stars, scale) for stars in range(1, STARS + 1)] == ratings
    assert [said_of(rating, scale) for rating in ratings] == [1, 2, 3, 4, 5]


@given(st.integers(0, 10), st.integers(1, 100), st.sampled_from([0, 1, 0.5]), st.integers(1, 5))
def test_what_is_sent_is_on_the_scale(lowest: int, more: int, step: float, stars: int) -> None:
    scale = RatingScale(kind="ratings", lowest=lowest, highest=lowest + more, step=step)

    rating = rating_of(stars, scale)

    assert lowest <= rating <= lowest + more
    assert step == 0 or ((rating - lowest) / step).is_integer()


@pytest.mark.parametrize("scale", [COUNTS, EVENTS])
def test_a_heart_says_as_much_as_can_be_said_and_is_taken_back(scale: RatingScale) -> None:
    assert (rating_of(1, scale), rating_of(0, scale)) == (scale.highest, 0)
    assert (said_of(scale.highest, scale), said_of(0, scale)) == (1, 0)


def test_a_history_shows_stars_and_how_often_but_of_an_event_nothing() -> None:
    assert shown_value(4.5, MOVIELENS) == "★ 4.5"
    assert shown_value(12, COUNTS) == "12 ×"
    assert shown_value(23_456, COUNTS) == "23,456 ×"
    assert said_of(12, COUNTS) == 0
    assert shown_value(1, EVENTS) == ""
