"""Five stars on any scale."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ui.stars import STARS, StarScale

MOVIELENS = StarScale(0.5, 5.0, 0.5)


@pytest.mark.parametrize("stars", range(1, 6))
def test_a_star_of_movielens_is_a_star(stars: int) -> None:
    assert MOVIELENS.rating(stars) == MOVIELENS.stars(stars) == stars


@pytest.mark.parametrize(
    ("scale", "ratings"),
    [
        (StarScale(1, 10, 1), [2, 4, 6, 8, 10]),
        (StarScale(0, 100, 0), [20, 40, 60, 80, 100]),
        (StarScale(1, 5, 1), [1, 2, 3, 4, 5]),
    ],
)
def test_stars_divide_the_scale(scale: StarScale, ratings: list[float]) -> None:
    assert [scale.rating(stars) for stars in range(1, STARS + 1)] == ratings
    assert [scale.stars(rating) for rating in ratings] == [1, 2, 3, 4, 5]


@given(st.integers(0, 10), st.integers(1, 100), st.sampled_from([0, 1, 0.5]), st.integers(1, 5))
def test_what_is_sent_is_on_the_scale(lowest: int, more: int, step: float, stars: int) -> None:
    scale = StarScale(lowest, lowest + more, step)

    rating = scale.rating(stars)

    assert lowest <= rating <= lowest + more
    assert step == 0 or ((rating - lowest) / step).is_integer()
