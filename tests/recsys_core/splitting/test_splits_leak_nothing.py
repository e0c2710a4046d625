"""Whatever stands in the hidden part, training and validation are the same, byte for byte."""

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from recsys_core.dataset.interactions import HeldOut, Split, UserItemMatrix, build_user_items
from recsys_core.errors import DataError, ParameterError
from recsys_core.splitting import SplitParameters, assign_users, published_split, split_interactions
from recsys_core.splitting.split import TEST, TRAIN, VALIDATION

CATALOGUE = np.arange(1, 31)
SHARES = {"validation_share": 0.25, "test_share": 0.25, "min_user_ratings": 2}
seeds = st.integers(0, 2**32 - 1)

Columns = dict[str, NDArray[Any]]


def columns(seed: int, *, n_users: int = 25, n_seconds: int = 300) -> Columns:
    """Random ratings, users 1 to n_users; few distinct moments, so that many ratings share one."""
    rng = np.random.default_rng(seed)
    pairs = rng.choice(n_users * len(CATALOGUE), size=rng.integers(150, 400), replace=False)
    return {
        "user_ids": pairs // len(CATALOGUE) + 1,
        "item_ids": CATALOGUE[pairs % len(CATALOGUE)],
        "ratings": rng.integers(1, 11, len(pairs)) / 2,
        "timestamps": rng.integers(0, n_seconds, len(pairs)),
    }


def split(data: Columns, parameters: SplitParameters) -> Split:
    try:
        return split_interactions(build_user_items(**data), parameters, catalogue_ids=CATALOGUE)
    except DataError:
        assume(False)
        raise


def bytes_of(value: UserItemMatrix | HeldOut) -> list[bytes]:
    if isinstance(value, HeldOut):
        matrices = [
            array.tobytes() for m in (value.targets, value.cold_targets) for array in (m.data, m.indices, m.indptr)
        ]
        return [*bytes_of(value.history), *matrices, value.cold_item_ids.tobytes()]
    arrays = (value.ratings.data, value.ratings.indices, value.ratings.indptr, value.timestamps)
    return [array.tobytes() for array in (*arrays, value.user_ids, value.item_ids)]


def pairs_of(matrix: Any, user_ids: NDArray[np.int64], item_ids: NDArray[np.int64]) -> set[tuple[int, int]]:
    rows, places = matrix.nonzero()
    return set(zip(user_ids[rows].tolist(), item_ids[places].tolist(), strict=True))


@given(seeds, seeds)
def test_hidden_ratings_of_test_users_change_nothing_but_the_targets(seed: int, other: int) -> None:
    data, parameters = columns(seed), SplitParameters(seed=3, **SHARES)
    before = split(data, parameters)
    known = pairs_of(before.test.history.ratings, before.test.user_ids, before.train.item_ids)
    cold = set(before.test.cold_item_ids.tolist())
    tested = np.isin(data["user_ids"], before.test.user_ids)
    hidden = tested & np.array(
        [
            (user, item) not in known and item not in cold
            for user, item in zip(data["user_ids"].tolist(), data["item_ids"].tolist(), strict=True)
        ]
    )
    rng = np.random.default_rng(other)
    changed = dict(data)
    changed["ratings"] = np.where(hidden, rng.integers(8, 11, len(hidden)) / 2, data["ratings"])
    changed["timestamps"] = np.where(hidden, rng.integers(0, 10**9, len(hidden)), data["timestamps"])
    after = split(changed, parameters)
    assert bytes_of(after.train) == bytes_of(before.train)
    assert bytes_of(after.validation) == bytes_of(before.validation)
    assert set(before.test.user_ids) <= set(after.test.user_ids)
    rows = np.flatnonzero(np.isin(after.test.user_ids, before.test.user_ids))
    assert bytes_of(after.test.history.rows(rows)) == bytes_of(before.test.history)


@given(seeds, seeds)
def test_other_test_users_change_nothing_in_training_and_validation(seed: int, other: int) -> None:
    data, parameters = columns(seed), SplitParameters(seed=5, **SHARES)
    before = split(data, parameters)
    strangers = np.arange(1_000, 1_100)
    strangers = strangers[assign_users(strangers, parameters) == TEST]
    staying = assign_users(data["user_ids"], parameters) != TEST
    theirs = columns(other, n_users=len(strangers))
    theirs["user_ids"] = strangers[theirs["user_ids"] - 1]
    changed = {name: np.concatenate([values[staying], theirs[name]]) for name, values in data.items()}
    after = split(changed, parameters)
    assert bytes_of(after.train) == bytes_of(before.train)
    assert bytes_of(after.validation) == bytes_of(before.validation)
    assert set(after.test.user_ids.tolist()) <= set(strangers.tolist())


@given(seeds, st.sampled_from(["user_holdout", "temporal"]))
def test_hidden_pairs_stand_in_no_history_and_not_in_training(seed: int, protocol: Any) -> None:
    found = split(columns(seed), SplitParameters(protocol=protocol, **SHARES))
    known = pairs_of(found.train.ratings, found.train.user_ids, found.train.item_ids)
    for part in (found.validation, found.test):
        targets = pairs_of(part.targets, part.user_ids, found.train.item_ids)
        assert targets
        assert not targets & known
        assert not targets & pairs_of(part.history.ratings, part.user_ids, found.train.item_ids)
        assert not pairs_of(part.cold_targets, part.user_ids, part.cold_item_ids) & known
        if protocol == "user_holdout":
            assert not set(part.user_ids.tolist()) & set(found.train.user_ids.tolist())
        assert not set(part.cold_item_ids.tolist()) & set(found.train.item_ids.tolist())
    validated = pairs_of(found.validation.history.ratings, found.validation.user_ids, found.train.item_ids)
    assert not validated & pairs_of(found.test.targets, found.test.user_ids, found.train.item_ids)


@given(seeds, seeds)
@settings(max_examples=60)
def test_what_happens_after_a_cut_off_changes_nothing_before_it(seed: int, other: int) -> None:
    data, parameters = columns(seed), SplitParameters(protocol="temporal", **SHARES)
    before = split(data, parameters)
    test_from = before.summary["cut_offs"]["test_from"]
    rng = np.random.default_rng(other)
    future = np.flatnonzero(data["timestamps"] >= test_from)
    changed = {name: values.copy() for name, values in data.items()}
    changed["timestamps"][future] = rng.integers(test_from, test_from + 10**6, len(future))
    changed["ratings"][future] = rng.integers(1, 11, len(future)) / 2
    moved = future[rng.random(len(future)) < 0.5]
    changed["user_ids"][moved] += 1_000  # these ratings are now made by strangers
    after = split(changed, parameters)
    assert after.summary["cut_offs"] == before.summary["cut_offs"]
    assert bytes_of(after.train) == bytes_of(before.train)
    assert bytes_of(after.validation) == bytes_of(before.validation)


@given(seeds)
def test_time_runs_one_way_through_a_temporal_split(seed: int) -> None:
    data = columns(seed)
    found = split(data, SplitParameters(protocol="temporal", **SHARES))
    times = {
        (user, item): time
        for user, item, time in zip(*(data[n].tolist() for n in ("user_ids", "item_ids", "timestamps")), strict=True)
    }
    validation_from, test_from = (found.summary["cut_offs"][name] for name in ("validation_from", "test_from"))
    assert found.train.timestamps.max() < validation_from
    for part, start, end in ((found.validation, validation_from, test_from), (found.test, test_from, 10**9)):
        assert part.history.timestamps.max() < start
        hidden = pairs_of(part.targets, part.user_ids, found.train.item_ids) | pairs_of(
            part.cold_targets, part.user_ids, part.cold_item_ids
        )
        assert all(start <= times[pair] < end for pair in hidden)


@given(st.lists(st.integers(1, 2**31), unique=True, min_size=1, max_size=50), st.integers(0, 2**40))
def test_a_users_part_depends_on_the_id_alone(user_ids: list[int], seed: int) -> None:
    parameters = SplitParameters(seed=seed)
    together = assign_users(np.array(user_ids), parameters)
    alone = [int(assign_users(np.array([user]), parameters)[0]) for user in user_ids]
    assert together.tolist() == alone


def test_shares_of_users_come_out_and_seeds_differ() -> None:
    users = np.arange(1, 20_001)
    one, two = (assign_users(users, SplitParameters(seed=seed, validation_share=0.1)) for seed in (0, 1))
    for assigned in (one, two):
        assert (assigned == TEST).mean() == pytest.approx(0.2, abs=0.015)
        assert (assigned == VALIDATION).mean() == pytest.approx(0.1, abs=0.01)
        assert (assigned == TRAIN).mean() == pytest.approx(0.7, abs=0.015)
    assert ((one == TEST) & (two == TEST)).mean() == pytest.approx(0.04, abs=0.006)  # independent


def test_folds_test_every_user_exactly_once_and_keep_their_shares() -> None:
    users = np.arange(1, 5_001)
    folds = [
        assign_users(users, SplitParameters(seed=9, n_folds=5, fold=fold, validation_share=0.1)) for fold in range(5)
    ]
    assert (np.stack(folds) == TEST).sum(axis=0).tolist() == [1] * len(users)
    for assigned in folds:
        assert (assigned == TEST).mean() == pytest.approx(0.2, abs=0.02)
        assert (assigned == VALIDATION).mean() == pytest.approx(0.1, abs=0.02)


@given(seeds, seeds)
@settings(max_examples=30)
def test_a_published_test_file_does_not_touch_tuning(seed: int, other: int) -> None:
    train = build_user_items(**columns(seed))
    files = [build_user_items(**columns(s)) for s in (other, other + 1)]
    try:
        one, two = (published_split(train, file, catalogue_ids=CATALOGUE) for file in files)
    except DataError:
        assume(False)
    assert bytes_of(one.tuning.train) == bytes_of(two.tuning.train)
    assert bytes_of(one.tuning.validation) == bytes_of(two.tuning.validation)
    assert bytes_of(one.train) == bytes_of(train)
    tuned = pairs_of(one.tuning.train.ratings, one.tuning.train.user_ids, one.tuning.train.item_ids)
    validated = pairs_of(one.tuning.validation.targets, one.tuning.validation.user_ids, one.tuning.train.item_ids)
    assert validated
    assert not validated & tuned
    assert validated < pairs_of(train.ratings, train.user_ids, train.item_ids)
    targets = pairs_of(one.test.targets, one.test.user_ids, one.train.item_ids)
    assert not targets & pairs_of(train.ratings, train.user_ids, train.item_ids)
    assert targets <= pairs_of(files[0].ratings, files[0].user_ids, files[0].item_ids)


def test_validation_folds_are_disjoint_and_never_touch_the_test_part() -> None:
    users = np.arange(1, 4001, dtype=np.int64)
    parameters = SplitParameters(seed=5, validation_share=0.2, test_share=0.2)
    assigned = [assign_users(users, parameters.replace(validation_fold=fold)) for fold in range(4)]
    tested = [set(users[a == TEST]) for a in assigned]
    validated = [set(users[a == VALIDATION]) for a in assigned]
    assert parameters.n_validation_folds == 4
    assert all(part == tested[0] for part in tested)
    assert sum(map(len, validated)) == len(set.union(*validated))
    assert set.union(*validated) | tested[0] == set(users)
    with pytest.raises(ParameterError, match="validation_fold 4 does not exist"):
        parameters.replace(validation_fold=4)
