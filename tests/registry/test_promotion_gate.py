import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from registry.gate import decide
from registry.gate_inputs import GateInput, UserValues
from registry.policy import BootstrapPolicy, GuardrailPolicy, LatencyPolicy, PromotionPolicy, SuspicionPolicy

METRIC = "ndcg@10"
POLICY = PromotionPolicy(
    rule="superior", bootstrap=BootstrapPolicy(samples=200), suspicious=SuspicionPolicy(relative_gain=5.0)
)
BASE = np.random.default_rng(7).uniform(0.1, 0.5, 80)


def constant(mean: float, n_users: int) -> UserValues:
    return UserValues(np.arange(1, n_users + 1), np.full(n_users, mean))


def measured(values, /, **changes) -> GateInput:
    values = np.asarray(values, dtype=np.float64)
    standard = GateInput(
        data_fingerprint="data",
        user_ids=np.arange(1, len(values) + 1),
        values={METRIC: values},
        popularity=values - 0.05,
        coverage=0.3,
        slices={"history_1_5": constant(0.2, 60), "items_cold": constant(0.1, 40)},
        latency_p95_ms=12.0,
    )
    return dataclasses.replace(standard, **changes)


@pytest.fixture
def rng() -> np.random.Generator:
    """Of each test its own: what a test draws must not depend on which ones ran before it."""
    return np.random.default_rng(8)


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


def test_a_clear_gain_is_promoted(rng):
    decision = decide(measured(BASE + 0.02 + rng.normal(0, 0.01, 80)), measured(BASE), POLICY)
    assert decision.verdict == "PROMOTED"
    assert 0 < decision.figures["ci_low"] < decision.figures["gain"] < decision.figures["ci_high"]


def test_a_gain_within_chance_is_kept(rng):
    noise = rng.normal(0.002, 0.1, 80)
    assert decide(measured(BASE + noise), measured(BASE), POLICY).verdict == "KEPT"


def test_an_equal_model_is_kept_as_superior_and_promoted_as_not_inferior():
    assert decide(measured(BASE), measured(BASE), POLICY).verdict == "KEPT"
    assert decide(measured(BASE), measured(BASE), policy_with(rule="not_inferior")).verdict == "PROMOTED"


def test_a_refresh_of_the_champions_recipe_may_lose_the_margin_and_another_recipe_nothing():
    policy = policy_with(rule="by_recipe", margin=0.01)
    refresh, worse = measured(BASE - 0.009), measured(BASE - 0.011)
    assert decide(refresh, measured(BASE), policy, same_recipe=True).verdict == "PROMOTED"
    assert decide(worse, measured(BASE), policy, same_recipe=True).verdict == "KEPT"
    assert decide(refresh, measured(BASE), policy).verdict == "KEPT"
    assert decide(measured(BASE + 0.001), measured(BASE), policy).verdict == "PROMOTED"


def test_a_refresh_that_is_better_is_on_the_record_as_superior():
    refreshes = [measured(BASE + gain) for gain in (0.01, -0.005)]
    found = [decide(refresh, measured(BASE), policy_with(rule="not_inferior")).figures for refresh in refreshes]
    assert [figures["superior"] for figures in found] == [True, False]


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
        (measured(BETTER), measured([*BASE[:-1], np.inf]), "the champion has no finite"),
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
            measured(BETTER, slices={"history_1_5": constant(0.1, 60), "items_cold": constant(0.1, 40)}),
            measured(BASE),
            "slice history_1_5 fell",
        ),
    ],
)
def test_what_cannot_be_trusted_keeps_the_champion(challenger, champion, reason):
    decision = decide(challenger, champion, POLICY)
    assert decision.verdict == "KEPT"
    assert any(reason in text for text in decision.reasons), decision.reasons


@pytest.mark.parametrize("champion", [None, measured(BASE)])
def test_a_model_that_is_surely_worse_than_popularity_is_refused_also_as_the_first(champion, rng):
    worse = measured(BETTER, popularity=BETTER + 0.05 + rng.normal(0, 0.05, 80))
    decision = decide(worse, champion, POLICY)
    assert decision.verdict == "KEPT"
    assert any(reason.startswith("worse than popularity: ndcg@10") for reason in decision.reasons)
    assert decision.figures["over_popularity"] < decision.figures["over_popularity_high"] < 0


@pytest.mark.parametrize(
    ("popularity", "warning"),
    [
        (BETTER + np.random.default_rng(9).normal(0, 0.1, 80), "not surely better than popularity"),
        (None, "popularity has no figures"),
    ],
)
def test_a_lead_over_popularity_that_is_not_sure_or_not_known_is_warned_of(popularity, warning):
    decision = decide(measured(BETTER, popularity=popularity), measured(BASE), POLICY)
    assert decision.verdict == "PROMOTED"
    assert any(reason.startswith(f"warning: {warning}") for reason in decision.reasons), decision.reasons


@pytest.mark.parametrize("reference", [None, BASE])
@pytest.mark.parametrize("popularity", [np.append(BASE[:-1] - 0.1, np.nan), BASE[:40] - 0.1])
def test_figures_of_popularity_that_are_not_sound_promote_nothing(popularity, reference):
    decision = decide(
        measured(BETTER, popularity=popularity), reference if reference is None else measured(BASE), POLICY
    )
    assert decision.verdict == "KEPT"
    assert any(reason.startswith("popularity's figures are not those") for reason in decision.reasons)


def test_a_first_version_below_popularity_that_too_few_people_tested_is_taken_with_a_warning(rng):
    decision = decide(measured(BASE[:10], popularity=BASE[:10] + 0.1 + rng.normal(0, 0.01, 10)), None, POLICY)
    assert decision.verdict == "FIRST"
    assert any(reason.startswith("warning: worse than popularity") for reason in decision.reasons)


def test_a_clear_lead_over_popularity_is_not_worth_a_word():
    assert not any("popularity" in reason for reason in decide(measured(BETTER), measured(BASE), POLICY).reasons)


def test_the_verdict_says_what_so_many_users_can_show(rng):
    """A gain of the size told as visible meets the rule four times in five, with the spread that was measured."""
    noise = rng.normal(0, 0.1, 80)
    noise -= noise.mean()
    policy = policy_with(bootstrap=BootstrapPolicy(samples=4_000))
    found = decide(measured(BASE + noise), measured(BASE), policy)
    visible = found.figures["visible_gain"]
    assert visible == pytest.approx((1.96 + 0.84) * noise.std() / np.sqrt(80), rel=0.05)
    wanted = f"80 users: a gain below {visible:.4f} ({visible / BASE.mean():.1%}) cannot be seen with 80% probability"
    assert wanted in found.reasons
    refresh = decide(
        measured(BASE + noise),
        measured(BASE),
        policy.model_copy(update={"rule": "not_inferior", "margin": visible, "margin_share": 1.0}),
    )
    assert refresh.figures["equal_passes"] == pytest.approx(0.8, abs=0.01)
    assert "80 users: a model that loses nothing meets the rule with 80% probability" in refresh.reasons


def slice_of(values: np.ndarray) -> dict[str, UserValues]:
    return {"history_1_5": UserValues(np.arange(1, len(values) + 1), values), "items_cold": constant(0.1, 40)}


def test_a_slice_breaks_its_limit_only_where_that_is_sure(rng):
    theirs = rng.uniform(0, 0.4, 30)
    noise = rng.normal(0, 0.2, 30)
    noise -= noise.mean()
    by_chance, surely = -0.2 * theirs.mean(), -0.9 * theirs.mean()
    assert np.mean(theirs + noise + by_chance) < 0.85 * theirs.mean()
    for change, verdict in ((by_chance, "PROMOTED"), (surely, "KEPT")):
        challenger = measured(BETTER, slices=slice_of(theirs + noise + change))
        decision = decide(challenger, measured(BASE, slices=slice_of(theirs)), POLICY)
        assert decision.verdict == verdict, decision.reasons
        high = decision.figures["slice.history_1_5.above_limit_high"]
        assert (high < 0) == (verdict == "KEPT")


def test_a_slice_on_other_users_or_without_finite_figures_breaks_its_limit():
    other = slice_of(np.full(60, 0.2)) | {"history_1_5": UserValues(np.arange(2, 62), np.full(60, 0.2))}
    for slices, reason in ((other, "same users"), (slice_of(np.full(60, np.nan)), "not finite")):
        decision = decide(measured(BETTER, slices=slices), measured(BASE), POLICY)
        assert decision.verdict == "KEPT"
        assert any(reason in text for text in decision.reasons)


def test_a_slice_of_few_users_is_no_guardrail():
    few = {"history_1_5": constant(0.1, 19), "items_cold": constant(0.1, 40)}
    champion = {"history_1_5": constant(0.2, 19), "items_cold": constant(0.1, 40)}
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


def test_the_margin_is_a_tenth_at_most_of_what_there_is_to_lose():
    """Of an NDCG of 0.02 an absolute margin of 0.02 would be everything."""
    policy = policy_with(rule="not_inferior")
    champion = measured(np.full(80, 0.022))
    assert decide(measured(np.full(80, 0.006)), champion, policy).verdict == "KEPT"
    assert decide(measured(np.full(80, 0.02)), champion, policy).verdict == "PROMOTED"
