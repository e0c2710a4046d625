"""The normal equations: both ways of solving them, and the loss that they minimise."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys_core.dataset.declaration import MOVIELENS
from recsys_core.errors import ShapeError
from recsys_core.sources.als import ALSParameters, rating_confidence, regularized_gram, solve_rows
from recsys_core.sources.als.normal_equations import normal_equations, solve_short_rows
from recsys_core.testing import user_item_matrices

PARAMETERS = ALSParameters(factors=3, dislike_threshold=0.55, dislike_confidence=2.5, confidence_weight=7)


def vectors_for(n_items: int, seed: int, n_factors: int = 3) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(0, 1, (n_items, n_factors)).astype(np.float32)


def loss(
    x: NDArray[np.float64], vectors: NDArray[np.float32], confidence: NDArray[np.float32], penalty: float
) -> float:
    """The loss of one row as Hu, Koren & Volinsky write it, with every unobserved item in the sum."""
    weight = np.where(confidence == 0, 1.0, np.abs(confidence))
    preference = (confidence > 0).astype(np.float64)
    return float((weight * (preference - vectors @ x) ** 2).sum() + penalty * (x**2).sum())


@given(ratings=user_item_matrices(), seed=st.integers(0, 99), penalty=st.sampled_from([0.3, 5.0, 80.0]))
def test_the_solution_is_a_minimum_of_the_loss_over_all_items(ratings: csr_matrix, seed: int, penalty: float) -> None:
    vectors = vectors_for(ratings.shape[1], seed)
    confidence = rating_confidence(ratings, PARAMETERS, MOVIELENS.feedback)
    solved = solve_rows(vectors, confidence, regularized_gram(vectors, penalty)).astype(np.float64)
    rng = np.random.default_rng(seed)
    for row, dense in zip(solved, confidence.toarray(), strict=True):
        best = loss(row, vectors, dense, penalty)
        for _ in range(5):
            step = rng.normal(0, 0.01, 3)
            assert loss(row + step, vectors, dense, penalty) > best
            assert loss(row - step, vectors, dense, penalty) > best


@given(ratings=user_item_matrices(min_users=1, max_users=1), seed=st.integers(0, 99))
def test_short_and_long_form_agree(ratings: csr_matrix, seed: int) -> None:
    vectors = vectors_for(ratings.shape[1], seed).astype(np.float64)
    confidence = rating_confidence(ratings, PARAMETERS, MOVIELENS.feedback)
    gram = regularized_gram(vectors, 0.5)
    observed = vectors[confidence.indices][None]
    values = confidence.data.astype(np.float64)[None]
    a, b = normal_equations(gram, observed, values)
    short = solve_short_rows(observed, observed @ np.linalg.inv(gram), values)
    np.testing.assert_allclose(short[0], np.linalg.solve(a[0], b[0]), rtol=0, atol=1e-9)


@given(ratings=user_item_matrices(max_users=4), seed=st.integers(0, 99))
def test_padding_changes_nothing(ratings: csr_matrix, seed: int) -> None:
    vectors = vectors_for(ratings.shape[1], seed).astype(np.float64)
    confidence = rating_confidence(ratings, PARAMETERS, MOVIELENS.feedback)[0]
    gram = regularized_gram(vectors, 0.5)
    observed, values = vectors[confidence.indices][None], confidence.data.astype(np.float64)[None]
    padded = np.concatenate([observed, vectors[None, [0, 1]]], axis=1), np.concatenate([values, [[0.0, 0.0]]], axis=1)
    for found, expected in zip(normal_equations(gram, *padded), normal_equations(gram, observed, values), strict=True):
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
    inverse = np.linalg.inv(gram)
    np.testing.assert_allclose(
        solve_short_rows(padded[0], padded[0] @ inverse, padded[1]),
        solve_short_rows(observed, observed @ inverse, values),
        rtol=0,
        atol=1e-12,
    )


def test_a_solution_worked_by_hand() -> None:
    # One factor, items 1 and 2; confidence 3 for the first: A = 1 + 4 + 0.5 + (3 - 1)·1 = 7.5, b = 3·1.
    vectors = np.array([[1.0], [2.0]], dtype=np.float32)
    confidence = csr_matrix(np.array([[3.0, 0.0]], dtype=np.float32))
    solved = solve_rows(vectors, confidence, regularized_gram(vectors, 0.5))
    np.testing.assert_allclose(solved, [[3 / 7.5]], rtol=1e-6)


def test_a_confident_zero_worked_by_hand() -> None:
    # As above with the second item disliked at confidence 2: A = 7.5 + (2 - 1)·4 = 11.5, b unchanged.
    vectors = np.array([[1.0], [2.0]], dtype=np.float32)
    confidence = csr_matrix(np.array([[3.0, -2.0]], dtype=np.float32))
    solved = solve_rows(vectors, confidence, regularized_gram(vectors, 0.5))
    np.testing.assert_allclose(solved, [[3 / 11.5]], rtol=1e-6)


def test_a_row_without_entries_is_zero() -> None:
    vectors = vectors_for(4, 0)
    confidence = csr_matrix(np.array([[0, 0, 0, 0], [0, 2, 0, 0]], dtype=np.float32))
    solved = solve_rows(vectors, confidence, regularized_gram(vectors, 1.0))
    assert not solved[0].any()
    assert solved[1].any()


def test_rows_of_very_different_length_are_solved_as_if_alone() -> None:
    rng = np.random.default_rng(4)
    vectors = vectors_for(300, 1, n_factors=20)
    dense = (rng.random((40, 300)) < np.linspace(0, 1, 40)[:, None]).astype(np.float32) * 4
    gram = regularized_gram(vectors, 1.0)
    together = solve_rows(vectors, csr_matrix(dense), gram)
    alone = np.vstack([solve_rows(vectors, csr_matrix(row[None]), gram) for row in dense])
    np.testing.assert_allclose(together, alone, rtol=0, atol=1e-6)


def test_factors_of_another_width_are_refused() -> None:
    with pytest.raises(ShapeError, match="confidence has 3 columns, there are 4 factor vectors"):
        solve_rows(vectors_for(4, 0), csr_matrix(np.ones((1, 3), dtype=np.float32)), np.eye(3))
