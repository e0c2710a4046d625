"""ALS: the contract, the oracle, fold-in, explanations and known answers."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from recsys_core.dataset.declaration import MOVIELENS
from recsys_core.errors import ShapeError
from recsys_core.histories import Histories
from recsys_core.sources.als import KIND, ALSModel, ALSParameters, fit_als
from recsys_core.sparse_rows import selected
from recsys_core.storage import save_arrays
from recsys_core.testing import checkerboard, planted_interactions, user_item_matrices
from recsys_core.testing.numpy_als import als_loss, fit_als_in_numpy
from recsys_core.testing.source_contract import SourceContract

SCALE = MOVIELENS.feedback
SMALL = ALSParameters(factors=6, regularization=1.0, iterations=6, confidence_weight=4, dislike_threshold=0)
MIXED = SMALL.replace(dislike_threshold=0.6, dislike_confidence=2.0)


def fit(user_items: csr_matrix, parameters: ALSParameters = SMALL) -> ALSModel:
    return fit_als(user_items, np.arange(1, user_items.shape[1] + 1, dtype=np.int64), parameters, feedback=SCALE)


class TestALSKeepsTheSourceContract(SourceContract):
    kind = KIND
    parameters = MIXED


@pytest.mark.parametrize("parameters", [SMALL, MIXED], ids=["threshold at the middle", "higher threshold"])
def test_implicit_equals_the_numpy_oracle_from_the_same_start(parameters: ALSParameters) -> None:
    ratings = planted_interactions(80, 50, 1500, seed=1).ratings
    native = fit(ratings, parameters.replace(use_cg=False))
    oracle = fit_als_in_numpy(ratings, native.item_ids, native.parameters, feedback=SCALE)
    np.testing.assert_allclose(native.item_factors, oracle.item_factors, rtol=0, atol=1e-3)
    np.testing.assert_allclose(native.score(ratings), oracle.score(ratings), rtol=0, atol=1e-4)


def test_conjugate_gradients_reach_the_loss_of_exact_solutions() -> None:
    ratings = planted_interactions(80, 50, 1500, seed=1).ratings
    approximate, exact = (fit(ratings, MIXED.replace(use_cg=cg, iterations=30)) for cg in (True, False))
    assert als_loss(approximate, ratings) < 1.01 * als_loss(exact, ratings)


def test_more_iterations_lower_the_loss() -> None:
    ratings = planted_interactions(80, 50, 1500, seed=1).ratings
    losses = [als_loss(fit(ratings, MIXED.replace(iterations=n)), ratings) for n in (1, 3, 10)]
    assert losses == sorted(losses, reverse=True)


def test_threads_change_no_bit() -> None:
    ratings = planted_interactions(80, 50, 1500, seed=1).ratings
    one, two = (fit(ratings, MIXED.replace(threads=threads)) for threads in (1, 2))
    np.testing.assert_array_equal(one.item_factors, two.item_factors)


@pytest.mark.parametrize("use_cg", [True, False])
def test_the_withheld_diagonal_of_a_checkerboard_comes_first(use_cg: bool) -> None:
    ratings = checkerboard(50)
    # until it has converged: after 20 iterations, on some processors, the third factor still favours one pair of items
    model = fit(ratings, ALSParameters(factors=3, regularization=0.1, iterations=100, use_cg=use_cg))
    scores = model.score(ratings)
    scores[ratings.nonzero()] = -np.inf
    np.testing.assert_array_equal(scores.argmax(axis=1), np.arange(50))


@settings(max_examples=25)
@given(ratings=user_item_matrices(min_users=2), confident_zeros=st.booleans())
def test_parts_add_up_and_a_dislike_gives_nothing_above_zero(ratings: csr_matrix, confident_zeros: bool) -> None:
    model = fit(ratings, MIXED if confident_zeros else SMALL)
    every_item = np.arange(ratings.shape[1])
    for row in range(ratings.shape[0]):
        parts = model.parts(Histories(ratings[[row]]), selected(every_item, ratings.shape[1]))
        assert parts.shape == (ratings.shape[1], ratings[[row]].nnz)
        np.testing.assert_allclose(parts.sum(axis=1), model.score(ratings[[row]])[0], rtol=0, atol=1e-5)
        assert parts[:, SCALE.disliked(ratings[[row]].data)].max(initial=0.0) <= 0


def test_a_confident_zero_lowers_the_score_of_what_it_speaks_against() -> None:
    data = planted_interactions(120, 40, 2500, seed=2)
    model = fit_als(data.ratings, data.item_ids, MIXED, feedback=SCALE)
    liked, disliked = 0, 4  # the same kind of item
    only_liked = np.zeros((1, data.n_items), dtype=np.float32)
    only_liked[0, liked] = 5
    both = only_liked.copy()
    both[0, disliked] = 1
    assert model.score(csr_matrix(both))[0, disliked] < model.score(csr_matrix(only_liked))[0, disliked]


def test_scores_follow_the_planted_taste() -> None:
    data = planted_interactions(200, 60, 4000, seed=5)
    model = fit_als(data.ratings, data.item_ids, SMALL, feedback=SCALE)
    scores = model.score(data.ratings)
    same_taste = (data.user_ids[:, None] // 10 - 1) % 4 == (data.item_ids[None, :] // 3 - 1) % 4
    assert scores[same_taste].mean() > 2 * scores[~same_taste].mean()


def test_another_seed_starts_elsewhere() -> None:
    ratings = planted_interactions(60, 40, 900).ratings
    one_step = SMALL.replace(iterations=1)
    assert (fit(ratings, one_step).item_factors != fit(ratings, one_step.replace(seed=1)).item_factors).any()


def test_an_item_that_nobody_rated_has_no_factors_and_no_score() -> None:
    ratings = csr_matrix(np.array([[5, 4, 0], [4, 0, 0]], dtype=np.float32))
    model = fit(ratings)
    assert not model.item_factors[2].any()
    assert not model.score(ratings)[:, 2].any()


def test_training_without_a_rating_is_refused() -> None:
    with pytest.raises(ShapeError, match="holds no rating"):
        fit(csr_matrix(np.zeros((3, 4), dtype=np.float32)))


def test_item_ids_of_another_length_are_refused_before_native_code() -> None:
    with pytest.raises(ShapeError, match=r"item_ids have shape \(2,\), user_items has 3 columns"):
        fit_als(csr_matrix(np.ones((1, 3), dtype=np.float32)), np.array([1, 2]), SMALL, feedback=SCALE)


def test_an_empty_history_has_no_parts() -> None:
    model = fit(csr_matrix(np.full((2, 3), 4, dtype=np.float32)))
    nobody = Histories(csr_matrix(np.zeros((1, 3), dtype=np.float32)))
    assert model.parts(nobody, selected(np.array([0, 1]), 3)).shape == (2, 0)


def test_a_model_that_was_stored_with_its_users_factors_is_still_read(tmp_path: Path) -> None:
    model = fit(planted_interactions(20, 15, 120, seed=1).ratings)
    model.save(tmp_path)
    save_arrays(
        tmp_path / "factors.npz",
        item_ids=model.item_ids,
        item_factors=model.item_factors,
        user_factors=np.ones((20, 6), dtype=np.float32),
    )
    np.testing.assert_array_equal(ALSModel.load(tmp_path).item_factors, model.item_factors)
