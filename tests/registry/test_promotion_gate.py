import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from registry.gate import GateInput, SliceMean, decide, paired_interval
from registry.policy import BootstrapPolicy, GuardrailPolicy, LatencyPolicy, PromotionPolicy, SuspicionPolicy

METRIC = "ndcg@10"
POLICY = PromotionPolicy(bootstrap=BootstrapPolicy(samples=200), suspicious=SuspicionPolicy(relative_gain=5.0))
RNG = np.random.default_rng(7)
BASE = RNG.uniform(0.1, 0.5, 80)


def measured(values, /, **changes) -> GateInput:
    values = np.asarray(values, dtype=np.float64)
    standard = GateInput(
        data_fingerprint="data",
        user_ids=np.arange(1, len(values) + 1),
        values={METRIC: values},
        coverage=0.3,
        slices={"history_1_5": SliceMean(0.2, 60), "items_cold": SliceMean(0.1, 40)},
        latency_p95_ms=12.0,
    )
    return dataclasses.replace(standard, **changes)


def policy_with(**changes) -> PromotionPolicy:
    return POLICY.model_copy(update=changes)


def test_without_a_champion_the_version_is_the_first():
    decision = decide(measured(BASE), None, POLICY)
    assert (decision.verdict, decision.promotes) == ("FIRST", True)
    assert decision.figures["challenger"] == pytest.approx(BASE.mean())


def test_the_first_version_on_few_users_is_taken_with_a_warning():
    decision = decide(measured(BASE[:10]), None, POLICY)
    assert decision.verdict == "FIRST"
    assert any("warning: only 10 test users" in reason for reason in decision.reasons)


def test_a_first_version_without_sound_figures_is_not_taken():
    decision = decide(measured([*BASE[:-1], np.nan]), None, POLICY)
    assert (decision.verdict, decision.promotes) == ("KEPT", False)


def test_a_first_version_that_knows_everything_is_suspicious_on_enough_users():
    assert decide(measured(np.full(80, 0.99)), None, POLICY).verdict == "SUSPICIOUS"
    assert decide(measured(np.full(8, 0.99)), None, POLICY).verdict == "FIRST"


def test_a_clear_gain_is_promoted():
    decision = decide(measured(BASE + 0.02 + RNG.normal(0, 0.01, 80)), measured(BASE), POLICY)
    assert decision.verdict == "PROMOTED"
    assert 0 < decision.figures["ci_low"] < decision.figures["gain"] < decision.figures["ci_high"]


def test_a_gain_within_chance_is_kept():
    noise = RNG.normal(0.002, 0.1, 80)
    assert decide(measured(BASE + noise), measured(BASE), POLICY).verdict == "KEPT"


def test_an_equal_model_is_kept_as_superior_and_promoted_as_not_inferior():
    assert decide(measured(BASE), measured(BASE), POLICY).verdict == "KEPT"
    assert decide(measured(BASE), measured(BASE), policy_with(rule="not_inferior")).verdict == "PROMOTED"


def test_not_inferior_allows_a_loss_within_the_margin_only():
    policy = policy_with(rule="not_inferior", margin=0.01)
    assert decide(measured(BASE - 0.009), measured(BASE), policy).verdict == "PROMOTED"
    assert decide(measured(BASE - 0.011), measured(BASE), policy).verdict == "KEPT"


def test_a_gain_below_the_minimum_is_kept():
    policy = policy_with(minimum_gain=0.02)
    assert decide(measured(BASE + 0.019), measured(BASE), policy).verdict == "KEPT"
    assert decide(measured(BASE + 0.021), measured(BASE), policy).verdict == "PROMOTED"


def test_an_implausible_gain_is_suspicious():
    policy = policy_with(suspicious=SuspicionPolicy(relative_gain=0.5, absolute_gain=0.05))
    champion = measured(np.full(80, 0.2))
    assert decide(measured(np.full(80, 0.29)), champion, policy).verdict == "PROMOTED"
    assert decide(measured(np.full(80, 0.31)), champion, policy).verdict == "SUSPICIOUS"
    # half as much again, but next to nothing in absolute terms
    assert decide(measured(np.full(80, 0.04)), measured(np.full(80, 0.02)), policy).verdict == "PROMOTED"


BETTER = BASE + 0.02


@pytest.mark.parametrize(
    ("challenger", "champion", "reason"),
    [
        (measured(BETTER[:20]), measured(BASE[:20]), "only 20 test users"),
        (measured([*BETTER[:-1], np.nan]), measured(BASE), "no finite ndcg@10 for 1 of 80"),
        (measured(BETTER), measured([*BASE[:-1], np.inf]), "champion has no finite"),
        (measured(BETTER, values={"recall@10": BETTER}), measured(BASE), "it has recall@10"),
        (measured(BETTER), measured(BASE, values={}), "it has none"),
        (measured(BETTER, user_ids=np.arange(2, 82)), measured(BASE), "different users: 80 and 80, 79 in common"),
        (measured(BETTER), measured(BASE, data_fingerprint="older"), "different data"),
        (measured(BETTER, data_fingerprint=""), measured(BASE, data_fingerprint=""), "different data"),
        (measured(BETTER, user_ids=np.ones(80, dtype=np.int64)), measured(BASE), "more than once"),
        (measured(BETTER, values={METRIC: BETTER[:70]}), measured(BASE), "(70,) values"),
        (measured([]), measured(BASE), "on no users"),
        (measured(BETTER), GateInput.missing("its evaluation model is lost"), "its evaluation model is lost"),
        (measured(BETTER, coverage=None), measured(BASE), "coverage was not measured"),
        (measured(BETTER, coverage=0.2), measured(BASE), "coverage fell from 0.3000 to 0.2000"),
        (measured(BETTER, slices={}), measured(BASE), "slice history_1_5 was not measured for both"),
        (
            measured(BETTER, slices={"history_1_5": SliceMean(0.1, 60), "items_cold": SliceMean(0.1, 40)}),
            measured(BASE),
            "slice history_1_5 fell",
        ),
    ],
)
def test_what_cannot_be_trusted_keeps_the_champion(challenger, champion, reason):
    decision = decide(challenger, champion, POLICY)
    assert decision.verdict == "KEPT"
    assert any(reason in text for text in decision.reasons), decision.reasons


def test_a_slice_of_few_users_is_no_guardrail():
    few = {"history_1_5": SliceMean(0.1, 19), "items_cold": SliceMean(0.1, 40)}
    champion = {"history_1_5": SliceMean(0.2, 19), "items_cold": SliceMean(0.1, 40)}
    assert decide(measured(BETTER, slices=few), measured(BASE, slices=champion), POLICY).verdict == "PROMOTED"


@pytest.mark.parametrize(("latency", "verdict"), [(9.0, "PROMOTED"), (11.0, "KEPT"), (None, "KEPT"), (np.nan, "KEPT")])
def test_a_latency_limit_holds_for_what_was_measured(latency, verdict):
    policy = policy_with(guardrails=GuardrailPolicy(latency_p95_ms=LatencyPolicy(maximum=10.0)))
    assert decide(measured(BETTER, latency_p95_ms=latency), measured(BASE), policy).verdict == verdict


def test_a_decision_can_be_written_as_json():
    decision = decide(measured(BETTER, coverage=np.nan), measured(BASE), POLICY)
    assert json.loads(json.dumps(decision.as_dict(), allow_nan=False))["verdict"] == "KEPT"


series = hnp.arrays(np.float64, st.integers(50, 70), elements=st.floats(0, 1))


@given(values=series, seed=st.integers(0, 1000))
def test_the_order_of_the_users_does_not_matter(values, seed):
    rng = np.random.default_rng(seed)
    other = rng.permutation(values)
    straight = decide(measured(values), measured(other), POLICY)
    places = rng.permutation(len(values))
    shuffled = measured(values[places], user_ids=np.arange(1, len(values) + 1)[places])
    again = decide(shuffled, measured(other), POLICY)
    assert straight.verdict == again.verdict
    assert straight.figures == pytest.approx(again.figures)


@given(values=series, loss=st.floats(0, 0.5))
def test_a_model_that_is_nowhere_better_is_never_promoted_as_superior(values, loss):
    assert decide(measured(values - loss), measured(values), POLICY).verdict in {"KEPT", "SUSPICIOUS"}


@given(values=series, seed=st.integers(0, 1000))
def test_of_two_models_at_most_one_is_superior(values, seed):
    other = np.random.default_rng(seed).permutation(values)
    verdicts = [decide(measured(a), measured(b), POLICY).verdict for a, b in ((values, other), (other, values))]
    assert verdicts.count("PROMOTED") <= 1


@given(values=series, seed=st.integers(0, 1000), gains=st.tuples(st.floats(0, 0.2), st.floats(0, 0.2)))
def test_asking_for_more_gain_never_promotes_more(values, seed, gains):
    challenger = values + np.random.default_rng(seed).normal(0.05, 0.2, len(values))
    lenient, strict = (
        decide(measured(challenger), measured(values), policy_with(minimum_gain=gain)).verdict for gain in sorted(gains)
    )
    assert not (strict == "PROMOTED" and lenient != "PROMOTED")


@given(values=series, number=st.integers(0, 49), bad=st.sampled_from([np.nan, np.inf, -np.inf]))
def test_one_undefined_value_anywhere_keeps_the_champion(values, number, bad):
    spoilt = values.copy()
    spoilt[number] = bad
    assert decide(measured(spoilt), measured(values), POLICY).verdict == "KEPT"
    assert decide(measured(values), measured(spoilt), POLICY).verdict == "KEPT"


def test_the_interval_of_a_constant_difference_is_that_constant():
    assert paired_interval(np.full(60, 0.25), samples=300, confidence=0.95, seed=1) == (0.25, 0.25)


def test_the_interval_agrees_with_the_normal_approximation_for_many_users():
    differences = np.random.default_rng(3).normal(0.1, 1.0, 4000)
    low, high = paired_interval(differences, samples=4000, confidence=0.9, seed=1)
    error = differences.std() / np.sqrt(len(differences))
    assert (low, high) == pytest.approx(
        (differences.mean() - 1.645 * error, differences.mean() + 1.645 * error), abs=0.1 * error
    )


def test_the_interval_does_not_depend_on_how_many_resamples_are_held_at_once(monkeypatch):
    differences = np.random.default_rng(3).normal(size=100)
    whole = paired_interval(differences, samples=500, confidence=0.95, seed=1)
    monkeypatch.setattr("registry.gate._CELLS", 1_000)
    assert paired_interval(differences, samples=500, confidence=0.95, seed=1) == pytest.approx(whole)
