import numpy as np
import pytest

from recsys_core.evaluation import Evaluation, EvaluationParameters
from recsys_core.evaluation.results import UserMetrics
from registry.gate import decide
from registry.gate_inputs import gate_input
from registry.policy import PromotionPolicy

USERS = np.arange(10, 70)
POLICY = PromotionPolicy()


def metrics_of(user_ids, **means) -> UserMetrics:
    """Two columns a model: NDCG around its mean, recall of 0."""
    spread = np.linspace(-0.01, 0.01, len(user_ids)) if len(user_ids) else np.zeros(0)
    values = {model: np.column_stack([mean + spread, 0 * spread]) for model, mean in means.items()}
    overall = {model: {"coverage@10": (0.25,)} for model in means}
    return UserMetrics(user_ids, ("ndcg@10", "recall@10"), values, overall)


@pytest.fixture
def evaluation() -> Evaluation:
    slices = {
        "all": metrics_of(USERS, hybrid=0.35, champion=0.32),
        "history_1_5": metrics_of(USERS[:40], hybrid=0.3, champion=0.3),
        "items_cold": metrics_of(USERS[:0]),
    }
    return Evaluation("user_holdout", ("hybrid", "champion"), slices, EvaluationParameters(), {})


def test_the_gate_gets_the_figures_of_one_model(evaluation):
    found = gate_input(evaluation, "hybrid", POLICY, data_fingerprint="d", latency_p95_ms=3.0)
    assert found.values["ndcg@10"].mean() == pytest.approx(0.35)
    assert (found.coverage, found.latency_p95_ms, found.data_fingerprint) == (0.25, 3.0, "d")
    assert np.array_equal(found.user_ids, USERS)
    assert [*found.slices] == ["history_1_5"]
    assert np.array_equal(found.slices["history_1_5"].user_ids, USERS[:40])
    assert found.slices["history_1_5"].by_user.mean() == pytest.approx(0.3)
    assert found.popularity is None


def test_two_models_of_one_evaluation_can_be_judged(evaluation):
    pair = [gate_input(evaluation, model, POLICY, data_fingerprint="d") for model in ("hybrid", "champion")]
    decision = decide(*pair, POLICY)
    assert decision.verdict == "PROMOTED"
    assert decision.figures["gain"] == pytest.approx(0.03)


def test_a_model_that_was_not_evaluated_is_kept_out(evaluation):
    unknown = gate_input(evaluation, "other", POLICY, data_fingerprint="d")
    assert decide(unknown, None, POLICY).verdict == "KEPT"


def test_popularity_is_taken_from_the_same_evaluation():
    slices = {"all": metrics_of(USERS, hybrid=0.35, popularity=0.3)}
    beside = Evaluation("user_holdout", ("hybrid", "popularity"), slices, EvaluationParameters(), {})
    found = gate_input(beside, "hybrid", POLICY, data_fingerprint="d")
    assert found.popularity.mean() == pytest.approx(0.3)
    assert decide(found, None, POLICY).figures["over_popularity"] == pytest.approx(0.05)
