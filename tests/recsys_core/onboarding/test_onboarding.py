"""Asking newcomers: what is asked next, what never is, and what survives the disk."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys_core.dataset.declaration import MOVIELENS
from recsys_core.dataset.interactions import UserItemMatrix
from recsys_core.errors import ParameterError, ShapeError, StorageError
from recsys_core.onboarding import METHODS, Method, Onboarding, OnboardingParameters, fit_onboarding
from recsys_core.storage import atomic_directory
from recsys_core.testing import planted_interactions
from recsys_core.testing.hybrids import as_interactions

N_ITEMS = 40
NOBODY = np.zeros(0, dtype=np.int64)


@cache
def _train() -> UserItemMatrix:
    return planted_interactions(80, N_ITEMS, 1200, seed=5)


def fitted(method: Method = "expected_gain", **parameters: float) -> Onboarding:
    chosen = {"n_candidates": 30, "n_targets": 36, "n_listed": 12, "factors": 4} | parameters
    return fit_onboarding(_train(), OnboardingParameters(method=method, **chosen), feedback=MOVIELENS.feedback)


def answers(ratings: dict[int, float], n_items: int = N_ITEMS) -> csr_matrix:
    row = np.zeros((1, n_items), dtype=np.float32)
    for item_num, rating in ratings.items():
        row[0, item_num] = rating
    return csr_matrix(row)


def interview(onboarding: Onboarding, known: dict[int, float], n: int, n_items: int = N_ITEMS) -> list[int]:
    """Asked one at a time; ``known`` are the person's ratings."""
    asked: list[int] = []
    for _ in range(n):
        given = answers({num: known[num] for num in asked if num in known}, n_items)
        asked += onboarding.next_titles(given, np.array(asked, dtype=np.int64), 1).tolist()
    return asked


@pytest.mark.parametrize("method", METHODS)
class TestEveryMethod:
    def test_asks_about_n_different_titles_and_the_same_ones_again(self, method: Method) -> None:
        asked = fitted(method).next_titles(answers({}), NOBODY, 8)
        assert asked.dtype == np.int64
        assert len(set(asked.tolist())) == 8
        np.testing.assert_array_equal(fitted(method).next_titles(answers({}), NOBODY, 8), asked)

    def test_never_asks_what_was_asked_or_rated(self, method: Method) -> None:
        onboarding = fitted(method)
        first = onboarding.next_titles(answers({}), NOBODY, 6)
        given = answers({int(first[0]): 4.0, int(first[1]): 2.0})
        later = onboarding.next_titles(given, first[2:], 10)
        assert not set(first.tolist()) & set(later.tolist())

    def test_runs_out_after_every_candidate(self, method: Method) -> None:
        onboarding = fitted(method)
        everything = onboarding.next_titles(answers({}), NOBODY, 1_000)
        assert sorted(everything.tolist()) == sorted(onboarding.order.tolist())
        assert onboarding.next_titles(answers({}), everything, 5).tolist() == []

    def test_a_round_trip_through_disk_asks_the_same(self, method: Method, tmp_path: Path) -> None:
        onboarding = fitted(method)
        with atomic_directory(tmp_path / "stored") as staging:
            onboarding.save(staging)
        loaded = Onboarding.load(tmp_path / "stored")
        given, asked = answers({3: 5.0, 7: 1.0}), np.array([3, 7, 9])
        np.testing.assert_array_equal(loaded.next_titles(given, asked, 12), onboarding.next_titles(given, asked, 12))
        np.testing.assert_array_equal(loaded.item_ids, _train().item_ids)
        assert loaded.parameters == onboarding.parameters

    def test_inputs_are_unchanged(self, method: Method) -> None:
        given, asked = answers({3: 5.0}), np.array([3, 9])
        fitted(method).next_titles(given, asked, 3)
        assert given.toarray()[0, 3] == 5.0
        assert given.nnz == 1
        assert asked.tolist() == [3, 9]


def test_the_questions_depend_on_the_answers() -> None:
    onboarding = fitted(noise=1)
    kinds = (_train().item_ids // 3 - 1) % 4
    interviews = [
        interview(onboarding, {num: 5.0 for num in range(_train().n_items) if kinds[num] == kind}, 8) for kind in (0, 1)
    ]
    assert interviews[0] != interviews[1]


def test_people_are_asked_more_about_what_they_know() -> None:
    rng = np.random.default_rng(2)
    old = np.arange(30) < 15
    seen = rng.random((60, 30)) < np.where(old[None, :] == (np.arange(60) % 2 == 0)[:, None], 0.7, 0.1)
    train = as_interactions(csr_matrix(seen * rng.integers(1, 6, (60, 30)).astype(np.float32)), np.arange(30))
    shares = []
    for method in ("expected_gain", "popularity"):
        onboarding = fit_onboarding(train, OnboardingParameters(method=method), feedback=MOVIELENS.feedback)
        for kind in (old, ~old):
            shares.append(kind[interview(onboarding, {int(num): 4.0 for num in np.flatnonzero(kind)}, 12, 30)].mean())
    assert min(shares[:2]) >= 0.75
    assert max(shares[:2]) > max(shares[2:])


def test_titles_asked_and_not_rated_change_what_is_asked_next() -> None:
    onboarding = fitted(noise=1)
    first = onboarding.next_titles(answers({}), NOBODY, 4)
    unseen = onboarding.next_titles(answers({}), first, 3)
    liked = onboarding.next_titles(answers({int(num): 5.0 for num in first}), first, 3)
    assert unseen.tolist() != liked.tolist()


def test_answers_count_whether_or_not_they_are_named_as_asked() -> None:
    given = answers({4: 5.0, 5: 3.0})
    np.testing.assert_array_equal(
        fitted().next_titles(given, np.array([4, 5]), 6), fitted().next_titles(given, NOBODY, 6)
    )


def test_ratings_of_titles_that_the_method_does_not_describe_are_no_obstacle() -> None:
    onboarding = fitted()
    outside = np.setdiff1d(np.arange(_train().n_items), onboarding.order)
    assert len(outside)
    assert len(onboarding.next_titles(answers({int(outside[0]): 5.0}), outside, 5)) == 5


def test_a_single_user_and_a_single_title_are_enough() -> None:
    one = _train().rows(np.array([0]))
    single = one.with_items(one.item_ids[one.ratings.indices[:1]])
    for train in (one, single):
        onboarding = fit_onboarding(train, OnboardingParameters(), feedback=MOVIELENS.feedback)
        asked = onboarding.next_titles(csr_matrix((1, train.n_items), dtype=np.float32), NOBODY, 1)
        assert len(asked) == 1


@pytest.mark.parametrize(
    ("given", "asked", "n", "error", "message"),
    [
        (csr_matrix((1, 3), dtype=np.float32), NOBODY, 1, ShapeError, "3 columns"),
        (csr_matrix((2, N_ITEMS), dtype=np.float32), NOBODY, 1, ShapeError, "2 rows"),
        (answers({}), np.array([-1]), 1, ShapeError, "-1"),
        (answers({}), np.array([N_ITEMS]), 1, ShapeError, "expected 0 to"),
        (answers({}), NOBODY, 0, ParameterError, "n = 0"),
    ],
)
def test_wrong_input_is_refused(
    given: csr_matrix, asked: NDArray[np.int64], n: int, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        fitted().next_titles(given, asked, n)


def test_parts_that_do_not_belong_together_are_refused() -> None:
    good = fitted()
    with pytest.raises(ShapeError, match="twice"):
        Onboarding(good.item_ids, np.array([1, 1]), None, good.parameters)
    with pytest.raises(ShapeError, match="the order has 5"):
        Onboarding(good.item_ids, good.order[:5], good.gain, good.parameters)


def test_no_rating_at_all_is_refused() -> None:
    empty = _train().select(np.zeros(_train().n_ratings, dtype=bool))
    with pytest.raises(ShapeError, match="holds no rating"):
        fit_onboarding(empty, OnboardingParameters(), feedback=MOVIELENS.feedback)


def test_an_empty_folder_is_a_storage_error(tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        Onboarding.load(tmp_path)
