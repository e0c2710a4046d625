"""Shapes: ml-25m's own, its proportions at other sizes, and what cannot be."""

from typing import Any

import pytest

from recsys_core.errors import ParameterError
from recsys_core.synthesis import Shape


def test_ml_25m_has_its_own_shape() -> None:
    assert Shape.of(25_000_095).as_dict() == {
        "n_ratings": 25_000_095,
        "n_users": 162_541,
        "n_movies": 62_423,
        "n_rated": 59_047,
        "n_genome_movies": 13_816,
        "n_tag_applications": 1_093_360,
        "n_genome_tags": 1_128,
    }


def test_a_hundred_thousand_ratings_have_about_the_shape_of_ml_latest_small() -> None:
    found = Shape.of(100_836)
    assert abs(found.n_users / 610 - 1) < 0.1
    assert abs(found.n_movies / 9_742 - 1) < 0.05


def test_users_and_movies_may_be_said() -> None:
    found = Shape.of(1_000_000, n_users=9_000, n_movies=62_423)
    assert (found.n_users, found.n_movies, found.n_rated) == (9_000, 62_423, 59_047)
    assert Shape.of(10_000, n_movies=62_423).n_rated == 1_000


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"n_ratings": 9_999}, "9,999 ratings are too few; ask for 10,000 or more"),
        ({"n_ratings": 10_000, "n_users": 501}, "501 users cannot have 20 of 10,000 ratings each; ask for 1 to 500"),
        ({"n_ratings": 10_000, "n_users": 0}, "ask for 1 to 500"),
        ({"n_ratings": 10_000, "n_movies": 249}, "249 movies are too few; ask for 250 or more"),
        ({"n_ratings": 100_000, "n_movies": 300}, "650 users and 300 movies are too few for 100,000 ratings"),
    ],
)
def test_what_cannot_be_is_said(asked: dict[str, Any], words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        Shape.of(**asked)
