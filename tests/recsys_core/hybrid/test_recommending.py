"""Lists without rated or excluded items, and cold items in them."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from recsys_core.histories import Histories
from recsys_core.hybrid import MODEL_NAMES, ModelName
from tests.recsys_core.planted import cold_row, mixing, row_of
from tests.recsys_core.planted import model as _model
from tests.recsys_core.planted import train as _train


@pytest.mark.parametrize("model", MODEL_NAMES)
def test_nobody_gets_what_they_rated_or_what_is_excluded(model: ModelName) -> None:
    exclude = np.array([2, 11])
    ranking = _model().recommend(_train().ratings, _model().n_items, model=model, exclude=exclude)
    seen = _train().ratings.toarray() > 0
    assert not seen[ranking.user_nums, ranking.item_nums].any()
    assert not np.isin(ranking.item_nums, exclude).any()
    left = (~seen).sum(axis=1) - (~seen[:, exclude]).sum(axis=1)
    np.testing.assert_array_equal(np.bincount(ranking.user_nums, minlength=_train().n_users), left)


@pytest.mark.parametrize("model", MODEL_NAMES)
def test_a_rating_of_nought_is_a_rating_and_its_item_is_not_recommended_again(model: ModelName) -> None:
    row = row_of(i3=0.0, i8=5.0)
    found = _model().recommend(row, 100, model=model).item_nums
    assert not {3, 8} & set(found.tolist())
    assert len(found) == _model().n_items - 2
    cold = Histories(row, None, cold_row(1, 0.0))
    mixed = mixing().recommend(cold, 100).item_nums
    assert _model().n_items + 1 not in mixed
    assert len(mixed) == len(_model().catalogue_ids) - 3


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
    histories = Histories.of(_train())
    together = mixing().recommend(histories, 5)
    for user in range(8):
        alone = mixing().recommend(histories.rows(user, user + 1), 5)
        np.testing.assert_array_equal(together.item_nums[together.user_nums == user], alone.item_nums)


def test_equal_scores_come_in_the_order_of_the_tie_rank_wherever_they_are_ranked() -> None:
    silent = _model().with_weights(_model().weights.replace(taste={}, prior={}, dislikes=0.0, kappa=0.0))
    row = row_of(i3=5.0)
    found, scores = silent.recommend(row, 100).item_nums, silent.score(row)[0]
    assert len(np.unique(scores)) < len(scores), "popularity: some titles have as many ratings as others"
    expected = np.lexsort((silent.tie_rank[: silent.n_items], -scores))
    np.testing.assert_array_equal(found, expected[expected != 3])


def test_without_a_calibration_no_list_has_cold_items_and_with_one_they_stand_where_it_says() -> None:
    row = row_of(i0=5.0, i4=5.0)
    n_items, n_catalogue = _model().n_items, len(_model().catalogue_ids)
    assert _model().recommend(row, n_catalogue).item_nums.max() < n_items
    scores = mixing().score_catalogue(row)[0]
    np.testing.assert_array_equal(scores[:n_items], _model().score(row)[0])
    np.testing.assert_allclose(scores[n_items:], _model().score_cold(row)[0], atol=1e-5)
    mixed = mixing().recommend(row, n_catalogue).item_nums
    assert len(mixed) == n_catalogue - 2
    np.testing.assert_array_equal(scores[mixed], np.sort(np.delete(scores, [0, 4]))[::-1])
