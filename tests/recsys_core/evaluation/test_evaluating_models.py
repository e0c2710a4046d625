"""Models on a held-out part: known answers, slices, and the document that others read."""

import json
import math
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from recsys_core.dataset.interactions import HeldOut, Split, UserItemMatrix, build_user_items
from recsys_core.errors import DataError, ParameterError, ShapeError, StorageError
from recsys_core.evaluation import (
    Evaluation,
    EvaluationParameters,
    Score,
    UserMetrics,
    evaluate,
    paired_between,
    pool,
)
from recsys_core.evaluation.slices import popularity_groups
from recsys_core.evaluation.trade_off import trade_offs_of
from recsys_core.histories import Histories
from recsys_core.sources.popularity import fit_popularity
from recsys_core.splitting import SplitParameters, split_interactions, truncated_histories
from recsys_core.storage import save_arrays
from recsys_core.testing import planted_features, planted_interactions

CATALOGUE = np.arange(1, 1_000)
QUICK = EvaluationParameters(n_bootstrap=50)


@cache
def _interactions() -> UserItemMatrix:
    return planted_interactions(200, 300, 9_000, seed=5)


def split_of(seed: int = 0, **changes: Any) -> Split:
    parameters = SplitParameters(seed=seed, validation_share=0.2, test_share=0.3, **changes)
    return split_interactions(_interactions(), parameters, catalogue_ids=CATALOGUE)


def oracle(part: HeldOut) -> Score:
    """Knows the targets of users whom it recognises by their whole history; of others nothing."""
    wanted = part.targets.toarray()
    known = part.history.ratings.toarray()

    def score(shown: Histories) -> np.ndarray:
        same = (known[None, :, :] == shown.ratings.toarray()[:, None, :]).all(axis=2)
        return np.where(same.any(axis=1)[:, None], wanted[same.argmax(axis=1)], 0)

    return score


def random_score(seed: int) -> Score:
    return lambda shown: np.random.default_rng(seed).random(shown.ratings.shape)


def small() -> tuple[UserItemMatrix, HeldOut]:
    """Items 1 to 5 with 4, 3, 2, 1, 1 training ratings; two users to be judged."""
    train = build_user_items(
        np.array([1, 2, 3, 4, 1, 2, 3, 1, 2, 1, 4]),
        np.array([1, 1, 1, 1, 2, 2, 2, 3, 3, 4, 5]),
        np.full(11, 4.0),
        np.arange(11),
    )
    history = csr_matrix(np.array([[5, 0, 0, 0, 0], [0, 0, 0, 0, 3]], dtype=np.float32))
    targets = csr_matrix(np.array([[0, 0, 4, 0, 5], [4, 0, 0, 0, 0]], dtype=np.float32))
    part = HeldOut(
        UserItemMatrix(history, np.array([1, 2]), np.array([8, 9]), train.item_ids),
        targets,
        csr_matrix(np.array([[4, 0], [0, 0]], dtype=np.float32)),
        np.array([6, 7]),
    )
    return train, part


def test_popularity_has_the_values_worked_by_hand() -> None:
    train, part = small()
    model = fit_popularity(train.ratings, train.item_ids)
    found = evaluate({"popularity": model.score}, part, train, ks=(1, 2), parameters=QUICK).metrics()["popularity"]
    assert found is not None
    # User 8 (item 1 seen) is shown 2, 3 and wants 3, 5; user 9 (item 5 seen) is shown 1, 2 and wants 1.
    first = (1 / math.log2(3)) / (1 + 1 / math.log2(3))
    means = {name: metric.mean for name, metric in found.items()}
    assert means == pytest.approx(
        {
            "ndcg@1": 1 / 2,
            "recall@1": 1 / 2,
            "precision@1": 1 / 2,
            "map@1": 1 / 2,
            "hit_rate@1": 1 / 2,
            "mrr@1": 1 / 2,
            "ndcg@2": (first + 1) / 2,
            "recall@2": (1 / 2 + 1) / 2,
            "precision@2": 1 / 2,
            "map@2": (1 / 4 + 1) / 2,
            "hit_rate@2": 1,
            "mrr@2": (1 / 2 + 1) / 2,
            "novelty@1": (math.log2(4 / 3) + 0) / 2,
            "novelty@2": ((math.log2(4 / 3) + 1) / 2 + math.log2(4 / 3) / 2) / 2,
            "coverage@1": 2 / 5,
            "gini@1": 0.6,
            "coverage@2": 3 / 5,
            "gini@2": 0.5,
        }
    )
    assert found["coverage@2"].ci_low is None
    assert {metric.n_users for metric in found.values()} == {2}


def test_an_oracle_is_perfect_and_chance_is_near_nought() -> None:
    split = split_of()
    part, models = split.test, {"oracle": oracle(split.test), "chance": random_score(0)}
    found = evaluate(models, part, split.train, parameters=QUICK).metrics()
    assert found["oracle"] is not None
    assert found["chance"] is not None
    assert found["oracle"]["ndcg@10"].mean == pytest.approx(1)
    assert found["oracle"]["map@20"].mean == pytest.approx(1)
    density = part.targets.nnz / (part.targets.shape[0] * part.targets.shape[1])
    assert found["chance"]["precision@20"].mean == pytest.approx(density, abs=0.01)


def test_permuted_targets_destroy_every_score() -> None:
    split = split_of()
    order = np.random.default_rng(1).permutation(split.train.n_items)
    permuted = HeldOut(
        split.test.history,
        csr_matrix(split.test.targets[:, order]),
        split.test.cold_targets,
        split.test.cold_item_ids,
    )
    together = (split.train.ratings.T @ split.train.ratings).toarray()
    models = {"oracle": oracle(split.test), "co_ratings": lambda shown: shown.ratings @ together}
    before = evaluate(models, split.test, split.train, parameters=QUICK).summary()["models"]
    after = evaluate(models, permuted, split.train, parameters=QUICK).summary()["models"]
    for model in models:
        assert after[model]["ndcg@10"]["mean"] < 0.4 * before[model]["ndcg@10"]["mean"]


def test_seen_items_are_never_recommended_even_if_scored_highest() -> None:
    split = split_of()
    part = split.test
    loud = evaluate(
        {"loud": lambda shown: oracle(part)(shown) + 100 * shown.ratings.toarray()}, part, split.train, parameters=QUICK
    )
    assert loud.summary()["models"]["loud"]["ndcg@10"]["mean"] == pytest.approx(1)


def test_blocks_give_what_one_block_gives() -> None:
    split = split_of()
    models = {"oracle": oracle(split.test)}
    one, many = (
        evaluate(models, split.test, split.train, parameters=EvaluationParameters(n_bootstrap=20, block_scores=cells))
        for cells in (10**8, 700)
    )
    for name, part in one.slices.items():
        for model, values in part.values.items():
            np.testing.assert_array_equal(values, many.slices[name].values[model])


def test_a_model_without_an_opinion_ranks_at_chance_not_by_id() -> None:
    """Targets are the smallest ids: ranking ties by number would look like knowledge."""
    train, _ = small()
    n_items = 400
    ids = np.arange(1, n_items + 1)
    train = build_user_items(np.ones(n_items, dtype=np.int64), ids, np.full(n_items, 4.0), ids)
    targets = np.zeros((50, n_items), dtype=np.float32)
    targets[:, :10] = 5
    part = HeldOut(
        UserItemMatrix(csr_matrix(targets.shape, dtype=np.float32), np.zeros(0, dtype=np.int64), np.arange(2, 52), ids),
        csr_matrix(targets),
        csr_matrix((50, 0)),
        np.zeros(0, dtype=np.int64),
    )
    found = evaluate({"silent": lambda shown: np.zeros(shown.ratings.shape)}, part, train, parameters=QUICK)
    assert found.summary()["models"]["silent"]["ndcg@10"]["mean"] < 0.2


def test_the_document_has_the_keys_that_others_rely_on() -> None:
    split = split_of(cold_item_share=0.2)
    cold = {"hybrid": lambda shown: np.ones((shown.n_users, len(split.test.cold_item_ids)))}
    models = {"popularity": random_score(0), "als": random_score(1), "hybrid": oracle(split.test)}
    features = planted_features(np.union1d(split.train.item_ids, 3 * np.arange(1, 320)))
    found = evaluate(models, split.test, split.train, features=features, cold_scorers=cold, parameters=QUICK)
    document = json.loads(json.dumps(found.summary(), allow_nan=False))
    assert list(document) == ["protocol", "n_users", "models", "slices", "paired"]
    assert document["protocol"] == "user_holdout"
    assert document["n_users"] == len(split.test.user_ids)
    assert list(document["models"]) == list(models)
    assert set(document["models"]["als"]["ndcg@10"]) == {"mean", "ci_low", "ci_high", "n_users"}
    assert {"recall@20", "precision@10", "map@20", "coverage@10", "novelty@10", "diversity@20", "gini@10"} <= set(
        document["models"]["als"]
    )
    assert list(document["slices"]) == [
        "history_0",
        "history_1_5",
        "history_6_20",
        "history_21_100",
        "history_101_plus",
        "items_head",
        "items_mid",
        "items_tail",
        "items_cold",
    ]
    for by_model in document["slices"].values():
        assert list(by_model) == list(models)
    assert document["slices"]["items_cold"]["als"] is None
    assert document["slices"]["items_cold"]["hybrid"]["ndcg@10"]["n_users"] > 0
    assert list(document["paired"]) == ["hybrid_vs_popularity", "hybrid_vs_als"]
    assert set(document["paired"]["hybrid_vs_als"]["ndcg@10"]) == {"difference", "ci_low", "ci_high"}
    for metric in document["models"]["popularity"].values():
        if metric["ci_low"] is not None:
            assert metric["ci_low"] <= metric["mean"] <= metric["ci_high"]


def test_paired_differences_are_differences_of_means() -> None:
    split = split_of()
    models = {"als": random_score(1), "hybrid": oracle(split.test)}
    found = evaluate(models, split.test, split.train, parameters=QUICK)
    means = {model: found.metrics()[model]["ndcg@10"].mean for model in models}  # type: ignore[index]
    pair = found.paired("hybrid", "als", "ndcg@10")
    assert pair.difference == pytest.approx(means["hybrid"] - means["als"])
    among_all = found.all_paired("hybrid")["hybrid_vs_als"]["ndcg@10"]
    assert (among_all.difference, among_all.ci_low) == pytest.approx((pair.difference, pair.ci_low))
    back = found.paired("als", "hybrid", "ndcg@10")
    assert (back.difference, back.ci_low) == pytest.approx((-pair.difference, -pair.ci_high))
    assert found.all_paired("absent") == {}


def test_shortened_histories_show_the_models_the_first_ratings_only() -> None:
    split = split_of()
    seen: list[Histories] = []

    def recording(shown: Histories) -> np.ndarray:
        seen.append(shown)
        return np.zeros(shown.ratings.shape)

    found = evaluate({"recording": recording}, split.test, split.train, parameters=QUICK)
    assert found.details["histories"] == "shortened"
    longest = [int(block.lengths.max()) for block in seen]
    assert longest[1:4] == [0, 5, 20]
    lengths = np.diff(split.test.history.ratings.indptr)
    assert found.slices["history_21_100"].n_users == (lengths >= 21).sum()
    first_five = truncated_histories(split.test, 5)
    assert (seen[2].ratings != first_five.history.ratings).nnz == 0
    np.testing.assert_array_equal(seen[2].times, first_five.history.timestamps)


def test_observed_histories_put_every_user_into_one_slice() -> None:
    parameters = SplitParameters(protocol="temporal", validation_share=0.2, test_share=0.2)
    data = planted_interactions(200, 100, 9_000, seed=5)
    mixed = UserItemMatrix(
        data.ratings, np.random.default_rng(0).integers(0, 1000, data.n_ratings), data.user_ids, data.item_ids
    )
    split = split_interactions(mixed, parameters, catalogue_ids=CATALOGUE)
    found = evaluate({"chance": random_score(0)}, split.test, split.train, protocol="temporal", parameters=QUICK)
    assert found.details["histories"] == "observed"
    assert found.protocol == "temporal"
    by_length = {name: part for name, part in found.slices.items() if name.startswith("history_")}
    assert sum(part.n_users for part in by_length.values()) == found.n_users
    assert by_length["history_0"].n_users == 0
    assert found.metrics("history_0") == {"chance": None}
    lengths = dict(zip(split.test.user_ids.tolist(), np.diff(split.test.history.ratings.indptr), strict=True))
    assert all(6 <= lengths[user] <= 20 for user in by_length["history_6_20"].user_ids.tolist())


def test_popularity_groups_hold_a_third_of_the_ratings_each() -> None:
    train, _ = small()
    # 11 ratings: items 1 (4) | 2 (3), 3 (2) would start at 7/11 < 2/3 | 4, 5
    assert popularity_groups(train, (1 / 3, 2 / 3)).tolist() == [0, 1, 1, 2, 2]
    three = build_user_items(np.tile([1, 2, 3], 3), np.repeat([1, 2, 3], 3), np.full(9, 4.0), np.arange(9))
    assert popularity_groups(three, (1 / 3, 2 / 3)).tolist() == [0, 1, 2]  # an item on the border opens the next group
    groups = popularity_groups(_interactions(), (1 / 3, 2 / 3))
    counts = np.bincount(_interactions().ratings.indices, minlength=_interactions().n_items)
    shares = np.bincount(groups, weights=counts) / counts.sum()
    assert shares == pytest.approx([1 / 3] * 3, abs=0.03)
    assert counts[groups == 0].min() >= counts[groups == 1].max() >= counts[groups == 2].max()


def test_item_slices_judge_the_same_lists_on_some_targets() -> None:
    train, part = small()
    model = fit_popularity(train.ratings, train.item_ids)
    found = evaluate({"popularity": model.score}, part, train, ks=(2,), parameters=QUICK)
    assert found.slices["items_head"].user_ids.tolist() == [9]  # wants item 1
    assert found.slices["items_mid"].user_ids.tolist() == [8]  # wants item 3
    assert found.slices["items_tail"].user_ids.tolist() == [8]  # wants item 5
    recalls = [found.slices[name].column("popularity", "recall@2").tolist() for name in ("items_head", "items_mid")]
    assert recalls == [[1.0], [1.0]]
    assert found.slices["items_tail"].column("popularity", "recall@2").tolist() == [0.0]


def test_cold_items_are_ranked_among_themselves() -> None:
    train, part = small()
    found = evaluate(
        {"a": random_score(0), "b": random_score(0)},
        part,
        train,
        ks=(1,),
        cold_scorers={"b": lambda shown: np.tile([1.0, 0.0], (shown.n_users, 1))},
        parameters=QUICK,
    )
    assert found.slices["items_cold"].user_ids.tolist() == [8]
    assert found.slices["items_cold"].column("b", "ndcg@1").tolist() == [1.0]
    with pytest.raises(ParameterError, match="no figures for model 'a'"):
        found.paired("b", "a", "ndcg@1", slice_name="items_cold")


def test_a_sample_of_users_is_the_same_for_every_model_and_seed() -> None:
    split = split_of()
    parameters = EvaluationParameters(n_bootstrap=20, max_users=10, max_slice_users=4, seed=3)
    one, two = (evaluate({"m": random_score(s)}, split.test, split.train, parameters=parameters) for s in (0, 1))
    assert one.n_users == 10
    assert one.slices["history_0"].n_users == 4
    assert one.slices["all"].user_ids.tolist() == two.slices["all"].user_ids.tolist()
    assert set(one.slices["history_1_5"].user_ids) <= set(one.slices["all"].user_ids)


def test_an_evaluation_comes_back_from_disk(tmp_path: Path) -> None:
    split = split_of()
    found = evaluate({"als": random_score(1), "hybrid": random_score(2)}, split.test, split.train, parameters=QUICK)
    found.save(tmp_path)
    again = Evaluation.load(tmp_path)
    assert json.dumps(again.summary()) == json.dumps(found.summary())
    assert again.parameters == found.parameters
    assert again.details == found.details
    save_arrays(tmp_path / "metrics.npz", nothing=np.zeros(1))
    with pytest.raises(StorageError, match="missing from the stored evaluation"):
        Evaluation.load(tmp_path)


def test_pooled_seeds_count_people_once_and_average_what_is_not_by_user() -> None:
    splits = [split_of(seed) for seed in (0, 1)]
    found = [
        evaluate({"als": random_score(1), "hybrid": oracle(s.test)}, s.test, s.train, parameters=QUICK) for s in splits
    ]
    both = pool(found)
    people = set(splits[0].test.user_ids.tolist()) | set(splits[1].test.user_ids.tolist())
    assert both.n_users == len(people) < sum(len(s.test.user_ids) for s in splits)
    coverage = [e.metrics()["als"]["coverage@10"].mean for e in found]  # type: ignore[index]
    assert both.metrics()["als"]["coverage@10"].mean == pytest.approx(np.mean(coverage))  # type: ignore[index]
    rows = np.concatenate([e.slices["all"].column("als", "ndcg@10") for e in found])
    assert both.slices["all"].column("als", "ndcg@10").tolist() == rows.tolist()
    assert json.dumps(both.summary(), allow_nan=False)


def test_evaluations_that_differ_in_models_or_parameters_are_not_pooled() -> None:
    split = split_of()
    one = evaluate({"als": random_score(1)}, split.test, split.train, parameters=QUICK)
    other = evaluate({"ease": random_score(1)}, split.test, split.train, parameters=QUICK)
    with pytest.raises(ParameterError, match="different models cannot be pooled"):
        pool([one, other])
    with pytest.raises(ParameterError, match="no evaluation to pool"):
        pool([])


def test_two_versions_are_compared_on_the_same_users_only() -> None:
    splits = [split_of(seed) for seed in (0, 1)]
    old = evaluate({"hybrid": random_score(1)}, splits[0].test, splits[0].train, parameters=QUICK)
    new = evaluate({"hybrid": oracle(splits[0].test)}, splits[0].test, splits[0].train, parameters=QUICK)
    elsewhere = evaluate({"hybrid": random_score(1)}, splits[1].test, splits[1].train, parameters=QUICK)
    pair = paired_between(new, old, "ndcg@10")
    expected = (new.slices["all"].column("hybrid", "ndcg@10") - old.slices["all"].column("hybrid", "ndcg@10")).mean()
    assert pair.difference == pytest.approx(expected)
    assert pair.ci_low > 0
    assert paired_between(old, old, "ndcg@10").ci_high == 0
    with pytest.raises(ParameterError, match="expected the same users"):
        paired_between(new, elsewhere, "ndcg@10")


def test_a_trade_off_is_precision_and_coverage_of_the_same_lists() -> None:
    split = split_of()
    score = random_score(4)
    whole = evaluate({"m": score}, split.test, split.train, parameters=QUICK).metrics()["m"]
    assert whole is not None
    (point,) = trade_offs_of({"chance": score}, split.test, k=10, chosen="chance")
    assert (point.label, point.chosen) == ("chance", True)
    assert point.precision == pytest.approx(whole["precision@10"].mean)
    assert point.coverage == pytest.approx(whole["coverage@10"].mean)


def test_what_does_not_belong_together_is_refused() -> None:
    train, part = small()
    with pytest.raises(ParameterError, match="no model to evaluate"):
        evaluate({}, part, train)
    with pytest.raises(ShapeError, match="expected both from the same split"):
        evaluate({"m": random_score(0)}, part, _interactions())
    with pytest.raises(ShapeError, match=r"wide gave scores of shape \(2, 6\), expected \(2, 5\)"):
        evaluate({"wide": lambda shown: np.zeros((shown.n_users, 6))}, part, train)
    with pytest.raises(DataError, match=r"broken: 2 of 2 users have a score that is not a number"):
        evaluate({"broken": lambda shown: np.full(shown.ratings.shape, np.nan)}, part, train)
    aimless = HeldOut(part.history, csr_matrix(part.targets.shape), part.cold_targets, part.cold_item_ids)
    with pytest.raises(DataError, match="no targets"):
        evaluate({"m": random_score(0)}, aimless, train)
    with pytest.raises(ParameterError, match="'my model' cannot name"):
        evaluate({"my model": random_score(0)}, part, train)
    with pytest.raises(ParameterError, match="there is no slice 'history'"):
        evaluate({"m": random_score(0)}, part, train, parameters=QUICK).metrics("history")
    with pytest.raises(ShapeError, match=r"metrics of m have shape \(2, 2\), expected \(2, 1\)"):
        UserMetrics(np.array([1, 2]), ("ndcg@10",), {"m": np.zeros((2, 2))}, {})
