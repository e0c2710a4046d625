"""What is said of a value's quality: hand-made evaluations, models with a broken number, features without values."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from recsys_core.describing import change_since, empty_groups, headline, lead_over, not_finite
from recsys_core.evaluation import Evaluation, EvaluationParameters
from recsys_core.evaluation.results import UserMetrics
from recsys_core.features import ItemFeatures
from recsys_core.sources.user_knn import UserKNNModel
from recsys_core.testing.hybrids import planted_hybrid

N_USERS = 50
NAMES = ("ndcg@10", "recall@10", "ndcg@20")


def evaluated(*, first_user: int = 0, **ndcg: float) -> Evaluation:
    """Models whose users all have the same NDCG."""
    values = {model: np.full((N_USERS, len(NAMES)), value) for model, value in ndcg.items()}
    overall = {model: {"coverage@10": (0.25,)} for model in ndcg}
    part = UserMetrics(np.arange(first_user, first_user + N_USERS), NAMES, values, overall)
    return Evaluation("user_holdout", tuple(ndcg), {"all": part}, EvaluationParameters(n_bootstrap=50), {})


def test_the_headline_is_the_reference_models_at_the_shortest_list_with_its_lead() -> None:
    found = headline(evaluated(popularity=0.1, ease=0.3, hybrid=0.4))
    assert found == pytest.approx(
        {
            "ndcg_at_10": 0.4,
            "recall_at_10": 0.4,
            "coverage_at_10": 0.25,
            "ndcg_at_10_over_best_other": 0.1,
            "n_test_users": 50,
        }
    )


def test_the_headline_of_a_model_alone_has_no_lead() -> None:
    assert "ndcg_at_10_over_best_other" not in headline(evaluated(hybrid=0.4))
    assert lead_over(evaluated(hybrid=0.4)) is None


@pytest.mark.parametrize(("hybrid", "leads"), [(0.2, True), (0.1, False), (0.05, False)])
def test_a_lead_is_a_larger_mean(hybrid: float, leads: bool) -> None:
    found = lead_over(evaluated(popularity=0.1, hybrid=hybrid))
    assert found is not None
    assert found[0] == leads
    assert f"{hybrid - 0.1:+.4f}" in found[1]


@pytest.mark.parametrize(
    ("before", "now", "other_users", "held"),
    [
        (0.400, 0.400, False, True),
        (0.400, 0.500, False, True),
        (0.400, 0.396, False, False),  # 1 %, and every single user lost
        (0.400, 0.396, True, True),  # 1 % on other users may be chance
        (0.400, 0.370, True, False),  # 7.5 %
    ],
)
def test_a_fall_is_more_than_chance_or_five_per_cent(before: float, now: float, other_users: bool, held: bool) -> None:
    former = evaluated(hybrid=before)
    found = change_since(evaluated(first_user=10 if other_users else 0, hybrid=now), former)
    assert found[0] == held
    assert f"{before:.4f} → {now:.4f}" in found[1]
    assert ("other test users" in found[1]) == other_users


def test_an_evaluation_without_the_metric_is_no_fall() -> None:
    assert change_since(evaluated(hybrid=0.1), evaluated(ease=0.4))[0]


def test_a_broken_number_is_found_by_its_place() -> None:
    model, _ = planted_hybrid()
    assert not_finite(model) == []
    factors = model.als.item_factors.copy()
    factors[3, 2] = np.nan
    neighbours = model.sources["neighbours"]
    assert isinstance(neighbours, UserKNNModel)
    neighbours = replace(neighbours, title_weights=np.full_like(neighbours.title_weights, np.inf))
    als = replace(model.als, item_factors=factors)
    broken = replace(model, sources={**model.sources, "als": als, "neighbours": neighbours})
    assert {"sources.als.item_factors", "sources.neighbours.title_weights"} <= set(not_finite(broken))
    assert not_finite({"tags": csr_matrix(np.array([[0.0, np.inf]]))}) == ["tags"]


def test_a_group_that_describes_no_title_is_named() -> None:
    groups = {"genre": csr_matrix(np.eye(2, dtype=np.float32)), "tags": csr_matrix((2, 3), dtype=np.float32)}
    features = ItemFeatures(np.array([1, 2]), groups, {"genre": ["a", "b"], "tags": ["x", "y", "z"]})
    assert empty_groups(features) == ["tags"]
