"""Trials on a sample of the users: who is in it, and parameters that mean the same there."""

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_matrix, vstack

from recsys_core.dataset.declaration import MOVIELENS
from recsys_core.dataset.interactions import Split, UserItemMatrix
from recsys_core.features import ItemFeatures
from recsys_core.histories import Histories
from recsys_core.hybrid import HybridWeights, learn_calibration
from recsys_core.hybrid.feature_ridge import FeatureRidgeParameters, feature_ridge
from recsys_core.sources.als import ALSParameters
from recsys_core.sources.ease import EASEParameters
from recsys_core.sources.source import Training
from recsys_core.sources.table import SOURCES, source_named
from recsys_core.splitting import SplitParameters, split_interactions
from recsys_core.testing import planted_features, planted_interactions
from recsys_core.tuning import SearchParameter, TuningParameters, tune, tune_als
from recsys_core.tuning.rounds import Round
from recsys_core.tuning.sample import Sample

SCALE = MOVIELENS.feedback
SPACE = (
    SearchParameter(stage="als", name="factors", kind="int", low=2, high=12, default=4),
    SearchParameter(stage="ease", name="regularization", low=1.0, high=100.0, log=True, default=20.0),
    SearchParameter(stage="blend", name="ease", low=0.0, high=2.0, default=1.0),
    SearchParameter(stage="gate", name="kappa", low=0.1, high=50.0, log=True, default=10.0),
)
SAMPLED = TuningParameters(
    n_trials_als=3,
    n_trials_ease=2,
    n_trials_blend=3,
    n_trials_gate=2,
    als=ALSParameters(iterations=6, warm_ratings=0, warm_iterations=2),
    first_ratings=(1, 3),
    search_space=SPACE,
    sample_users=40,
    sample_ratings=0,
)
COPIES = 4


@cache
def _split() -> Split:
    data = planted_interactions(150, 60, 3000, seed=2)
    return split_interactions(data, SplitParameters(validation_share=0.3, test_share=0.1), catalogue_ids=data.item_ids)


def _features() -> ItemFeatures:
    return planted_features(_split().train.item_ids)


def _training() -> Training:
    return Training(_split().train, _features(), SCALE)


def test_it_is_some_of_the_users_on_all_items_the_same_whoever_else_is_there() -> None:
    whole = _training()
    sample = Sample.of(whole, 40, 0, seed=1)
    matrix = sample.training.matrix
    assert (matrix.n_users, sample.share) == (40, 40 / whole.matrix.n_users)
    np.testing.assert_array_equal(matrix.item_ids, whole.matrix.item_ids)
    rows = np.searchsorted(whole.matrix.user_ids, matrix.user_ids)
    assert (matrix.ratings != whole.matrix.ratings[rows]).nnz == 0
    smaller = Sample.of(replace(whole, matrix=whole.matrix.rows(rows)), 20, 0, seed=1)
    assert set(smaller.training.matrix.user_ids) == set(Sample.of(whole, 20, 0, seed=1).training.matrix.user_ids)
    assert set(Sample.of(whole, 40, 0, seed=2).training.matrix.user_ids) != set(matrix.user_ids)


def test_people_who_have_rated_little_are_more_until_they_have_so_many_ratings() -> None:
    whole = _training()
    each = whole.matrix.n_ratings / whole.matrix.n_users
    sample = Sample.of(whole, 10, round(40 * each), seed=1)
    assert 39 <= sample.training.matrix.n_users <= 41
    assert sample.share == sample.training.matrix.n_users / whole.matrix.n_users
    assert Sample.of(whole, 10, whole.matrix.n_ratings, seed=1).share == 1


def test_where_there_are_no_more_it_is_everybody_with_the_very_parameters() -> None:
    whole = _training()
    sample = Sample.of(whole, whole.matrix.n_users, 0, seed=1)
    assert (sample.training, sample.share) == (whole, 1.0)
    assert sample.parameters(source_named("als"), ALSParameters()) == ALSParameters()


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("als", ALSParameters(factors=4, regularization=3.0, iterations=200, use_cg=False)),
        ("ease", EASEParameters(regularization=30.0, feature_weight=7.0, min_item_ratings=1)),
        ("ease", EASEParameters(regularization=30.0, item_power=0.2, user_power=0.5, min_item_ratings=1)),
    ],
)
def test_one_of_each_of_four_twins_teaches_what_all_of_them_do(name: str, parameters: Any) -> None:
    one, kind = _training(), source_named(name)
    everybody = replace(one, matrix=_copied(one.matrix))
    sample = Sample(one, 1 / COPIES)
    assert kind.on_sample is not None
    halved = {"iterations": parameters.iterations} if name == "als" else {}
    there = sample.parameters(kind, parameters).replace(**halved)
    known = Histories.of(_split().validation.history)
    on_all, on_one = (kind.fit(*given).score(known) for given in ((everybody, parameters), (one, there)))
    np.testing.assert_allclose(on_one, on_all, rtol=0, atol=2e-3)
    assert np.abs(kind.fit(one, parameters).score(known) - on_all).max() > 0.02  # with the parameters as they are


def _copied(matrix: UserItemMatrix) -> UserItemMatrix:
    ratings = csr_matrix(vstack([matrix.ratings] * COPIES, format="csr"))
    ids = np.arange(1, COPIES * matrix.n_users + 1, dtype=np.int64)
    return UserItemMatrix(ratings, np.tile(matrix.timestamps, COPIES), ids, matrix.item_ids)


def test_the_ridge_predicts_the_same_from_a_share_of_everybodys_ratings() -> None:
    features, n_ratings = _features(), np.arange(1, 41) * COPIES
    parameters = FeatureRidgeParameters(regularization=9.0)
    whole = feature_ridge(features, 40, n_ratings, parameters)
    share = feature_ridge(features, 40, n_ratings // COPIES, parameters.on_sample(1 / COPIES))
    np.testing.assert_allclose(share.toarray(), whole.toarray(), rtol=0, atol=1e-6)


def test_als_is_tuned_on_the_sample_and_fitted_on_everybody_from_there() -> None:
    model, trials = tune_als(_split(), SAMPLED, feedback=SCALE)
    again, same = tune_als(_split(), SAMPLED, feedback=SCALE)
    _, on_all = tune_als(_split(), SAMPLED.replace(sample_users=10_000), feedback=SCALE)
    assert trials == same
    np.testing.assert_array_equal(model.item_factors, again.item_factors)
    assert [trial.value for trial in trials] != [trial.value for trial in on_all]
    assert (model.parameters.regularization, model.parameters.iterations) == (20.0, 6)  # as they mean on everybody
    scratch = tune_als(_split(), SAMPLED.replace(als=SAMPLED.of("als").replace(warm_ratings=10**6)), feedback=SCALE)[0]
    assert (model.item_factors != scratch.item_factors).any()


def test_a_sampled_search_goes_on_with_the_model_fitted_on_everybody() -> None:
    model, trials = tune_als(_split(), SAMPLED, feedback=SCALE)
    whole = tune(_split(), _features(), SAMPLED, feedback=SCALE)
    given = tune(_split(), _features(), SAMPLED, feedback=SCALE, als_model=model)
    assert whole.of_stage("als") == trials
    assert given.trials == tuple(trial for trial in whole.trials if trial.stage != "als")
    assert (given.weights, given.calibration) == (whole.weights, whole.calibration)
    ease = given.parameters["ease"]
    assert ease is not None
    assert ease.as_dict()["regularization"] >= 1.0  # that of everybody: on the sample it would be a share of it


def test_sources_that_are_blended_are_fitted_on_everybody() -> None:
    judged = Round(_split(), SAMPLED, SCALE, _features())
    for name in ("als", "ease"):
        kind = source_named(name)
        source = judged.source(kind, SAMPLED.of(name))
        whole = Round(_split(), SAMPLED.replace(sample_users=10_000), SCALE, _features())
        known = Histories.of(_split().validation.history)
        assert not np.array_equal(judged._tried(kind, SAMPLED.of(name)).score(known), source.score(known))
        if name == "ease":
            np.testing.assert_array_equal(source.score(known), whole.source(kind, SAMPLED.of(name)).score(known))


def test_shortened_histories_are_those_of_few_people_others_for_each_length() -> None:
    parameters = {kind.name: SAMPLED.of(kind.name) for kind in SOURCES}
    some, everybody = (
        Round(_split(), SAMPLED.replace(max_shortened_users=n), SCALE, _features()).tables(parameters, HybridWeights())
        for n in (6, 1_000)
    )
    assert [len(table.n_targets) for table in some.shortened] == [6, 6]
    assert not np.array_equal(some.shortened[0].n_targets, some.shortened[1].n_targets)
    np.testing.assert_array_equal(some.whole.n_targets, everybody.whole.n_targets)


def test_titles_that_stand_for_others_teach_what_all_of_them_do(monkeypatch: pytest.MonkeyPatch) -> None:
    data = planted_interactions(600, 240, 14_000, seed=5)
    split = split_interactions(data, SplitParameters(validation_share=0.4), catalogue_ids=data.item_ids)
    features = planted_features(data.item_ids)
    parameters = {kind.name: kind.defaults for kind in SOURCES} | {"als": ALSParameters(factors=4, iterations=3)}

    def learnt() -> tuple[float, float]:
        found = learn_calibration([(split, features)], parameters, HybridWeights(), feedback=SCALE)
        assert found is not None
        return found.scores(np.array([[2.0]]), np.array([10]))[0, 0], found.cold_slope

    whole = learnt()
    monkeypatch.setattr("recsys_core.hybrid.cold_learning._MAX_OBSERVED", 6_000)
    some = learnt()
    assert some != whole
    np.testing.assert_allclose(some[1], whole[1], rtol=0.15)
