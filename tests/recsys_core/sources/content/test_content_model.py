"""The content model: the contract, cosines, parts and items outside training."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from recsys_core.dataset.declaration import MOVIELENS
from recsys_core.errors import ParameterError, ShapeError, UnknownIdError
from recsys_core.features import ItemFeatures
from recsys_core.histories import Histories
from recsys_core.sources.content import KIND, ContentModel, ContentParameters, fit_content
from recsys_core.sparse_rows import selected
from recsys_core.testing import item_feature_sets, user_item_matrices
from recsys_core.testing.source_contract import SourceContract

SCALE = MOVIELENS.feedback
WEIGHTS = ContentParameters(group_weights={"genre": 1.0, "decade": 0.5, "tags": 0.25, "genome": 2.0})


def fit(features: ItemFeatures, parameters: ContentParameters = WEIGHTS) -> ContentModel:
    return fit_content(features, features.item_ids, parameters, feedback=SCALE)


@pytest.fixture(params=[0.05, 1.0], ids=["as_they_are", "all_sparse"], scope="module", autouse=True)
def _dense_share(request: pytest.FixtureRequest) -> Iterator[None]:
    """Small matrices are dense: without this, features of which every item has few would not be tested at all."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("recsys_core.sources.content.model._DENSE_SHARE", request.param)
        yield


class TestContentKeepsTheSourceContract(SourceContract):
    kind = KIND
    parameters = WEIGHTS


@st.composite
def models_and_ratings(draw: st.DrawFn) -> tuple[ContentModel, csr_matrix]:
    ratings = draw(user_item_matrices())
    return fit(draw(item_feature_sets(n_items=ratings.shape[1]))), ratings


@settings(max_examples=40)
@given(drawn=models_and_ratings())
def test_group_scores_are_cosines(drawn: tuple[ContentModel, csr_matrix]) -> None:
    model, ratings = drawn
    scores = model.components(Histories(ratings))
    assert scores.shape == (len(model.groups), *ratings.shape)
    assert np.abs(scores).max() <= 1 + 1e-5
    rated = ratings.toarray()
    strengths = np.where(rated > 0, (rated - SCALE.middle) / 2.25, 0)
    for num, name in enumerate(model.groups):
        items = model.features.groups[name].toarray().astype(np.float64)
        profiles = (np.maximum(strengths, 0) if items.min() < 0 else strengths) @ items
        lengths = np.linalg.norm(profiles, axis=1, keepdims=True)
        cosines = np.divide(profiles @ items.T, lengths, out=np.zeros(ratings.shape), where=lengths > 1e-3)
        clear = lengths[:, 0] > 1e-3  # between that and exact cancellation a cosine is mostly rounding
        np.testing.assert_allclose(scores[num][clear], cosines[clear], rtol=0, atol=1e-3)


@settings(max_examples=40)
@given(drawn=models_and_ratings())
def test_the_score_is_the_weighted_sum_of_the_groups(drawn: tuple[ContentModel, csr_matrix]) -> None:
    model, ratings = drawn
    weights = [model.weight(group) for group in model.groups]
    expected = np.tensordot(weights, model.components(Histories(ratings)), axes=1)
    np.testing.assert_allclose(model.score(ratings), expected, rtol=0, atol=1e-5)


@settings(max_examples=40)
@given(drawn=models_and_ratings())
def test_parts_add_up_and_a_dislike_gives_nothing_above_zero(
    drawn: tuple[ContentModel, csr_matrix],
) -> None:
    model, ratings = drawn
    for row in range(ratings.shape[0]):
        parts = model.parts(Histories(ratings[[row]]), selected(np.arange(ratings.shape[1]), ratings.shape[1]))
        assert parts.shape == (ratings.shape[1], ratings[[row]].nnz)
        np.testing.assert_allclose(parts.sum(axis=1), model.score(ratings[[row]])[0], rtol=0, atol=1e-5)
        assert parts[:, SCALE.disliked(ratings[[row]].data)].max(initial=0.0) <= 1e-6


def kinds(*numbers: int) -> ItemFeatures:
    matrix = csr_matrix(np.eye(2, dtype=np.float32)[list(numbers)])
    return ItemFeatures(np.arange(1, len(numbers) + 1), {"genre": matrix}, {"genre": ["comedy", "horror"]})


def test_liking_one_kind_speaks_for_it_and_disliking_it_against() -> None:
    model = fit(kinds(0, 0, 1), ContentParameters(group_weights={"genre": 1.0}))
    ratings = csr_matrix(np.array([[5, 0, 0], [1, 0, 0]], dtype=np.float32))
    np.testing.assert_allclose(model.score(ratings)[:, 1:], [[1, 0], [-1, 0]], atol=1e-6)


def test_likes_and_dislikes_that_cancel_leave_no_profile() -> None:
    diagonal = ItemFeatures(
        np.arange(1, 5),
        {"genre": csr_matrix(np.tile(np.array([0.6, 0.8], dtype=np.float32), (4, 1)))},
        {"genre": ["comedy", "horror"]},
    )
    model = fit(diagonal, ContentParameters(group_weights={"genre": 1.0}))
    cancelling = csr_matrix(np.array([[5, 3, 0.5, 2.5]], dtype=np.float32))
    assert SCALE.strengths(cancelling.data).sum() == pytest.approx(0, abs=1e-6)
    np.testing.assert_array_equal(model.score(cancelling), 0)
    np.testing.assert_array_equal(model.parts(Histories(cancelling), selected(np.arange(4), 4)), 0)


def test_groups_without_a_weight_do_not_count() -> None:
    model = fit(kinds(0, 1), ContentParameters(group_weights={"decade": 1.0}))
    assert not model.score(csr_matrix(np.array([[5, 0]], dtype=np.float32))).any()


def test_in_a_group_with_features_of_either_sign_a_dislike_says_nothing() -> None:
    components = csr_matrix(np.float32([[0.6, 0.8], [0.6, -0.8], [0.8, -0.6]]))
    features = ItemFeatures(np.arange(1, 4), {"genome": components}, {"genome": ["a", "b"]})
    model = fit(features, ContentParameters(group_weights={"genome": 1.0}))
    disliking, both, liking = (csr_matrix(np.float32([values])) for values in ([1, 0, 0], [1, 5, 0], [0, 5, 0]))
    assert not model.score(disliking).any()
    np.testing.assert_allclose(model.score(both), model.score(liking), atol=1e-6)
    assert not model.parts(Histories(both), selected(np.arange(3), 3))[:, 0].any()
    together = csr_matrix(np.float32([[1, 0, 0], [1, 5, 0]]))
    np.testing.assert_allclose(model.score(together), np.vstack([model.score(disliking), model.score(both)]), atol=1e-6)


def test_items_outside_training_score_like_training_items_with_the_same_features() -> None:
    model = fit_content(kinds(0, 1, 0, 1), np.array([1, 2]), WEIGHTS, feedback=SCALE)
    for ratings in (csr_matrix(np.float32([[5, 1]])), csr_matrix(np.float32([[5, 1], [0, 4]]))):
        np.testing.assert_allclose(model.cold_score(ratings), model.score(ratings), atol=1e-6)


def test_ratings_of_items_outside_training_count_like_those_of_training_items() -> None:
    model = fit_content(kinds(0, 1, 0, 1), np.array([1, 2]), WEIGHTS, feedback=SCALE)
    rating, nothing = csr_matrix(np.float32([[5, 0.5]])), csr_matrix((1, 2), dtype=np.float32)
    warm, cold = Histories(rating), Histories(nothing, None, rating)
    np.testing.assert_allclose(model.score(cold), model.score(warm), atol=1e-6)
    np.testing.assert_allclose(
        model.parts(cold, selected(np.arange(4), 4)), model.parts(warm, selected(np.arange(4), 4)), atol=1e-6
    )
    with pytest.raises(ShapeError, match="cold ratings have 3 columns, the catalogue 2 cold items"):
        model.score(Histories(nothing, None, csr_matrix(np.float32([[5, 0, 0]]))))


def test_a_training_item_without_features_is_refused() -> None:
    with pytest.raises(UnknownIdError, match="item 8"):
        fit_content(kinds(0, 1), np.array([1, 8]), WEIGHTS, feedback=SCALE)


@pytest.mark.parametrize(("weights", "message"), [({"actors": 1.0}, "'actors' is not known"), ({"tags": -1}, "-1")])
def test_wrong_group_weights_are_refused(weights: dict[str, float], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        ContentParameters(group_weights=weights)
