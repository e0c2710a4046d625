"""Training that starts from the item factors of a model that was fitted before."""

import numpy as np

from recsys_core.dataset.declaration import MOVIELENS
from recsys_core.dataset.interactions import UserItemMatrix
from recsys_core.sources.als import ALSModel, ALSParameters, fit_als
from recsys_core.testing import planted_interactions
from recsys_core.testing.numpy_als import als_loss

SCALE = MOVIELENS.feedback
WARM = ALSParameters(factors=6, regularization=1.0, iterations=15, warm_ratings=0, warm_iterations=3)


def _everything() -> UserItemMatrix:
    return planted_interactions(160, 60, 4000, seed=3)


def _twin(parameters: ALSParameters = WARM) -> ALSModel:
    """Of three quarters of the people, who have not rated every title."""
    some = _everything().rows(np.arange(0, 160)[np.arange(160) % 4 > 0])
    rated = np.bincount(some.ratings.indices, minlength=some.n_items) > 0
    rated[5] = False
    known = some.with_items(some.item_ids[rated])
    return fit_als(known.ratings, known.item_ids, parameters, feedback=SCALE)


def _fit(parameters: ALSParameters, start: ALSModel | None = None) -> ALSModel:
    data = _everything()
    return fit_als(data.ratings, data.item_ids, parameters, feedback=SCALE, start=start)


def test_three_iterations_from_the_twin_reach_the_loss_of_fifteen_from_scratch() -> None:
    ratings = _everything().ratings
    scratch, cold = _fit(WARM), _fit(WARM.replace(iterations=3))
    warm = _fit(WARM, _twin())
    assert als_loss(warm, ratings) < 1.01 * als_loss(scratch, ratings)
    assert als_loss(cold, ratings) > 1.01 * als_loss(scratch, ratings)
    assert warm.parameters == scratch.parameters


def test_an_item_that_the_start_does_not_know_is_learnt_too() -> None:
    assert 5 not in np.searchsorted(_everything().item_ids, _twin().item_ids)
    scratch, warm = _fit(WARM), _fit(WARM, _twin())
    lengths = [np.linalg.norm(model.item_factors[5]) for model in (scratch, warm)]
    assert 0.8 < lengths[1] / lengths[0] < 1.25


def test_few_ratings_are_learnt_from_scratch_whatever_there_is_to_start_from() -> None:
    few = WARM.replace(warm_ratings=_everything().n_ratings + 1)
    np.testing.assert_array_equal(_fit(few, _twin()).item_factors, _fit(few).item_factors)


def test_a_start_with_another_number_of_factors_is_not_used() -> None:
    other = _twin(WARM.replace(factors=4))
    np.testing.assert_array_equal(_fit(WARM, other).item_factors, _fit(WARM).item_factors)


def test_a_start_that_knows_few_of_the_titles_that_are_rated_is_not_used() -> None:
    """The titles of a small sample of people who have rated little: all others would have two or three iterations."""
    data = _everything()
    known = data.with_items(data.item_ids[::2])
    half = fit_als(known.ratings, known.item_ids, WARM, feedback=SCALE)
    np.testing.assert_array_equal(_fit(WARM, half).item_factors, _fit(WARM).item_factors)
