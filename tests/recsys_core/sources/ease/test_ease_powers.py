"""The two powers of EASE against a dense solution, and many parameters at once against models fitted one by one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from recsys_core.dataset.declaration import MOVIELENS
from recsys_core.evaluation import ndcg_of_scores
from recsys_core.hybrid import training_of
from recsys_core.sources.ease import EASEParameters, EASEPath, fit_ease
from recsys_core.sources.ease.fit import solve_ease
from recsys_core.testing import heavy_raters, planted_features, user_item_matrices
from recsys_core.testing.hybrids import as_interactions

SCALE = MOVIELENS.feedback


def ids_of(ratings: csr_matrix) -> np.ndarray:
    return np.arange(3, 3 * ratings.shape[1] + 1, 3, dtype=np.int64)


@given(
    ratings=user_item_matrices(min_users=2, max_users=9, min_items=3, min_ratings=4),
    user_power=st.sampled_from([0.0, 0.5, 2.0]),
    item_power=st.sampled_from([0.0, 0.3, 1.0]),
    max_items=st.sampled_from([3, 50]),
)
def test_the_powers_weigh_rows_and_scale_columns(
    ratings: csr_matrix, user_power: float, item_power: float, max_items: int
) -> None:
    parameters = EASEParameters(
        regularization=2.0,
        max_items=max_items,
        min_item_ratings=1,
        rating_power=1.0,
        user_power=user_power,
        item_power=item_power,
    )
    model = fit_ease(ratings, ids_of(ratings), parameters, feedback=SCALE)
    lengths = np.diff(ratings.indptr)
    times = (np.maximum(lengths, 1) / lengths[lengths > 0].mean()) ** -user_power
    x = ratings.toarray().astype(np.float64)[:, model.kept_nums] / SCALE.maximum
    gram = x.T @ (times[:, None] * x)
    scale = np.diag(gram) ** -item_power
    scale /= scale.mean()
    expected = solve_ease(gram * scale * scale[:, None], 2.0) * scale[:, None] / scale
    np.testing.assert_allclose(model.weights, expected, rtol=1e-3, atol=2e-4)


@pytest.mark.parametrize(("power", "by"), [({"user_power": 1.0}, "people"), ({"item_power": 0.5}, "titles")])
def test_a_power_changes_the_weights(power: dict[str, float], by: str) -> None:
    ratings = csr_matrix(np.float32([[5, 5, 4, 3], [5, 4, 0, 0], [4, 0, 0, 5], [0, 5, 5, 5]]))
    plain = EASEParameters(min_item_ratings=1)
    plain_weights, weights = (
        fit_ease(ratings, ids_of(ratings), p, feedback=SCALE).weights for p in (plain, plain.replace(**power))
    )
    assert np.abs(weights - plain_weights).max() > 1e-3, by


@given(
    ratings=user_item_matrices(min_users=2, max_users=5, min_items=6, max_items=9, min_ratings=6),
    max_items=st.sampled_from([4, 50]),
    points=st.lists(
        st.fixed_dictionaries(
            {
                "regularization": st.sampled_from([0.5, 10.0, 300.0]),
                "feature_weight": st.sampled_from([0.0, 0.5, 8.0]),
                "user_power": st.sampled_from([0.0, 1.0]),
                "item_power": st.sampled_from([0.0, 0.4]),
                "dislike": st.sampled_from([0.2, 2.0]),
            }
        ),
        min_size=1,
        max_size=4,
    ),
)
def test_models_along_the_path_are_those_fitted_one_by_one(
    ratings: csr_matrix, max_items: int, points: list[dict[str, float]]
) -> None:
    base = EASEParameters(max_items=max_items, min_item_ratings=1, rating_power=1.5)
    ids = ids_of(ratings)
    features = planted_features(ids)
    path = EASEPath(training_of(as_interactions(ratings, ids), features, SCALE), base)
    for point in points:
        parameters = base.replace(**point)
        found = path(parameters)
        fitted = fit_ease(ratings, ids, parameters, feedback=SCALE, features=features)
        assert found.parameters == parameters
        np.testing.assert_array_equal(found.kept_nums, fitted.kept_nums)
        np.testing.assert_allclose(found.score(ratings), fitted.score(ratings), rtol=1e-3, atol=1e-3)


def test_where_heavy_raters_rate_everything_the_powers_find_more() -> None:
    everything = heavy_raters(1200, 700, mean_length=80, seed=3)
    hidden = np.random.default_rng(0).random(everything.n_ratings) < 0.2
    known, targets = everything.select(~hidden).ratings, everything.select(hidden).ratings
    asked = np.flatnonzero(np.diff(targets.indptr))

    def found(**powers: float) -> np.ndarray:
        model = fit_ease(known, everything.item_ids, EASEParameters(regularization=100.0, **powers), feedback=SCALE)
        scores = model.score(csr_matrix(known[asked]))
        return ndcg_of_scores(scores, csr_matrix(targets[asked]), seen=csr_matrix(known[asked]), k=20)

    gain = found(user_power=0.5, item_power=0.15) - found()
    assert gain.mean() > 3 * gain.std() / np.sqrt(len(gain)) > 0
