"""Content that enters as factors: the scores of the content model, and their moments."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from recsys_core.dataset.declaration import MOVIELENS
from recsys_core.features import ItemFeatures
from recsys_core.histories import Histories
from recsys_core.sources.content import KIND, ContentModel, ContentParameters, fit_content
from recsys_core.sources.content.factored import FactoredContent
from recsys_core.sources.source import Training, raw_scores
from recsys_core.testing import item_feature_sets, user_item_matrices
from recsys_core.testing.source_contract import SourceContract

WEIGHTS = ContentParameters(group_weights={"genre": 1.0, "decade": 0.5, "tags": 0.25, "genome": 2.0})


def factored(model: ContentModel) -> FactoredContent:
    found = FactoredContent.of(model)
    assert found is not None
    return found


def _fit(training: Training, parameters: ContentParameters) -> FactoredContent:
    return factored(fit_content(training.features, training.matrix.item_ids, parameters, feedback=training.feedback))


class TestFactoredContentKeepsTheSourceContract(SourceContract):
    kind = replace(KIND, fit=_fit, model=FactoredContent)
    parameters = WEIGHTS


@st.composite
def models_and_ratings(draw: st.DrawFn) -> tuple[ContentModel, FactoredContent, csr_matrix]:
    ratings = draw(user_item_matrices(min_items=2))
    features = draw(item_feature_sets(n_items=ratings.shape[1]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("recsys_core.sources.content.model._DENSE_SHARE", -1.0)
        model = fit_content(features, features.item_ids, WEIGHTS, feedback=MOVIELENS.feedback)
        found = factored(model)
        assert found.item_side.shape[1] == model.n_warm
    return model, found, ratings


@given(drawn=models_and_ratings())
def test_scores_and_moments_are_those_of_the_content_model(
    drawn: tuple[ContentModel, FactoredContent, csr_matrix],
) -> None:
    model, found, ratings = drawn
    entry, scores = found.enter(Histories(ratings)), model.score(ratings)
    np.testing.assert_allclose(raw_scores(found, entry), scores, rtol=0, atol=1e-5)
    np.testing.assert_allclose(entry.moments.mean, scores.mean(axis=1), rtol=0, atol=1e-5)
    np.testing.assert_allclose(entry.moments.std, scores.std(axis=1), rtol=0, atol=1e-3)


def test_items_that_a_group_does_not_know_have_no_features_of_it() -> None:
    genome = csr_matrix(np.float32([[1, 0], [0, 0], [0, 0], [0.6, 0.8]]))
    genre = csr_matrix(np.float32([[1], [1], [0], [1]]))
    features = ItemFeatures(np.arange(1, 5), {"genre": genre, "genome": genome}, {"genre": ["a"], "genome": ["b", "c"]})
    model = factored(fit_content(features, np.arange(1, 4), WEIGHTS, feedback=MOVIELENS.feedback))
    np.testing.assert_array_equal(model.item_side, np.float32([[1, 1, 0], [1, 0, 0], [0, 0, 0]]))


def test_without_weights_nothing_is_said() -> None:
    features = ItemFeatures(np.arange(1, 3), {"genre": csr_matrix(np.float32([[1], [1]]))}, {"genre": ["a"]})
    model = factored(fit_content(features, np.arange(1, 3), ContentParameters(), feedback=MOVIELENS.feedback))
    nothing = ContentModel(model.features, 2, ContentParameters(group_weights={}), MOVIELENS.feedback)
    entry = factored(nothing).enter(Histories(csr_matrix(np.float32([[5, 1]]))))
    assert entry.left is not None
    assert entry.left.shape == (1, 0)
    assert entry.moments.std.tolist() == [0]


def test_a_group_that_is_multiplied_as_a_sparse_matrix_is_no_factor() -> None:
    tags = csr_matrix((np.ones(1, dtype=np.float32), ([0], [17])), shape=(2, 400))
    features = ItemFeatures(np.arange(1, 3), {"tags": tags}, {"tags": [f"tag {num}" for num in range(400)]})
    model = fit_content(features, np.arange(1, 3), WEIGHTS, feedback=MOVIELENS.feedback)
    assert FactoredContent.of(model) is None
    weightless = model.weighted({"genre": 1.0})
    assert FactoredContent.of(weightless) is not None
