"""Titles without a rating among all others: matches, the common scale of probabilities, and reserved places."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix, issparse

from recsys_core.histories import Histories
from recsys_core.hybrid import ColdCalibration, ColdTitles
from recsys_core.hybrid.cold import NewTitles
from tests.recsys_core.planted import cold_row, mixing, model, row_of, train

CALIBRATION = ColdCalibration(
    knots=(-1.0, 0.5, 2.0),
    warm_slopes=(0.5, 2.0, 1.0, 0.25),
    warm_length=-0.3,
    warm_intercept=-4.0,
    cold_slope=1.5,
    cold_length=-0.1,
    cold_intercept=-5.0,
    shift=-0.5,
)


def warm_logit(score: float, n_liked: int) -> float:
    """The warm curve, piece by piece."""
    steps = np.asarray([-1.0, 0.5, 2.0])
    bends = 0.5 * score + 1.5 * max(score + 1, 0) - 1.0 * max(score - 0.5, 0) - 0.75 * max(score - 2, 0)
    at_first_knot = CALIBRATION.warm_slopes[0] * steps[0]
    assert at_first_knot == -0.5  # the curve starts on the line through 0
    return bends - 0.3 * np.log1p(n_liked) - 4.0


@given(match=st.floats(-4, 4), n_liked=st.integers(0, 500))
def test_a_cold_title_stands_where_the_warm_curve_has_its_probability(match: float, n_liked: int) -> None:
    score = float(CALIBRATION.scores(np.array([[match]]), np.array([n_liked]))[0, 0])
    cold_logit = 1.5 * match - 0.1 * np.log1p(n_liked) - 5.0 - 0.5
    assert warm_logit(score, n_liked) == pytest.approx(cold_logit, abs=1e-3)


@pytest.mark.parametrize(("score", "slope"), [(-2.0, 3.0), (0.0, 0.75), (1.0, 1.5), (5.0, 6.0)])
def test_the_slope_says_what_a_match_is_worth_there(score: float, slope: float) -> None:
    assert CALIBRATION.slope(score) == pytest.approx(slope)


def test_a_match_is_the_prediction_of_the_standardised_warm_score() -> None:
    cold = ColdTitles(csr_matrix(np.float32([[0.5, 0.5, 0], [0, 0, 1]])), None)
    warm = np.float32([[1, 2, 6], [4, 4, 4]])
    z = (warm[0] - 3) / warm[0].std()
    np.testing.assert_allclose(cold.match(warm), [[(z[0] + z[1]) / 2, z[2]], [0, 0]], atol=1e-6)
    values = np.float32([[1, 0], [2, 0], [6, 9]])
    np.testing.assert_allclose(cold.predicted(values), [[3 - 1.5, 3 - 3], [3 + 3, 3 + 6]], atol=1e-5)
    assert cold.predicted(np.zeros((0, 2), dtype=np.float32)).tolist() == [[0, 0], [0, 0]]


def test_matches_of_one_person_and_of_many_agree() -> None:
    rng = np.random.default_rng(0)
    warm = rng.normal(size=(6, 30)).astype(np.float32)
    weights = rng.normal(size=(4, 30)) * (rng.random((4, 30)) < 0.3)
    cold = ColdTitles(csr_matrix(weights, dtype=np.float32), None)
    z = (warm - warm.mean(axis=1, keepdims=True)) / warm.std(axis=1, keepdims=True)
    np.testing.assert_allclose(cold.match(warm), z @ weights.T, atol=1e-5)
    np.testing.assert_allclose(np.vstack([cold.match(row[None, :]) for row in warm]), z @ weights.T, atol=1e-5)


def test_cold_items_of_the_users_kind_come_first() -> None:
    kinds = (model().cold_item_ids // 3 - 1) % 4
    for kind in (0, 1, 2):
        row = row_of(**{f"i{num}": 5.0 for num in range(kind, 40, 4)})
        scores = model().score_cold(row)[0]
        assert scores.shape == (len(model().cold_item_ids),)
        assert scores[kinds == kind].min() > scores[kinds != kind].max()


@pytest.mark.parametrize("places", [0, 1, 3, 5, 9])
@pytest.mark.parametrize("mixed", [False, True])
def test_places_are_reserved_for_the_best_cold_items_at_the_end(places: int, mixed: bool) -> None:
    hybrid = mixing() if mixed else model()
    ratings = train().ratings[:6]
    plain = hybrid.recommend(ratings, 5)
    found = hybrid.recommend(ratings, 5, new_titles=NewTitles(places=places))
    matches = hybrid.score_cold(ratings)
    for user in range(6):
        before, listed = (r.item_nums[r.user_nums == user] for r in (plain, found))
        assert len(listed) == len(set(listed.tolist())) == 5
        n_before = int((before >= hybrid.n_items).sum())
        new = listed[listed >= hybrid.n_items]
        assert len(new) == max(min(places, 5, len(hybrid.cold_item_ids)), n_before)
        best = np.argsort(-matches[user], kind="stable")[: len(new)] + hybrid.n_items
        assert set(new.tolist()) == set(best.tolist())
        assert [num for num in before if num in listed] == [num for num in listed if num in before]
        if mixed:
            scores = found.scores[found.user_nums == user]
            np.testing.assert_array_equal(scores, hybrid.score_catalogue(ratings)[user, listed])
            assert (np.diff(scores) <= 0).all()


@pytest.mark.parametrize("mixed", [True, False])
@pytest.mark.parametrize("why", ["rated", "excluded", "no candidate"])
def test_titles_that_are_closed_take_no_reserved_place(why: str, mixed: bool) -> None:
    hybrid, row, options = mixing() if mixed else model(), row_of(i0=5.0, i4=5.0), {}
    first = hybrid.n_items
    fitting = np.flatnonzero(hybrid.score_cold(row)[0] >= 0) + first
    assert first in fitting
    if why == "excluded":
        options = {"exclude": np.array([first])}
    elif why == "no candidate":
        options = {"candidates": np.delete(np.arange(len(hybrid.catalogue_ids)), first)}
    history = Histories(row, None, cold_row(0, 5.0) if why == "rated" else None)
    listed = hybrid.recommend(history, 10, new_titles=NewTitles(places=7), **options).item_nums
    assert set(fitting.tolist()) - {first} <= set(listed.tolist())
    assert first not in listed


def test_a_reserved_place_is_for_titles_that_match_nearly_as_well_as_the_best_rated_one() -> None:
    row = row_of(i0=5.0, i4=5.0)
    warm = model().score(row)[0]
    least = 0.5 * (warm.max() - warm.mean()) / warm.std()
    listed = model().recommend(row, 10, new_titles=NewTitles(places=7, min_share=0.5)).item_nums
    expected = np.flatnonzero(model().score_cold(row)[0] >= least) + model().n_items
    assert set(listed[listed >= model().n_items].tolist()) == set(expected.tolist())


def test_matches_of_very_many_titles_are_the_same_without_a_dense_map(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    from_warm = csr_matrix(np.where(rng.random((40, 30)) < 0.1, rng.random((40, 30)), 0).astype(np.float32))
    warm = rng.normal(size=(3, 30)).astype(np.float32)
    expected = ColdTitles(from_warm, None).match(warm)
    monkeypatch.setattr("recsys_core.hybrid.cold._DENSE", 0)
    sparse = ColdTitles(from_warm, None)
    assert issparse(sparse._map)
    np.testing.assert_allclose(sparse.match(warm), expected, atol=1e-5)
