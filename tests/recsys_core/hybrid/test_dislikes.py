"""Somebody who has only said what they dislike gets what newcomers get, less what is like it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from recsys_core.histories import Histories
from recsys_core.hybrid import ModelName
from recsys_core.hybrid.blend import DISLIKES, blended_terms
from tests.recsys_core.planted import cold_row
from tests.recsys_core.planted import model as _planted

N_ITEMS = 40


def disliking(ratings: dict[int, float]) -> Histories:
    nums = sorted(ratings)
    values = np.float32([ratings[num] for num in nums])
    return Histories(csr_matrix((values, nums, [0, len(nums)]), shape=(1, N_ITEMS)))


DISLIKED = st.dictionaries(st.integers(0, N_ITEMS - 1), st.sampled_from([0.5, 1.0, 2.5]), min_size=1, max_size=6)


@given(ratings=DISLIKED, name=st.sampled_from(["hybrid", "als", "ease", "content"]))
def test_dislikes_alone_give_the_newcomers_scores_less_the_likeness_to_them(
    ratings: dict[int, float], name: ModelName
) -> None:
    model = _planted()
    history = disliking(ratings)
    newcomer = model.score(disliking({}), model=name)[0]
    scores = model.score(history, model=name)[0]
    aversion = blended_terms(model.asked(name), history).get(DISLIKES, np.zeros((1, N_ITEMS)))[0]
    assert aversion.max() <= 0
    np.testing.assert_allclose(scores, newcomer + aversion, rtol=0, atol=1e-5)
    np.testing.assert_array_equal(scores[aversion == 0], newcomer[aversion == 0])
    assert (scores <= newcomer).all()


def test_a_disliked_title_lowers_its_own_kind_most() -> None:
    model = _planted()
    kinds = np.arange(N_ITEMS) % 4
    fallen = model.score(disliking({}))[0] - model.score(disliking({0: 0.5, 4: 0.5}))[0]
    assert fallen.min() >= 0
    assert fallen[kinds == 0].mean() > 2 * fallen[kinds != 0].mean() > 0


@pytest.mark.parametrize("name", ["hybrid", "als", "ease", "content"])
def test_whatever_is_said_against_cold_titles_leaves_the_newcomers_list(name: ModelName) -> None:
    model, nothing = _planted(), disliking({})
    history = Histories(nothing.ratings, None, cold_row(3, 0.5))
    np.testing.assert_array_equal(model.score(history, model=name), model.score(nothing, model=name))


def test_with_a_like_beside_it_a_dislike_counts_as_far_as_the_prior_does() -> None:
    model = _planted()
    without = model.with_weights(model.weights.replace(dislikes=0.0))
    for likes in (0, 1, 8):
        history = disliking({0: 0.5, **dict.fromkeys(range(10, 10 + likes), 4.0)})
        fallen = (without.score(history) - model.score(history))[0]
        share = 2 / (likes + 2)
        averse = model.sources["ease"].enter(history).aversion
        assert averse is not None
        assert fallen.max() == pytest.approx(-1.5 * share * averse.toarray().min(), rel=1e-3)
