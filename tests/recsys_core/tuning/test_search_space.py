"""The search space as data: ranges, defaults, digests."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys_core.errors import ParameterError
from recsys_core.features import GROUP_NAMES
from recsys_core.hybrid import HybridWeights
from recsys_core.sources.als import ALSParameters
from recsys_core.sources.ease import EASEParameters
from recsys_core.tuning import SEARCH_SPACE, STAGES, SearchParameter, StageSpace, Trial, TuningParameters, best_trial
from recsys_core.tuning.study import Proposals
from recsys_core.tuning.tune import with_values


def test_every_parameter_of_the_space_is_one_of_its_model() -> None:
    fields = {"als": ALSParameters, "ease": EASEParameters, "blend": HybridWeights, "gate": HybridWeights}
    for parameter in SEARCH_SPACE:
        if parameter.name.startswith("weight_"):
            assert parameter.name.removeprefix("weight_") in GROUP_NAMES
        else:
            assert parameter.name in fields[parameter.stage].model_fields
    assert {p.stage for p in SEARCH_SPACE} == set(STAGES)


def test_the_defaults_of_tuning_are_at_least_fifty_trials() -> None:
    assert sum(TuningParameters().n_trials(stage) for stage in STAGES) >= 50


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"low": 5.0}, "low 5.0 is not below high 4.0"),
        ({"low": 0.0, "log": True}, "low 0.0 must be positive for a logarithmic range"),
        ({"default": 9.0}, "default 9.0 is outside 1.0 to 4.0"),
        ({"stage": "svd"}, "stage = 'svd'"),
    ],
)
def test_a_range_that_cannot_be_searched_is_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        SearchParameter(**{"stage": "gate", "name": "kappa", "low": 1.0, "high": 4.0, "default": 2.0, **changes})


def test_a_parameter_named_twice_is_refused() -> None:
    twice = (SEARCH_SPACE[0], SEARCH_SPACE[0])
    with pytest.raises(ParameterError, match="names a parameter twice"):
        TuningParameters(search_space=twice)


def test_groups_that_the_data_does_not_have_are_not_searched() -> None:
    space = StageSpace("blend", SEARCH_SPACE).without_groups_outside(["genre"])
    assert set(space.defaults) == {"ease", "content", "weight_genre"}


def test_the_digest_tells_searches_apart() -> None:
    space = StageSpace("gate", SEARCH_SPACE)
    moved = StageSpace("gate", [p.replace(default=p.low) for p in SEARCH_SPACE])
    digests = {space.digest("a"), space.digest("b"), space.digest("a", 1), moved.digest("a")}
    assert len(digests) == 4
    assert space.digest("a") == StageSpace("gate", SEARCH_SPACE).digest("a")


def test_tuned_values_become_weights() -> None:
    weights = with_values(HybridWeights(group_weights={"genre": 0.5}), {"ease": 2.0, "weight_tags": 0.3})
    assert weights.ease == 2.0
    assert weights.group_weights == {"genre": 0.5, "tags": 0.3}


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
