"""Every rating is accounted for, small cases by hand, and too little data is said clearly."""

import json
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from recsys_core.dataset.interactions import Split, UserItemMatrix, build_user_items
from recsys_core.errors import DataError, ParameterError, StorageError
from recsys_core.splitting import (
    PublishedSplitParameters,
    SplitParameters,
    assign_users,
    hash_uniform,
    held_out_rows,
    published_split,
    split_interactions,
    split_parameters,
    truncated_histories,
)
from recsys_core.splitting.parts import known_mask
from recsys_core.testing import planted_interactions

CATALOGUE = np.arange(1, 200)


@cache
def _interactions() -> UserItemMatrix:
    return planted_interactions(120, 60, 3_000, seed=1)


def table(*rows: tuple[int, int, float, int]) -> UserItemMatrix:
    users, items, ratings, times = zip(*rows, strict=True)
    return build_user_items(np.array(users), np.array(items), np.array(ratings), np.array(times))


@given(st.integers(0, 1000), st.sampled_from(["user_holdout", "temporal"]), st.sampled_from([0.0, 0.2]))
def test_every_rating_and_every_user_is_accounted_for(seed: int, protocol: Any, cold: float) -> None:
    parameters = SplitParameters(protocol=protocol, seed=seed, cold_item_share=cold)
    try:
        found = split_interactions(_interactions(), parameters, catalogue_ids=CATALOGUE)
    except DataError:
        assume(False)
    summary = found.summary
    json.dumps(summary, allow_nan=False)
    assert summary["train"]["n_ratings"] == found.train.n_ratings
    assert summary["train"]["n_items"] + summary["train"]["n_cold_items"] == len(CATALOGUE)
    for name, part in (("validation", found.validation), ("test", found.test)):
        account = summary[name]
        assert sum(account["ratings"].values()) == account["n_ratings"]
        assert account["n_users"] + sum(account["filtered_users"].values()) == account["n_users_assigned"]
        assert account["n_users"] == len(part.user_ids)
        assert account["n_targets"] == account["ratings"]["targets"] == part.targets.nnz
        assert account["ratings"]["history"] == part.history.n_ratings
    if protocol == "user_holdout":
        n_all = sum(summary[name]["n_ratings"] for name in ("train", "validation", "test"))
        assert n_all + summary["train"]["n_ratings_of_items_kept_cold"] == _interactions().n_ratings
    stored = Split(found.train, found.validation, found.test, json.loads(json.dumps(summary)))
    assert split_parameters(found) == split_parameters(stored) == parameters


def test_a_split_that_was_published_has_no_parameters_of_ours() -> None:
    (new,) = (_interactions().ratings[[0]].toarray()[0] == 0).nonzero()
    test = table((int(_interactions().user_ids[0]), int(_interactions().item_ids[new[0]]), 1.0, 1))
    found = published_split(_interactions(), test)
    with pytest.raises(StorageError, match=r"protocol 'published' holds no parameters.*split the interactions again"):
        split_parameters(found.tuning)


def test_targets_are_exactly_the_hidden_positives_of_trained_items() -> None:
    parameters = SplitParameters(seed=2, validation_share=0.3, test_share=0.3, min_user_ratings=2)
    found = split_interactions(_interactions(), parameters, catalogue_ids=CATALOGUE)
    tested = _interactions().rows(np.flatnonzero(np.isin(_interactions().user_ids, found.test.user_ids)))
    hidden = tested.select(~known_mask(tested, 0.8, 2))
    expected = hidden.select(hidden.ratings.data >= 4.0).with_items(found.train.item_ids)
    assert (found.test.targets != expected.ratings).nnz == 0
    assert found.test.targets.data.min() >= 4.0


@given(st.integers(0, 10_000), st.sampled_from([0.1, 0.5, 0.8, 0.95]))
def test_the_known_share_is_kept_for_every_user_and_never_none_or_all(seed: int, share: float) -> None:
    known = known_mask(_interactions(), share, seed)
    lengths = np.diff(_interactions().ratings.indptr)
    n_known = np.bincount(_interactions().user_nums()[known], minlength=_interactions().n_users)
    assert (n_known == np.clip(np.rint(share * lengths), 1, np.maximum(lengths - 1, 1))).all()


def test_which_ratings_are_known_does_not_depend_on_other_users() -> None:
    known = known_mask(_interactions(), 0.8, 4)
    alone = np.concatenate([known_mask(_interactions().rows(np.array([num])), 0.8, 4) for num in range(120)])
    assert known.tolist() == alone.tolist()
    assert (known_mask(_interactions(), 0.8, 5) != known).any()


def test_temporal_by_hand() -> None:
    data = table(
        (1, 10, 5.0, 1),
        (1, 11, 3.0, 2),
        (2, 10, 4.0, 3),
        (2, 12, 4.0, 4),
        (1, 12, 4.5, 5),  # validation: liked, trained item
        (2, 11, 2.0, 5),  # validation: not liked, so user 2 has no target there
        (1, 13, 4.0, 6),  # validation: liked, but item 13 is not in training
        (2, 13, 5.0, 8),  # test: cold target
        (2, 14, 4.0, 8),  # test: cold target
        (3, 10, 5.0, 9),  # test: a stranger without history
        (1, 14, 1.0, 9),  # test: not liked
    )
    with pytest.raises(
        DataError, match=r"test part has no user left to evaluate: of 3 users, 1 with too short a history"
    ):
        split_interactions(
            data, SplitParameters(protocol="temporal", validation_from=5, test_from=8), catalogue_ids=np.arange(10, 16)
        )
    found = split_interactions(
        data,
        SplitParameters(protocol="temporal", validation_from=5, test_from=8, min_history=0),
        catalogue_ids=np.arange(10, 16),
    )
    assert found.train.item_ids.tolist() == [10, 11, 12]
    assert found.train.n_ratings == 4
    assert found.validation.user_ids.tolist() == [1]
    assert found.validation.targets.toarray().tolist() == [[0, 0, 4.5]]
    assert found.validation.cold_item_ids.tolist() == [13, 14, 15]
    assert found.validation.cold_targets.toarray().tolist() == [[4.0, 0, 0]]
    assert found.test.user_ids.tolist() == [3]
    assert found.summary["validation"]["filtered_users"]["no_targets"] == 1
    assert found.summary["test"]["filtered_users"]["no_targets"] == 2


def test_cut_offs_leave_the_asked_shares_and_one_moment_stays_together() -> None:
    # 90 ratings, ten in each of nine seconds; 45 and 63 of them are asked for before the cut-offs.
    data = table(*((1 + n % 13, 1 + n % 7, 5.0, n // 10) for n in range(90)))
    parameters = SplitParameters(protocol="temporal", validation_share=0.2, test_share=0.3)
    found = split_interactions(data, parameters, catalogue_ids=np.arange(1, 8))
    assert found.summary["cut_offs"] == {"validation_from": 5, "test_from": 7}
    assert found.train.n_ratings == 50
    assert found.summary["validation"]["ratings"]["targets"] == 20


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"validation_share": 0.5, "test_share": 0.5}, "leave nothing to train on"),
        ({"n_folds": 3, "fold": 3}, "fold 3 of 3 folds does not exist"),
        ({"n_folds": 3, "protocol": "temporal"}, "n_folds belongs to user_holdout"),
        ({"validation_from": 10}, "give both"),
        ({"validation_from": 10, "test_from": 10}, "must be before"),
        ({"history_share": 1.0}, "less than 1"),
        ({"sed": 1}, "sed is not known"),
    ],
)
def test_parameters_that_make_no_split_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        SplitParameters(**changes)


def test_a_single_user_is_too_little() -> None:
    data = table(*((1, item, 4.0, item) for item in range(1, 30)))
    with pytest.raises(DataError, match=r"no training ratings|no user left to evaluate"):
        split_interactions(data, SplitParameters(), catalogue_ids=np.arange(1, 30))


def test_a_single_moment_is_too_little_for_a_temporal_split() -> None:
    data = table(*((user, item, 4.0, 7) for user in range(1, 9) for item in range(1, 9)))
    with pytest.raises(DataError, match=r"all 64 ratings are of the same moment.*protocol user_holdout"):
        split_interactions(data, SplitParameters(protocol="temporal"), catalogue_ids=np.arange(1, 9))
    with pytest.raises(DataError, match="1 ratings are too few to be cut by time"):
        split_interactions(table((1, 1, 5.0, 1)), SplitParameters(protocol="temporal"), catalogue_ids=np.arange(1, 9))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"min_user_ratings": 40}, r"users, \d+ with fewer than 40 ratings; give more data or lower min_user_ratings$"),
        ({"min_history": 40}, r"users, \d+ with too short .* \(fewer than 40\); give more data or lower min_history$"),
        (
            {"positive_threshold": 6.0},
            r"users, \d+ without .* of at least 6 on a .*; give more data or lower positive_thresh",
        ),
        ({"validation_share": 1e-9}, r"has no user left to evaluate; give more data or larger shares$"),
    ],
)
def test_advice_is_to_change_what_leaves_nobody(changes: dict[str, Any], message: str) -> None:
    parameters = SplitParameters(**{"seed": 2, "validation_share": 0.2, "test_share": 0.2} | changes)
    with pytest.raises(DataError, match=message):
        split_interactions(_interactions(), parameters, catalogue_ids=CATALOGUE)


def test_a_rated_item_outside_the_catalogue_is_named() -> None:
    with pytest.raises(DataError, match=r"1 rated items are not in the catalogue \(first: 3\)"):
        split_interactions(_interactions(), SplitParameters(), catalogue_ids=np.arange(4, 200))


def test_items_kept_cold_have_no_training_rating_and_become_cold_targets() -> None:
    parameters = SplitParameters(seed=1, cold_item_share=0.3)
    found = split_interactions(_interactions(), parameters, catalogue_ids=CATALOGUE)
    cold = CATALOGUE[hash_uniform(1, "cold", CATALOGUE) < 0.3]
    assert not set(cold.tolist()) & set(found.train.item_ids.tolist())
    assert found.test.cold_targets.nnz > 0
    assert found.summary["train"]["n_ratings_of_items_kept_cold"] > 0


def test_hashes_are_even_and_differ_by_purpose() -> None:
    ids = np.arange(10_000)
    one, two = hash_uniform(0, "assign", ids), hash_uniform(0, "hide", ids)
    assert np.histogram(one, 10, (0, 1))[0].min() > 900
    assert abs(np.corrcoef(one, two)[0, 1]) < 0.03
    assert abs(np.corrcoef(one, hash_uniform(1, "assign", ids))[0, 1]) < 0.03
    assert (hash_uniform(0, "assign", ids, ids) != hash_uniform(0, "assign", ids, ids[::-1])).any()


def test_users_keep_their_part_from_one_release_to_the_next() -> None:
    """A change here moves every user: stored splits and comparisons with older versions lose their meaning."""
    assert assign_users(np.arange(1, 31), SplitParameters(seed=0, validation_share=0.1)).tolist() == [
        *(0, 1, 1, 2, 2, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 1, 2)
    ]


def shortened(n: int, **changes: Any) -> Any:
    parameters = SplitParameters(seed=2)
    part = split_interactions(_interactions(), parameters, catalogue_ids=CATALOGUE).test
    return part, truncated_histories(part, n, **changes)


@pytest.mark.parametrize("n", [0, 1, 3, 10_000])
def test_shortened_histories_are_the_first_by_time_and_the_later_positives_become_targets(n: int) -> None:
    part, short = shortened(n)
    for row in range(len(part.user_ids)):
        before = slice(*part.history.ratings.indptr[row : row + 2])
        order = np.argsort(part.history.timestamps[before], kind="stable")
        items, ratings = part.history.ratings.indices[before][order], part.history.ratings.data[before][order]
        assert sorted(items[:n]) == short.history.ratings[[row]].indices.tolist()
        later = set(items[n:][ratings[n:] >= 4.0].tolist())
        assert set(short.targets[[row]].indices.tolist()) == set(part.targets[[row]].indices.tolist()) | later
    assert (short.cold_targets != part.cold_targets).nnz == 0


def test_dropped_rests_leave_the_targets_alone() -> None:
    part, short = shortened(2, rest="dropped")
    assert (short.targets != part.targets).nnz == 0
    assert np.diff(short.history.ratings.indptr).max() == 2


def test_a_negative_length_is_refused() -> None:
    with pytest.raises(ParameterError, match="n is -1"):
        shortened(-1)


def test_rows_of_a_part_keep_history_and_targets_together() -> None:
    part = split_interactions(_interactions(), SplitParameters(seed=2), catalogue_ids=CATALOGUE).test
    chosen = held_out_rows(part, np.array([1, 4]))
    assert chosen.user_ids.tolist() == part.user_ids[[1, 4]].tolist()
    assert (chosen.targets != part.targets[[1, 4]]).nnz == 0


def test_a_published_split_is_used_as_it_is() -> None:
    train = table(*((user, item, 1.0 + item % 5, item) for user in range(1, 9) for item in range(10, 20 + user)))
    test = table((1, 25, 1.0, 1), (1, 10, 5.0, 1), (2, 27, 1.0, 1), (2, 99, 5.0, 1), (77, 10, 2.0, 1))
    found = published_split(train, test, parameters=PublishedSplitParameters(validation_user_share=0.5))
    assert found.test.user_ids.tolist() == [1, 2], "nothing is known of user 77"
    assert [found.train.item_ids[row.indices].tolist() for row in found.test.targets] == [[25], [27]]
    assert found.test.history.ratings[[0]].indices.tolist() == train.ratings[[0]].indices.tolist()
    assert found.test.cold_item_ids.tolist() == [99]
    assert found.tuning.summary["test"]["ratings"]["cold_targets"] == 1
    assert set(found.tuning.validation.user_ids.tolist()) < set(train.user_ids.tolist())
    n_hidden = train.n_ratings - found.tuning.train.n_ratings
    assert n_hidden == found.tuning.summary["validation"]["n_targets"] > 0


def test_a_published_split_with_a_threshold_keeps_only_what_was_liked() -> None:
    test = table((1, 25, 1.0, 1), (2, 27, 5.0, 1))
    train = table(*((user, item, 1.0 + item % 5, item) for user in range(1, 9) for item in range(10, 20 + user)))
    parameters = PublishedSplitParameters(validation_user_share=0.5, positive_threshold=4.0)
    found = published_split(train, test, parameters=parameters)
    assert found.test.user_ids.tolist() == [2]
    assert found.tuning.validation.targets.data.min() >= 4.0


@pytest.mark.parametrize(
    ("train", "test", "message"),
    [
        ([(n % 9, n % 7) for n in range(36)], [(0, 3)], "no user of the training file has 5 rows"),
        ([(1, item) for item in range(9)], [(1, 5), (1, 99), (7, 2)], "nothing of the test file can be judged: each"),
        ([(1, item) for item in range(9)], [(1, 99)], "nothing of the test file can be judged: each"),
        (
            [(user, 10 * user + item) for user in range(9) for item in range(9)],
            [(1, 5)],
            "of 9 users, 9 without a hidden rating on a trained item; give more data$",
        ),
    ],
)
def test_published_files_of_which_nothing_can_be_judged(
    train: list[tuple[int, int]], test: list[tuple[int, int]], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        published_split(*(table(*((*pair, 4.0, 1) for pair in pairs)) for pairs in (train, test)))
