"""What the ratings of a history count in EASE: recency, dislikes, and what each title gave."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from recsys_core.dataset.declaration import MOVIELENS
from recsys_core.dataset.feedback import Feedback
from recsys_core.histories import Histories
from recsys_core.sources.ease import EASEModel, EASEParameters, fit_ease
from recsys_core.sources.ease import model as ease_model
from recsys_core.sources.ease.model import history_strength
from recsys_core.sparse_rows import selected
from recsys_core.testing import planted_interactions, user_item_matrices

SCALE = MOVIELENS.feedback


def row(*ratings: float) -> csr_matrix:
    return csr_matrix(np.float32([ratings]))


def by_hand(weights: np.ndarray, parameters: EASEParameters = EASEParameters()) -> EASEModel:  # noqa: B008
    n_items = len(weights)
    return EASEModel(np.arange(n_items), np.arange(n_items), np.float32(weights), parameters, SCALE)


@given(
    values=st.lists(st.sampled_from(SCALE.values), min_size=1, max_size=9),
    minutes=st.lists(st.integers(0, 6), min_size=9, max_size=9),
    floor=st.sampled_from([0.0, 0.5, 1.0]),
    share=st.sampled_from([0.1, 0.7]),
)
def test_a_rating_counts_less_the_more_came_later(
    values: list[float], minutes: list[int], floor: float, share: float
) -> None:
    n = len(values)
    times = 70 * np.asarray(minutes[:n])
    parameters = EASEParameters(recency_floor=floor, recency_share=share)
    found = history_strength(Histories(row(*values), times), parameters, SCALE)
    for place, value in enumerate(values):
        newer = int((times > times[place] + 60).sum())
        counts = floor + (1 - floor) * np.exp(-newer / (share * n))
        assert found[place] == pytest.approx((value - 2.75) / 2.25 * counts, abs=1e-6)


def test_without_times_all_ratings_count_alike() -> None:
    parameters = EASEParameters(recency_floor=0.1)
    np.testing.assert_array_equal(
        history_strength(Histories(row(5.0, 0.5, 4.0)), parameters, SCALE), SCALE.strengths(np.float32([5, 0.5, 4]))
    )


def test_the_newest_of_two_titles_decides() -> None:
    model = by_hand([[0, 0, 1, 0], [0, 0, 0, 1], [0, 0, 0, 0], [0, 0, 0, 0]], EASEParameters(recency_share=0.5))
    ratings = row(5, 5, 0, 0)
    first_newest, second_newest = (model.score(Histories(ratings, np.array(t)))[0] for t in ([900, 0], [0, 900]))
    assert first_newest[2] > first_newest[3]
    assert second_newest[2] < second_newest[3]


def test_a_dislike_speaks_against_what_is_alike_and_for_nothing() -> None:
    model = by_hand([[0, 0.5, -0.3, 0], [0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]], EASEParameters(dislike=0.4))
    entry = model.enter(Histories(row(0.5, 0, 0, 0)))
    assert entry.aversion is not None
    np.testing.assert_allclose(entry.aversion.toarray(), [[0, -0.5, 0, 0]])
    np.testing.assert_allclose(model.score(row(0.5, 0, 0, 0)), [[0, -0.2, 0, 0]])
    np.testing.assert_allclose(model.score(row(5, 0, 0, 0)), [[0, 0.5, -0.3, 0]])


def test_a_disliked_title_reaches_those_alone_to_which_it_leads_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ease_model, "_ALIKE", 3)
    data = planted_interactions(100, 40, 2000, seed=1)
    model = fit_ease(data.ratings, data.item_ids, EASEParameters(min_item_ratings=1), feedback=SCALE)
    assert np.diff(model.alike.indptr).max() <= 3
    for title in range(10):
        best = np.argsort(-model.weights[title], kind="stable")[:3]
        reached = model.alike[title].indices
        np.testing.assert_array_equal(np.sort(reached), np.sort(best[model.weights[title, best] > 0]))
        dislike = np.zeros((1, len(model.item_ids)), dtype=np.float32)
        dislike[0, model.kept_nums[title]] = 0.5
        scores = model.score(csr_matrix(dislike))[0]
        assert scores.max() <= 0
        np.testing.assert_array_equal(np.flatnonzero(scores), model.kept_nums[np.sort(reached)])


@pytest.mark.parametrize("feedback", [Feedback.events(), Feedback(0.0, 50.0, 1.0, "counts")])
def test_where_nothing_can_be_disliked_there_is_no_aversion(feedback: Feedback) -> None:
    data = planted_interactions(60, 40, 900, seed=3)
    model = fit_ease(data.ratings, data.item_ids, EASEParameters(), feedback=feedback)
    assert model.enter(Histories.of(data)).aversion is None
    assert model.enter(Histories(data.ratings[[0]])).aversion is None


@settings(max_examples=30)
@given(
    ratings=user_item_matrices(),
    max_items=st.integers(1, 8),
    dislike=st.sampled_from([0.0, 0.2, 3.0]),
    timed=st.booleans(),
)
def test_parts_add_up_to_score_and_aversion_and_those_of_dislikes_are_nowhere_above_zero(
    ratings: csr_matrix, max_items: int, dislike: float, timed: bool
) -> None:
    parameters = EASEParameters(regularization=2, max_items=max_items, dislike=dislike, min_item_ratings=1)
    everything = np.arange(ratings.shape[1])
    model = fit_ease(ratings, everything, parameters, feedback=SCALE)
    times = 90 * np.random.default_rng(ratings.nnz).permutation(ratings.nnz) if timed else None
    histories, asked = Histories(ratings, times), selected(everything, len(everything))
    together = model.score(histories)
    for user in range(ratings.shape[0]):
        history = histories.rows(user, user + 1)
        parts, averse = model.parts(history, asked), model.aversion_parts(history, asked)
        np.testing.assert_allclose(parts.sum(axis=1), together[user], rtol=0, atol=1e-5)
        np.testing.assert_allclose(model.score(history)[0], together[user], rtol=0, atol=1e-5)
        disliked = SCALE.disliked(history.ratings.data)
        np.testing.assert_allclose(parts[:, disliked], dislike * averse[:, disliked], rtol=0, atol=1e-6)
        assert averse.max(initial=0.0) <= 0
        assert not averse[:, ~disliked].any()
