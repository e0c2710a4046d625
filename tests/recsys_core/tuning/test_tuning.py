"""The whole search: never worse than the defaults, resumable, blind to the test part."""

import weakref
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_info  # type: ignore[import-untyped]

from recsys_core.dataset.declaration import MOVIELENS
from recsys_core.dataset.interactions import HeldOut, Split, UserItemMatrix
from recsys_core.errors import ParameterError, ShapeError
from recsys_core.features import ItemFeatures
from recsys_core.hybrid import HybridWeights
from recsys_core.sources.als import ALSModel, ALSParameters, fit_als
from recsys_core.sources.ease import EASEParameters
from recsys_core.sources.recent_popularity import RecentPopularityParameters
from recsys_core.splitting import SplitParameters, split_interactions
from recsys_core.testing import planted_features, planted_interactions
from recsys_core.tuning import (
    STAGES,
    SearchParameter,
    TuningParameters,
    TuningResult,
    best_trial,
    tune,
    tune_als,
)
from recsys_core.tuning.rounds import Round, Tables
from recsys_core.tuning.tune import _Tuner

SCALE = MOVIELENS.feedback
SPACE = (
    SearchParameter(stage="als", name="factors", kind="int", low=2, high=12, default=3),
    SearchParameter(stage="ease", name="regularization", low=1.0, high=100.0, log=True, default=80.0),
    SearchParameter(stage="blend", name="ease", low=0.0, high=2.0, default=0.1),
    SearchParameter(stage="blend", name="content", low=0.0, high=2.0, default=0.0),
    SearchParameter(stage="blend", name="weight_genre", low=0.0, high=1.0, default=0.2),
    SearchParameter(stage="blend", name="weight_genome", low=0.0, high=1.0, default=0.2),
    SearchParameter(stage="gate", name="kappa", low=0.1, high=50.0, log=True, default=10.0),
)
PARAMETERS = TuningParameters(
    n_trials_als=3,
    n_trials_ease=3,
    n_trials_blend=6,
    n_trials_gate=4,
    als=ALSParameters(iterations=3),
    ease=EASEParameters(),
    recent_popularity=RecentPopularityParameters(rating_power=0, half_life=2, floor=0.1),
    first_ratings=(1, 3),
    search_space=SPACE,
)


@cache
def _interactions() -> UserItemMatrix:
    return planted_interactions(150, 60, 3000, seed=2)


@cache
def _split() -> Split:
    return split_interactions(
        _interactions(), SplitParameters(validation_share=0.3, test_share=0.1), catalogue_ids=_interactions().item_ids
    )


@cache
def _features() -> ItemFeatures:
    return planted_features(_interactions().item_ids)


@cache
def _result() -> TuningResult:
    return search()


def search(parameters: TuningParameters = PARAMETERS, split: Split | None = None, **options: object) -> TuningResult:
    return tune(split or _split(), _features(), parameters, feedback=SCALE, **options)  # type: ignore[arg-type]


def test_what_is_chosen_is_the_best_of_each_stage_or_a_source_that_is_better_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    judged, whole = _Tuner._gate_objective, _result()

    def no_source_alone(tuner: _Tuner, tables: list[Tables], weights: HybridWeights) -> float:
        return judged(tuner, tables, weights) if len(weights.taste) > 1 else 0.0

    monkeypatch.setattr(_Tuner, "_gate_objective", no_source_alone)
    found = search()
    for stage in STAGES:
        trials = found.of_stage(stage)
        assert [trial.number for trial in trials] == list(range(PARAMETERS.n_trials(stage)))
        assert best_trial(trials).value >= trials[0].value
    for stage in ("als", "ease"):
        chosen = found.parameters[stage]
        assert chosen is not None
        assert best_trial(found.of_stage(stage)).params.items() <= chosen.as_dict().items()
    assert found.parameters["neighbours"] == PARAMETERS.of("neighbours")
    assert found.weights.taste["ease"] == best_trial(found.of_stage("blend")).params["ease"]
    assert found.weights.kappa == best_trial(found.of_stage("gate")).params["kappa"]
    assert found.fell_back_on == ""
    assert found.best_objective >= found.default_objective
    assert whole.fell_back_on == "ease"  # the planted data leave little to a blend
    assert whole.weights == found.weights.alone("ease")
    assert whole.best_objective > found.best_objective
    assert whole.trials == found.trials


@pytest.mark.parametrize("n_trials", [4, 5, 8, 10, 33, 124])
def test_trials_are_divided_among_all_stages(n_trials: int) -> None:
    divided = PARAMETERS.with_trials(n_trials)
    counts = [divided.n_trials(stage) for stage in STAGES]
    assert (min(counts) >= 1, sum(counts)) == (True, n_trials)
    assert divided.n_trials("blend") == max(counts)
    assert divided.replace(**{f"n_trials_{stage}": PARAMETERS.n_trials(stage) for stage in STAGES}) == PARAMETERS


def test_the_first_trial_of_each_stage_has_the_defaults() -> None:
    assert _result().of_stage("als")[0].params == {"factors": 3}
    assert _result().of_stage("gate")[0].params == {"kappa": 10.0}


def test_groups_that_are_absent_are_not_tuned() -> None:
    assert set(_result().of_stage("blend")[0].params) == {"ease", "content", "weight_genre"}
    assert set(_result().weights.group_weights) == {"genre"}


def test_it_finds_more_than_poor_defaults_and_never_less() -> None:
    assert _result().best_objective > _result().default_objective
    single = PARAMETERS.replace(n_trials_als=1, n_trials_ease=1, n_trials_blend=1, n_trials_gate=1)
    untuned = search(single)
    assert untuned.best_objective >= untuned.default_objective
    assert (untuned.best_objective > untuned.default_objective) == (untuned.fell_back_on != "")


def test_weights_that_are_better_stage_by_stage_but_worse_together_give_way_to_the_defaults(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def defaults_are_best(_tuner: _Tuner, _tables: object, weights: HybridWeights) -> float:
        if len(weights.taste) == 1:  # a source alone
            return 0.0
        return 2.0 if (weights.kappa, weights.taste["ease"]) == (10.0, 0.1) else 1.0

    monkeypatch.setattr(_Tuner, "_gate_objective", defaults_are_best)
    found = search()
    assert (found.weights.kappa, found.weights.taste["ease"]) == (10.0, 0.1)
    assert found.best_objective == found.default_objective == 2.0


def test_further_rounds_judge_ease_and_weights_on_other_people_and_leave_als_alone() -> None:
    splitting = SplitParameters(validation_share=0.3, test_share=0.1)
    other = split_interactions(
        _interactions(), splitting.replace(validation_fold=1), catalogue_ids=_interactions().item_ids
    )
    found = search(more_rounds=[(other, _features())])
    assert found.n_users > _result().n_users
    assert found.of_stage("als") == _result().of_stage("als")
    assert found.of_stage("ease")[0].value != _result().of_stage("ease")[0].value
    assert found.of_stage("blend")[0].value != _result().of_stage("blend")[0].value


def test_blas_has_one_thread_where_rounds_are_side_by_side_and_all_of_them_where_there_is_one() -> None:
    def threads() -> set[int]:
        return {found["num_threads"] for found in threadpool_info() if found["user_api"] == "blas"}

    one, several, outside = set[int](), set[int](), threads()
    search(on_trial=lambda *_: one.update(threads()))
    search(on_trial=lambda *_: several.update(threads()), more_rounds=[(_split(), _features())])
    assert one == outside
    assert several == {1}
    assert threads() == outside


def test_the_same_search_twice_is_the_same_to_the_last_bit() -> None:
    assert search() == _result()


def test_a_search_that_is_killed_in_any_stage_ends_the_same(tmp_path: Path) -> None:
    class Killed(BaseException):
        pass

    calls = 0

    def killing_at(when: int) -> object:
        def on_trial(*_: object) -> None:
            nonlocal calls
            calls += 1
            if calls == when:
                raise Killed

        return on_trial

    path = tmp_path / "trials.log"
    for when in (2, 5, 9, 14):
        calls = 0
        with pytest.raises(Killed):
            search(storage=path, on_trial=killing_at(when))
    assert search(storage=path) == _result()


def test_the_tables_of_scores_are_gone_when_new_titles_are_learnt(monkeypatch: pytest.MonkeyPatch) -> None:
    made, left = [], []
    tables, calibration = Round.tables, _Tuner._calibration

    def watched(own: Round, *arguments: Any) -> Tables:
        found = tables(own, *arguments)
        made.append(weakref.ref(found.whole.terms))
        return found

    def counted(tuner: _Tuner, *arguments: Any) -> Any:
        left.extend(one for one in made if one() is not None)
        return calibration(tuner, *arguments)

    monkeypatch.setattr(Round, "tables", watched)
    monkeypatch.setattr(_Tuner, "_calibration", counted)
    search()
    assert made
    assert left == []


def test_the_test_part_is_never_looked_at() -> None:
    class Untouchable:
        def __getattribute__(self, name: str) -> object:
            raise AssertionError(f"tuning read the test part's {name}")

    blind = Split(_split().train, _split().validation, Untouchable(), _split().summary)  # type: ignore[arg-type]
    assert search(split=blind) == _result()


def test_permuted_validation_targets_destroy_the_objective() -> None:
    part = _split().validation
    rng = np.random.default_rng(0)
    shuffled = part.targets.copy()
    for row in range(shuffled.shape[0]):
        places = slice(shuffled.indptr[row], shuffled.indptr[row + 1])
        unseen = np.setdiff1d(np.arange(shuffled.shape[1]), part.history.ratings[[row]].indices)
        shuffled.indices[places] = np.sort(rng.choice(unseen, places.stop - places.start, replace=False))
    nonsense = HeldOut(part.history, csr_matrix(shuffled), part.cold_targets, part.cold_item_ids)
    found = search(split=Split(_split().train, nonsense, _split().test, {}))
    assert best_trial(found.of_stage("als")).value < 0.6 * best_trial(_result().of_stage("als")).value


def test_of_sources_that_are_left_out_nothing_is_tuned() -> None:
    gate = SearchParameter(stage="gate", name="neighbours", low=0.0, high=2.0, default=0.6)
    found = search(PARAMETERS.replace(ease=None, neighbours=None, search_space=(*SPACE, gate)))
    for name in ("ease", "neighbours"):
        assert found.parameters[name] is None
        assert not found.weights.has(name)
        assert found.of_stage(name) == []
        assert name not in {key for trial in found.trials for key in trial.params}
    assert found.fell_back_on not in {"ease", "neighbours"}
    assert TuningParameters(**PARAMETERS.replace(ease=None).as_dict()).of("ease") is None


def test_at_most_max_users_are_judged() -> None:
    assert search(PARAMETERS.replace(max_users=7)).n_users == 7


def test_a_time_budget_keeps_at_least_the_defaults_of_each_stage() -> None:
    seconds = iter(range(10_000))
    found = search(PARAMETERS.replace(time_budget=4.0), clock=lambda: float(next(seconds)))
    assert [len(found.of_stage(stage)) >= 1 for stage in STAGES] == [True] * 4
    assert len(found.trials) < 16
    assert all(trial.seconds > 0 for trial in found.trials)


def test_a_time_budget_without_a_clock_is_refused() -> None:
    with pytest.raises(ParameterError, match=r"time_budget = 4.0: needs a clock"):
        search(PARAMETERS.replace(time_budget=4.0))


def test_a_result_survives_the_disk(tmp_path: Path) -> None:
    _result().save(tmp_path)
    loaded = TuningResult.load(tmp_path)
    assert loaded == _result()
    assert loaded.as_dict() == _result().as_dict()


def test_parameters_survive_their_plain_form() -> None:
    assert TuningParameters(**PARAMETERS.as_dict()) == PARAMETERS
    assert TuningParameters(**TuningParameters().as_dict()) == TuningParameters()


def test_a_handful_of_users_and_movies_is_enough() -> None:
    few = planted_interactions(12, 6, 50, seed=4)
    split = split_interactions(
        few,
        SplitParameters(validation_share=0.4, test_share=0.2, min_user_ratings=2, positive_threshold=2.0),
        catalogue_ids=few.item_ids,
    )
    found = tune(split, planted_features(few.item_ids), PARAMETERS, feedback=SCALE)
    assert 0 <= found.default_objective <= found.best_objective <= 1


def test_als_tuned_on_its_own_is_the_first_stage_of_the_whole_search(tmp_path: Path) -> None:
    model, trials = tune_als(_split(), PARAMETERS, feedback=SCALE, storage=tmp_path / "als.journal")
    assert trials == _result().of_stage("als")
    assert model.parameters == _result().parameters["als"]


def test_with_a_tuned_als_model_the_other_stages_come_out_the_same_to_the_last_bit(tmp_path: Path) -> None:
    model, _ = tune_als(_split(), PARAMETERS, feedback=SCALE)
    model.save(tmp_path)
    found = search(als_model=ALSModel.load(tmp_path), storage=tmp_path / "weights.journal")
    assert found.trials == tuple(trial for trial in _result().trials if trial.stage != "als")
    assert found == replace(_result(), trials=found.trials)
    assert list(found.as_dict()["stages"]) == ["ease", "blend", "gate"]


def test_a_given_als_model_is_neither_tuned_nor_read_from_the_journal(tmp_path: Path) -> None:
    path = tmp_path / "trials.journal"
    search(storage=path)  # which leaves trials of ALS in the file
    other = fit_als(_split().train.ratings, _split().train.item_ids, ALSParameters(factors=2), feedback=SCALE)
    told: list[str] = []
    found = search(als_model=other, storage=path, on_trial=lambda trial, *_: told.append(trial.stage))
    assert found.parameters["als"] == other.parameters
    assert "als" not in told
    assert found.of_stage("blend") != _result().of_stage("blend")  # those followed another ALS model


def test_an_als_model_of_other_items_is_refused() -> None:
    fewer = planted_interactions(40, 20, 400, seed=3)
    model = fit_als(fewer.ratings, fewer.item_ids, ALSParameters(factors=2, iterations=1), feedback=SCALE)
    with pytest.raises(ShapeError, match=r"ALS model has 20 items, the training part 60.*tuned on this split"):
        search(als_model=model)


def test_what_the_data_cannot_tell_is_not_searched() -> None:
    space = (
        SearchParameter(stage="als", name="factors", kind="int", low=2, high=12, default=3),
        SearchParameter(stage="als", name="rating_power", low=1.0, high=4.0, default=3.0, needs="values"),
        SearchParameter(stage="ease", name="feature_weight", low=1.0, high=9.0, default=2.0, needs="features"),
        SearchParameter(stage="blend", name="ease", low=0.0, high=2.0, default=0.1),
    )
    split = _split()
    data = np.full_like(split.train.ratings.data, 5.0)
    constant = csr_matrix((data, split.train.ratings.indices, split.train.ratings.indptr), split.train.ratings.shape)
    equal = replace(split, train=replace(split.train, ratings=constant))
    nothing = ItemFeatures(_features().item_ids, {}, {})

    def searched(split: Split, features: ItemFeatures) -> set[str]:
        found = tune(split, features, PARAMETERS.replace(search_space=space), feedback=SCALE)
        return {name for trial in found.trials for name in trial.params}

    assert searched(split, _features()) == {"factors", "rating_power", "feature_weight", "ease"}
    assert searched(equal, nothing) == {"factors", "ease"}
