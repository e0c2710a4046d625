"""Explanations: sources, terms and titles add up, and what was disliked never speaks for an item."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from recsys_core.dataset.declaration import MOVIELENS
from recsys_core.dataset.feedback import Feedback
from recsys_core.errors import ShapeError
from recsys_core.histories import Histories
from recsys_core.hybrid import MODEL_NAMES, SIDES, HybridModel, ModelName
from recsys_core.sources.table import SOURCES
from recsys_core.testing import histories_of
from recsys_core.testing.hybrids import planted_hybrid_on
from tests.recsys_core.planted import cold_row, mixing, row_of
from tests.recsys_core.planted import model as _model
from tests.recsys_core.planted import train as _train

N_ITEMS, N_COLD = 40, 7
ONE_HISTORY = histories_of(n_items=N_ITEMS, n_cold=N_COLD, max_users=1)


def assert_explained(
    model: HybridModel, history: Histories, nums: np.ndarray, scores: np.ndarray, name: ModelName
) -> None:
    """The parts of each explanation add up to the item's score, and dislikes say nothing for it."""
    values = history.ratings.data if history.cold is None else np.append(history.ratings.data, history.cold.data)
    disliked = set(history.item_nums[MOVIELENS.feedback.disliked(values)].tolist())
    for num, score, why in zip(nums, scores, model.explain(history, nums, n_because=None, model=name), strict=True):
        assert why.item_num == num
        assert why.score == pytest.approx(score, abs=1e-4)
        assert tuple(why.sources) == SIDES
        assert sum(why.sources.values()) == pytest.approx(why.score, abs=1e-9)
        assert sum(why.terms.values()) == pytest.approx(why.score, abs=1e-9)
        assert set(why.terms) <= {*(kind.name for kind in SOURCES), "dislikes", "constant"}
        assert why.terms.get("dislikes", 0.0) <= 0
        told = sum(contribution for _, contribution in why.because)
        assert told == pytest.approx(why.sources["collaborative"] + why.sources["content"], abs=1e-5)
        assert sorted(title for title, _ in why.because) == sorted(history.item_nums.tolist())
        assert all(contribution <= 1e-9 for title, contribution in why.because if title in disliked)


@given(history=ONE_HISTORY, name=st.sampled_from(MODEL_NAMES), dislikes=st.sampled_from([0.0, 4.0]))
def test_parts_add_up_for_every_history_and_no_dislike_speaks_for_an_item(
    history: Histories, name: ModelName, dislikes: float
) -> None:
    model = _model().with_weights(_model().weights.replace(dislikes=dislikes))
    asked = np.array([0, 7, 39])
    assert_explained(model, history, asked, model.score(history, model=name)[0, asked], name)


@given(history=ONE_HISTORY)
def test_so_they_do_for_cold_items(history: Histories) -> None:
    asked = np.array([N_ITEMS, 3, N_ITEMS + 5])
    assert_explained(mixing(), history, asked, mixing().score_catalogue(history)[0, asked], "hybrid")


@pytest.mark.parametrize("feedback", [Feedback.events(), Feedback(0.0, 5.0, 1.0, "counts")])
def test_where_nothing_is_disliked_there_is_no_such_term(feedback: Feedback) -> None:
    model = planted_hybrid_on(_train(), feedback=feedback)
    history = Histories.of(_train()).rows(4, 5)
    asked = np.arange(0, N_ITEMS, 5)
    for score, why in zip(model.score(history)[0, asked], model.explain(history, asked), strict=True):
        assert sum(why.terms.values()) == pytest.approx(score, abs=1e-4)
        assert why.terms.get("dislikes", 0.0) == 0


def test_because_names_only_titles_that_spoke_for_the_item_the_strongest_first() -> None:
    row = _train().ratings[[0]]
    nums = _model().recommend(row, 10).item_nums
    whole, best = (_model().explain(row, nums, n_because=n) for n in (None, 3))
    assert any(why.because for why in best)
    for everything, why in zip(whole, best, strict=True):
        assert why.because == tuple(pair for pair in everything.because if pair[1] > 0)[:3]
        contributions = [value for _, value in everything.because]
        assert contributions == sorted(contributions, reverse=True)


def test_a_title_of_the_same_kind_is_the_reason() -> None:
    row = row_of(i4=5.0, i5=5.0)  # kinds 0 and 1
    best_of_kind_0 = next(num for num in _model().recommend(row, 40).item_nums if num % 4 == 0)
    assert _model().explain(row, np.array([best_of_kind_0]))[0].because[0][0] == 4


def test_for_somebody_without_ratings_popularity_is_the_whole_explanation() -> None:
    why = _model().explain(row_of(), np.array([0]))[0]
    assert why.because == ()
    assert why.sources["collaborative"] == why.sources["content"] == 0
    assert why.sources["popularity"] + why.sources["constant"] == pytest.approx(why.score)
    assert why.score == pytest.approx(float(_model().score(row_of())[0, 0]), abs=1e-6)


@pytest.mark.parametrize(("name", "silent"), [("als", "content"), ("ease", "content"), ("content", "collaborative")])
def test_one_model_alone_is_explained_by_its_own_source(name: ModelName, silent: str) -> None:
    why = _model().explain(row_of(i4=5.0), np.array([8]), model=name)[0]
    assert set(why.terms) == {name, "constant"}
    assert why.sources[silent] == 0


def test_a_liked_title_without_ratings_is_a_reason_by_its_content() -> None:
    history = Histories(row_of(), None, cold_row(2, 5.0))
    kind = (_model().cold_item_ids[2] // 3 - 1) % 4
    best = int(_model().score(history, model="content")[0].argmax())
    assert best % 4 == kind
    assert [num for num, _ in _model().explain(history, np.array([best]))[0].because] == [N_ITEMS + 2]


def test_explaining_takes_one_user_and_items_of_the_catalogue() -> None:
    with pytest.raises(ShapeError, match="expected the row of one user"):
        _model().explain(_train().ratings[:2], np.array([0]))
    with pytest.raises(ShapeError, match="expected 0 to 46"):
        _model().explain(csr_matrix((1, N_ITEMS), dtype=np.float32), np.array([47]))
