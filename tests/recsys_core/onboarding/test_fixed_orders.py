"""Fixed orders of asking, against values worked by hand."""

import numpy as np
from scipy.sparse import csr_matrix

from recsys_core.onboarding import OnboardingParameters
from recsys_core.onboarding.orders import fixed_order, most_rated_first, rating_entropy

# Item 0: three ratings, all alike; 1: two that differ; 2: three, of which two are alike; 3: one; 4: none.
RATINGS = csr_matrix(np.array([[4, 1, 1, 3, 0], [4, 5, 1, 0, 0], [4, 0, 5, 0, 0], [0, 0, 0, 0, 0]], dtype=np.float32))
IDS = np.array([2, 4, 6, 8, 10])


def test_popularity_counts_ratings_and_breaks_ties_by_number() -> None:
    assert most_rated_first(RATINGS).tolist() == [0, 2, 1, 3, 4]
    assert fixed_order(RATINGS, IDS, OnboardingParameters(method="popularity")).tolist() == [0, 2, 1, 3, 4]


def test_entropy_is_that_of_the_values() -> None:
    expected = [0.0, np.log(2), np.log(3) - 2 / 3 * np.log(2), 0.0, 0.0]
    np.testing.assert_allclose(rating_entropy(RATINGS), expected, atol=1e-12)


def test_log_popularity_times_entropy_prefers_titles_on_which_people_differ() -> None:
    order = fixed_order(RATINGS, IDS, OnboardingParameters(method="log_popularity_entropy"))
    # log 3 · .6365 = .699 against log 2 · .6931 = .480; the rest is worth 0 and stands by popularity
    assert order.tolist() == [2, 1, 0, 3, 4]


def test_helf_is_the_harmonic_mean_of_frequency_and_entropy() -> None:
    order = fixed_order(RATINGS, IDS, OnboardingParameters(method="helf"))
    # frequency log n / log 4: .792 and .5; evenness over log 4 values: .459 and .5; harmonic means .581 and .5
    assert order.tolist() == [2, 1, 0, 3, 4]


def test_random_order_mixes_the_most_popular_titles_by_seed() -> None:
    many = csr_matrix(np.triu(np.ones((40, 40), dtype=np.float32)))
    ids = np.arange(40, dtype=np.int64)
    first, again, other = (
        fixed_order(many, ids, OnboardingParameters(method="random_popular", n_candidates=20, seed=seed))
        for seed in (1, 1, 2)
    )
    assert sorted(first.tolist()) == list(range(20, 40))
    assert first.tolist() == again.tolist()
    assert first.tolist() != other.tolist()
