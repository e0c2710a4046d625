"""The search space as data: ranges, defaults, digests."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys_core.errors import ParameterError
from recsys_core.features import GROUP_NAMES
from recsys_core.hybrid import HybridWeights
from recsys_core.sources.als import ALSParameters
from recsys_core.sources.ease import EASEParameters
from recsys_core.sources.table import SOURCES, source_named
from recsys_core.testing.builders import planted_interactions
from recsys_core.tuning import SEARCH_SPACE, STAGES, SearchParameter, StageSpace, Trial, TuningParameters, best_trial
from recsys_core.tuning.space import for_ratings, with_values
from recsys_core.tuning.study import Proposals


def test_every_parameter_of_the_space_is_one_of_its_model() -> None:
    names = {kind.name for kind in SOURCES}
    for parameter in SEARCH_SPACE:
        if parameter.name.startswith("weight_"):
            assert parameter.name.removeprefix("weight_") in GROUP_NAMES
        elif parameter.stage in ("blend", "gate"):
            assert parameter.name in names | set(HybridWeights.model_fields)
        else:
            assert parameter.name in type(source_named(parameter.stage).defaults).model_fields
    assert {p.stage for p in SEARCH_SPACE} == set(STAGES)


def test_a_source_declares_its_own_parameters_and_its_weights_and_nothing_else() -> None:
    for kind in SOURCES:
        for parameter in kind.search:
            assert parameter.stage in {kind.name, "blend", "gate"}
            if parameter.stage != kind.name and not parameter.name.startswith("weight_"):
                assert parameter.name == kind.name
        assert kind.is_tuned == any(parameter.stage == kind.name for parameter in kind.search)
    shares = [kind.budget for kind in SOURCES]
    assert sum(shares) < 1
    assert all(kind.is_tuned for kind in SOURCES if kind.budget > 0)


def test_many_ratings_widen_the_space_and_few_leave_it_alone() -> None:
    assert for_ratings(SEARCH_SPACE, 299_999, 2_000) == SEARCH_SPACE
    wide = {(p.stage, p.name): p for p in for_ratings(SEARCH_SPACE, 300_000, 15_000)}
    assert {("ease", "user_power"), ("ease", "item_power")} == set(wide) - {(p.stage, p.name) for p in SEARCH_SPACE}
    assert wide["als", "factors"].high == 256
    assert for_ratings(tuple(wide.values()), 10**8, 15_000) == tuple(wide.values())
    huge = {(p.stage, p.name): p for p in for_ratings(SEARCH_SPACE, 16_000_000, 100_000)}
    assert huge["als", "regularization"].high == 4 * wide["als", "regularization"].high
    assert huge["ease", "regularization"].default == 16 * wide["ease", "regularization"].default
    assert huge["als", "factors"] == wide["als", "factors"]
    assert for_ratings(SEARCH_SPACE, 10**6, 200_000) == SEARCH_SPACE, "five each are not many, however many people"


def searched(space: tuple[SearchParameter, ...]) -> set[tuple[str, str]]:
    return {(p.stage, p.name) for p in space}


def test_what_is_set_is_kept_and_all_else_is_searched() -> None:
    usual = TuningParameters()
    chosen = TuningParameters(
        als={"factors": 64},
        weights={"kappa": 20.0, "taste": {**usual.weights.taste, "content": 0.2}, "group_weights": {"genre": 1.0}},
    )
    kept = {("als", "factors"), ("gate", "kappa"), ("blend", "content"), ("blend", "weight_genre")}

    assert searched(usual.search_space) - searched(chosen.search_space) == kept
    assert searched(chosen.search_space) < searched(usual.search_space)
    assert TuningParameters(**chosen.as_dict()) == chosen == chosen.replace(seed=0)
    assert searched(usual.replace(ease=None).search_space) == searched(usual.search_space)


def test_what_is_set_is_kept_where_many_ratings_widen_the_search_too() -> None:
    many, few = (planted_interactions(n_users, 2_000, 600_000) for n_users in (3_000, 60_000))
    assert many.n_ratings > 300_000 < few.n_ratings
    usual = searched(TuningParameters().space_for(many))
    chosen = TuningParameters(als=ALSParameters(factors=64), ease=EASEParameters(user_power=0.3))
    assert usual - searched(chosen.space_for(many)) == {("als", "factors"), ("ease", "user_power")}
    assert ("ease", "item_power") in searched(chosen.space_for(many))
    assert chosen.space_for(few) == chosen.search_space


def test_a_range_of_ones_own_is_searched_from_whatever_is_set() -> None:
    ours = SearchParameter(stage="als", name="factors", kind="int", low=16, high=64, default=32)
    assert TuningParameters(als={"factors": 48}, search_space=(ours,)).search_space == (ours,)


def test_the_defaults_of_tuning_are_at_least_fifty_trials() -> None:
    assert sum(TuningParameters().n_trials(stage) for stage in STAGES) >= 50


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"low": 5.0}, "low 5.0 is not below high 4.0"),
        ({"low": 0.0, "log": True}, "low 0.0 must be positive for a logarithmic range"),
        ({"default": 9.0}, "default 9.0 is outside 1.0 to 4.0"),
    ],
)
def test_a_range_that_cannot_be_searched_is_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        SearchParameter(**{"stage": "gate", "name": "kappa", "low": 1.0, "high": 4.0, "default": 2.0, **changes})


def test_a_parameter_named_twice_or_of_no_stage_is_refused() -> None:
    twice = (SEARCH_SPACE[0], SEARCH_SPACE[0])
    with pytest.raises(ParameterError, match="names a parameter twice"):
        TuningParameters(search_space=twice)
    elsewhere = SEARCH_SPACE[0].replace(stage="svd")
    with pytest.raises(ParameterError, match="stage 'svd' is none of als, ease, blend, gate"):
        TuningParameters(search_space=(elsewhere,))


def test_groups_that_the_data_does_not_have_are_not_searched() -> None:
    space = StageSpace("blend", SEARCH_SPACE).without_groups_outside(["genre"])
    assert set(space.defaults) == {"ease", "content", "weight_genre"}
    assert set(space.without(["ease", "popularity"]).defaults) == {"content", "weight_genre"}


def test_the_digest_tells_searches_apart() -> None:
    space = StageSpace("gate", SEARCH_SPACE)
    moved = StageSpace("gate", [p.replace(default=p.low) for p in SEARCH_SPACE])
    digests = {space.digest("a"), space.digest("b"), space.digest("a", 1), moved.digest("a")}
    assert len(digests) == 4
    assert space.digest("a") == StageSpace("gate", SEARCH_SPACE).digest("a")


def test_tuned_values_become_weights_of_the_taste_or_of_the_prior() -> None:
    base = HybridWeights(taste={"als": 1.0}, prior={"popularity": 0.5}, group_weights={"genre": 0.5})
    blended = with_values(base, "blend", {"ease": 2.0, "weight_tags": 0.3})
    assert blended == base.replace(taste={"als": 1.0, "ease": 2.0}, group_weights={"genre": 0.5, "tags": 0.3})
    gated = with_values(base, "gate", {"neighbours": 0.7, "popularity": 0.1, "kappa": 40.0})
    assert gated == base.replace(prior={"popularity": 0.1, "neighbours": 0.7}, kappa=40.0)
    assert with_values(base, "gate", {}) == base


def test_the_first_trial_has_the_defaults_and_later_ones_stay_inside_the_ranges() -> None:
    for stage in STAGES:
        space = StageSpace(stage, SEARCH_SPACE)
        proposals, trials = Proposals(space, seed=1), list[Trial]()
        for number in range(9):
            point = proposals.after(trials)
            if number == 0:
                assert point == space.defaults
            for parameter in space.parameters:
                assert parameter.low <= point[parameter.name] <= parameter.high
                assert isinstance(point[parameter.name], int) == (parameter.kind == "int")
            trials.append(Trial(stage, number, point, value=-sum(float(v) for v in point.values())))


@settings(max_examples=5)
@given(seed=st.integers(0, 2**32 - 1))
def test_a_point_depends_on_the_seed_and_the_trials_before_it_alone(seed: int) -> None:
    space = StageSpace("gate", SEARCH_SPACE)
    before = [Trial("gate", 0, space.defaults, 0.1)]

    def after(seed: int, *, at_once: bool) -> dict[str, float | int]:
        proposals, trials = Proposals(space, seed=seed), before[:]
        for number in range(1, 9):  # beyond the points that are drawn at random
            point = proposals.after(trials) if not at_once else Proposals(space, seed=seed).after(trials)
            trials.append(Trial("gate", number, point, -abs(float(next(iter(point.values()))) - 2.0)))
        return dict(trials[-1].params)

    assert after(seed, at_once=True) == after(seed, at_once=False)
    assert after(seed, at_once=False) != after(seed ^ 1, at_once=False)


def test_of_equal_trials_the_earliest_is_the_best() -> None:
    trials = [Trial("gate", number, {}, value) for number, value in enumerate([0.2, 0.5, 0.5])]
    assert best_trial(trials).number == 1
