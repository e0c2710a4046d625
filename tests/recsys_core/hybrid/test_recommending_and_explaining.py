"""Lists without seen items, explanations that add up, and cold items."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from recsys_core.errors import ShapeError
from recsys_core.hybrid import MODEL_NAMES, ModelName
from recsys_core.testing import user_item_matrices
from tests.recsys_core.planted import model as _model
from tests.recsys_core.planted import train as _train


def row_of(**ratings: float) -> csr_matrix:
    """A user's ratings by item number, ``row_of(i3=5.0)``."""
    dense = np.zeros((1, _model().n_items), dtype=np.float32)
    for name, value in ratings.items():
        dense[0, int(name[1:])] = value
    return csr_matrix(dense)


@pytest.mark.parametrize("model", MODEL_NAMES)
def test_nobody_gets_what_they_rated_or_what_is_excluded(model: ModelName) -> None:
    exclude = np.array([2, 11])
    ranking = _model().recommend(_train().ratings, _model().n_items, model=model, exclude=exclude)
    seen = _train().ratings.toarray() > 0
    assert not seen[ranking.user_nums, ranking.item_nums].any()
    assert not np.isin(ranking.item_nums, exclude).any()
    left = (~seen).sum(axis=1) - (~seen[:, exclude]).sum(axis=1)
    np.testing.assert_array_equal(np.bincount(ranking.user_nums, minlength=_train().n_users), left)


def test_fewer_than_k_are_returned_when_fewer_are_left() -> None:
    everything_but_two = np.full((1, _model().n_items), 4.0, dtype=np.float32)
    everything_but_two[0, [5, 9]] = 0
    ranking = _model().recommend(csr_matrix(everything_but_two), 10)
    assert sorted(ranking.item_nums.tolist()) == [5, 9]
    assert len(_model().recommend(csr_matrix(np.full((1, _model().n_items), 4.0, dtype=np.float32)), 10).item_nums) == 0


def test_candidates_limit_the_choice_and_keep_the_order() -> None:
    everything = _model().recommend(_train().ratings[:1], _model().n_items).item_nums
    chosen = np.sort(everything[3:8])
    found = _model().recommend(_train().ratings[:1], 3, candidates=chosen).item_nums
    np.testing.assert_array_equal(found, everything[3:6])


def test_a_list_of_many_users_is_that_of_each_alone() -> None:
    together = _model().recommend(_train().ratings[:8], 5)
    for user in range(8):
        alone = _model().recommend(_train().ratings[[user]], 5)
        np.testing.assert_array_equal(together.item_nums[together.user_nums == user], alone.item_nums)


@given(ratings=user_item_matrices(max_users=1, min_items=40, max_items=40), model=st.sampled_from(MODEL_NAMES))
def test_sources_add_up_to_the_score_and_titles_to_their_part_of_it(ratings: csr_matrix, model: ModelName) -> None:
    asked = np.array([0, 7, 39])
    scores = _model().score(ratings, model=model)[0]
    for item_num, why in zip(asked, _model().explain(ratings, asked, n_because=None, model=model), strict=True):
        assert why.item_num == item_num
        assert sum(why.sources.values()) == pytest.approx(scores[item_num], abs=1e-4)
        told = sum(contribution for _, contribution in why.because)
        assert told == pytest.approx(why.sources["collaborative"] + why.sources["content"], abs=1e-5)
        assert sorted(num for num, _ in why.because) == ratings.indices.tolist()


def test_sources_are_within_rounding_of_the_score() -> None:
    for user in range(10):
        row = _train().ratings[[user]]
        ranking = _model().recommend(row, 5)
        for score, why in zip(ranking.scores, _model().explain(row, ranking.item_nums), strict=True):
            assert sum(why.sources.values()) == pytest.approx(score, abs=1e-5)
            assert why.score == pytest.approx(score, abs=1e-5)


def test_because_names_only_titles_that_spoke_for_the_item_the_strongest_first() -> None:
    row = _train().ratings[[0]]
    nums = _model().recommend(row, 10).item_nums
    for why in _model().explain(row, nums, n_because=3):
        contributions = [value for _, value in why.because]
        assert len(contributions) <= 3
        assert contributions == sorted(contributions, reverse=True)
        assert all(value > 0 for value in contributions)


def test_a_title_of_the_same_kind_is_the_reason() -> None:
    row = row_of(i4=5.0, i5=5.0)  # kinds 0 and 1
    best_of_kind_0 = next(num for num in _model().recommend(row, 40).item_nums if num % 4 == 0)
    assert _model().explain(row, np.array([best_of_kind_0]))[0].because[0][0] == 4


def test_for_somebody_without_ratings_popularity_is_the_whole_explanation() -> None:
    why = _model().explain(row_of(), np.array([0]))[0]
    assert why.because == ()
    assert why.sources["collaborative"] == why.sources["content"] == 0
    assert why.score == pytest.approx(float(_model().score(row_of())[0, 0]), abs=1e-6)


def test_one_model_alone_is_explained_by_its_own_source() -> None:
    row = row_of(i4=5.0)
    assert _model().explain(row, np.array([8]), model="als")[0].sources["content"] == 0
    assert _model().explain(row, np.array([8]), model="content")[0].sources["collaborative"] == 0


def test_explaining_takes_one_user() -> None:
    with pytest.raises(ShapeError, match="expected the row of one user"):
        _model().explain(_train().ratings[:2], np.array([0]))


def test_cold_items_of_the_users_kind_come_first() -> None:
    kinds = (_model().cold_item_ids // 3 - 1) % 4
    for kind in (0, 1, 2):
        row = row_of(**{f"i{num}": 5.0 for num in range(kind, 40, 4)})
        scores = _model().score_cold(row)[0]
        assert scores.shape == (len(_model().cold_item_ids),)
        assert scores[kinds == kind].min() > scores[kinds != kind].max()


def test_a_cold_item_scores_like_its_warm_twin_would_by_prediction() -> None:
    row = _train().ratings[[0]]
    factors = _model().als.fold_in(row)
    warm = (factors @ _model().als.item_factors.T)[0].astype(np.float64)
    predicted = (factors @ _model().cold_factors.T)[0]
    content = _model().content.score(_model().checked(row, None)[1])[0].astype(np.float64)
    warm_content, cold_content = content[: _model().n_items], content[_model().n_items :]
    expected = (predicted - warm.mean()) / warm.std()
    expected += _model().weights.cold_content * (cold_content - warm_content.mean()) / warm_content.std()
    np.testing.assert_allclose(_model().score_cold(row)[0], expected, atol=1e-4)


def test_liked_cold_items_count_through_their_content() -> None:
    nobody = row_of()
    cold_like = np.zeros((1, len(_model().cold_item_ids)), dtype=np.float32)
    cold_like[0, 2] = 5.0
    terms = _model().component_scores(nobody, cold_ratings=csr_matrix(cold_like))
    assert terms.n_ratings.tolist() == [1]
    np.testing.assert_array_equal(terms.als, 0)
    kind = (_model().cold_item_ids[2] // 3 - 1) % 4
    best = int(terms.content[0].argmax())
    assert best % 4 == kind
    why = _model().explain(nobody, np.array([best]), cold_ratings=csr_matrix(cold_like))[0]
    assert [num for num, _ in why.because] == [_model().n_items + 2]


def test_cold_items_enter_the_list_only_when_asked_for_and_never_again_when_liked() -> None:
    row = row_of(i0=5.0, i4=5.0)
    n_catalogue = _model().n_items + len(_model().cold_item_ids)
    assert _model().recommend(row, n_catalogue).item_nums.max() < _model().n_items
    cold_like = np.zeros((1, len(_model().cold_item_ids)), dtype=np.float32)
    cold_like[0, 0] = 5.0
    mixed = _model().recommend(row, n_catalogue, include_cold=True, cold_ratings=csr_matrix(cold_like)).item_nums
    assert len(mixed) == n_catalogue - 3
    assert _model().n_items not in mixed
    assert mixed.max() == n_catalogue - 1


def test_ratings_of_cold_items_of_another_width_are_refused() -> None:
    with pytest.raises(ShapeError, match="user_ratings has 3 columns"):
        _model().score(row_of(), cold_ratings=csr_matrix(np.zeros((1, 3), dtype=np.float32)))
