"""One of two runs on one home is killed, at several places: the other ends well, and what was cut short is made up.

`recsys run` with seed 1 beside a process of Dagster's own with seed 0, which takes no lock. After each round somebody
comes back, and finds what both have left.
"""

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.end_to_end.calling import Said, recsys
from tests.end_to_end.two_runs import (
    FROM_SPLIT,
    N_TRIALS,
    Place,
    Undisturbed,
    both_ended,
    differing_files,
    place_in_copy,
    registry_faults,
    trials_on_disk,
    untruths,
)

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("one_is_killed"), pytest.mark.timeout(600)]

KILLED = -9
# Where `recsys run` dies and where Dagster's process does ("" lives), and after which assets they wait for each other:
# such as `recsys run` has to make whatever the rounds before have left, and Dagster's process makes all from the split.
ROUNDS = [
    ("split:half", "als_model:pointer", ()),
    ("trial:blend", "hybrid_model:half", ("split", "als_model")),
    ("registered_model:pointer", "", ("hybrid_weights", "ease_model", "hybrid_model", "evaluation", "release_model")),
    ("", "promotion:half", ("registered_model",)),
]


@dataclass(frozen=True)
class Survived:
    """A home after all rounds: what both said in each and which records were untrue after it; and two runs more."""

    place: Place
    rounds: list[tuple[Said, Said]]
    untruths: list[list[str]]
    then: Said
    again: Said


@pytest.fixture(scope="module")
def survived(tmp_path_factory: pytest.TempPathFactory, made_home: Path) -> Survived:
    place = place_in_copy(made_home, tmp_path_factory.mktemp("killed_side_by_side") / "made")
    rounds, untrue = [], []
    for ours, theirs, meet in ROUNDS:
        marks = place.marks()
        one = place.start_recsys(1, marks, meet=meet, die=ours)
        other = place.start_dagster(0, marks, select=",".join(FROM_SPLIT), meet=meet, die=theirs)
        rounds.append(both_ended(one, other))
        assert (one.mark("died"), other.mark("died")) == (bool(ours), bool(theirs)), rounds[-1]
        untrue.append(untruths(place.home))
    return Survived(place, rounds, untrue, place.run(1), place.run(1))


def test_who_is_not_killed_ends_well_beside_one_that_is(survived: Survived, undisturbed: Undisturbed) -> None:
    for (ours, theirs, _), (recsys_said, dagster_said) in zip(ROUNDS, survived.rounds, strict=True):
        assert recsys_said.code == (KILLED if ours else 0), recsys_said
        assert dagster_said.code == (KILLED if theirs else 0), dagster_said
    last, _ = survived.rounds[-1]
    assert last.document["metrics"] == undisturbed.said[1]["metrics"]


def test_at_no_time_is_a_value_labelled_with_what_it_was_not_made_of(survived: Survived) -> None:
    assert survived.untruths == [[]] * len(ROUNDS)


def test_what_was_cut_short_is_made_up_and_then_nothing_is_owed(survived: Survived, undisturbed: Undisturbed) -> None:
    assert (survived.then.code, survived.then.err) == (0, "")
    assert survived.then.document["metrics"] == undisturbed.said[1]["metrics"]
    assert (survived.again.code, survived.again.err, survived.again.document["made"]) == (0, "", {})


def test_all_values_are_those_of_undisturbed_runs_file_for_file(survived: Survived, undisturbed: Undisturbed) -> None:
    assert untruths(survived.place.home) == []
    for home in undisturbed.homes:
        assert differing_files(survived.place.home, home) == []
    assert list((survived.place.home / "store").rglob(".writing-*")) == []


def test_every_study_has_the_trials_that_were_asked_for_and_no_more(survived: Survived) -> None:
    assert trials_on_disk(survived.place.home) == {asset: [stages] * 2 for asset, stages in N_TRIALS.items()}


def test_each_configuration_is_registered_once_and_the_log_of_promotions_is_consistent(survived: Survived) -> None:
    assert registry_faults(survived.place.home) == []
    listed = recsys("models", "--home", survived.place.home, "--json").document["models"]
    assert [entry["version"] for entry in listed] == ["2", "1"]
    assert sum("champion" in entry["aliases"] for entry in listed) == 1
