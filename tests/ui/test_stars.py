"""Five stars on any scale."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.schemas import RatingScale
from ui.stars import STARS, rating_of, stars_of

MOVIELENS = RatingScale(lowest=0.5, highest=5.0, step=0.5)


@pytest.mark.parametrize("stars", range(1, 6))
def test_a_star_of_movielens_is_a_star(stars: int) -> None:
    assert rating_of(stars, MOVIELENS) == stars_of(stars, MOVIELENS) == stars


@pytest.mark.parametrize(
    ("scale", "ratings"),
    [
        (RatingScale(lowest=1, highest=10, step=1), [2, 4, 6, 8, 10]),
        (RatingScale(lowest=0, highest=100, step=0), [20, 40, 60, 80, 100]),
        (RatingScale(lowest=1, highest=5, step=1), [1, 2, 3, 4, 5]),
    ],
)
def test_stars_divide_the_scale(scale: RatingScale, ratings: list[float]) -> None:
    assert [rating_of(stars, scale) for stars in range(1, STARS + 1)] == ratings
    assert [stars_of(rating, scale) for rating in ratings] == [1, 2, 3, 4, 5]


@given(st.integers(0, 10), st.integers(1, 100), st.sampled_from([0, 1, 0.5]), st.integers(1, 5))
def test_what_is_sent_is_on_the_scale(lowest: int, more: int, step: float, stars: int) -> None:
    scale = RatingScale(lowest=lowest, highest=lowest + more, step=step)

    rating = rating_of(stars, scale)

    assert lowest <= rating <= lowest + more
    assert step == 0 or ((rating - lowest) / step).is_integer()
