"""Assignment: sticky, in the declared shares, independent between experiments, and moving nobody without need."""

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, chi2_contingency, kstest

from serving.experiments import Arm, Experiment, assign
from serving.experiments.assignment import uniform

PEOPLE = range(1, 4_001)


def experiment(shares: Sequence[float], *, salt: str = "s", names: str = "abcdefgh") -> Experiment:
    arms = tuple(Arm(name=name, model="champion", share=share) for name, share in zip(names, shares, strict=False))
    return Experiment(name="e", salt=salt, control=arms[0].name, arms=arms)


def all_assigned(declared: Experiment) -> list[str]:
    return [assign(declared, user_id).name for user_id in PEOPLE]


def test_the_hash_never_changes() -> None:
    """People would change arms in the middle of an experiment: these figures are not to be edited."""
    assert uniform("salt", "a", 1) == pytest.approx(EXPECTED_UNIFORM, abs=1e-15)
    declared = experiment([0.5, 0.3, 0.2])
    assert "".join(assign(declared, user_id).name for user_id in range(1, 41)) == EXPECTED_ARMS


EXPECTED_UNIFORM = 0.4617405840013519
EXPECTED_ARMS = "bbbababcabaaabcbcaaaaacbaacaabcbabcaaacb"


@settings(max_examples=15)
@given(
    weights=st.lists(st.integers(1, 20), min_size=2, max_size=6),
    salt=st.text(st.characters(codec="utf-8"), min_size=1, max_size=20),
)
def test_shares_are_kept_within_what_chance_allows(weights: list[int], salt: str) -> None:
    shares = [weight / sum(weights) for weight in weights]

    found = Counter(all_assigned(experiment(shares, salt=salt)))

    for name, share in zip("abcdef", shares, strict=False):
        low, high = binom.interval(1 - 1e-6, len(PEOPLE), share)
        assert low <= found[name] <= high


@given(user_id=st.integers(1, 2**53 - 1), salt=st.text(min_size=1, max_size=20))
def test_a_person_keeps_the_arm_whatever_the_order_of_arms(user_id: int, salt: str) -> None:
    declared = experiment([0.2, 0.3, 0.5], salt=salt)
    turned = declared.model_copy(update={"arms": declared.arms[::-1]})

    assert assign(declared, user_id) == assign(declared, user_id) == assign(turned, user_id)


def test_a_hash_is_uniform() -> None:
    numbers = [uniform("salt", "a", user_id) for user_id in PEOPLE]

    assert min(numbers) > 0
    assert max(numbers) < 1
    assert kstest(numbers, "uniform").pvalue > 1e-4


@pytest.mark.parametrize("other_salt", ["t", "s2", "S", "s "])
def test_experiments_with_other_salts_are_independent(other_salt: str) -> None:
    ones, others = (all_assigned(experiment([0.6, 0.4], salt=salt)) for salt in ("s", other_salt))

    table = [[sum(p == a and q == b for p, q in zip(ones, others, strict=True)) for b in "ab"] for a in "ab"]

    assert chi2_contingency(np.array(table)).pvalue > 1e-4


def test_without_a_salt_the_name_is_the_salt() -> None:
    named = experiment([0.5, 0.5]).model_copy(update={"salt": None})
    salted = experiment([0.5, 0.5], salt="e")

    assert all_assigned(named) == all_assigned(salted)


@settings(max_examples=15)
@given(
    weights=st.lists(st.integers(1, 9), min_size=3, max_size=5),
    factor=st.sampled_from([0.25, 0.5, 2.0, 5.0]),
)
def test_a_changed_share_moves_people_into_or_out_of_that_arm_only(weights: list[int], factor: float) -> None:
    changed = [weights[0] * factor, *weights[1:]]
    before = all_assigned(experiment([weight / sum(weights) for weight in weights]))
    after = all_assigned(experiment([weight / sum(changed) for weight in changed]))

    moved = [(old, new) for old, new in zip(before, after, strict=True) if old != new]

    kept_away = 1 if factor > 1 else 0
    assert all(pair[kept_away] == "a" for pair in moved)
    must = abs(changed[0] / sum(changed) - weights[0] / sum(weights))
    low, high = binom.interval(1 - 1e-6, len(PEOPLE), must)
    assert low <= len(moved) <= high, "no more than the change of the share"


def test_a_new_arm_takes_people_from_the_others_and_moves_nobody_else() -> None:
    before = all_assigned(experiment([0.5, 0.5]))
    after = all_assigned(experiment([0.4, 0.4, 0.2]))

    moved = [new for old, new in zip(before, after, strict=True) if old != new]

    assert set(moved) == {"c"}
    assert math.isclose(len(moved) / len(PEOPLE), 0.2, abs_tol=0.04)
