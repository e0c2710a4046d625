"""Views: the same held-out users with more or less of what they rated known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys_core.dataset.interactions import HeldOut, UserItemMatrix, build_user_items
from recsys_core.errors import DataError, ParameterError
from recsys_core.splitting import (
    VIEWS,
    SplitParameters,
    assign_users,
    cold_view,
    held_back_items,
    split_interactions,
    view_of,
)
from recsys_core.splitting.parts import Vocabulary, training_part
from recsys_core.splitting.split import TEST

CATALOGUE = np.arange(1, 41, dtype=np.int64)
PARAMETERS = SplitParameters(seed=5, n_folds=3, fold=1, validation_share=0.2, min_history=0)
seeds = st.integers(0, 2**32 - 1)


def ratings(seed: int, *, n_users: int = 40, n_seconds: int = 200) -> UserItemMatrix:
    """Random ratings; few distinct moments, so that many ratings share one."""
    rng = np.random.default_rng(seed)
    pairs = rng.choice(n_users * len(CATALOGUE), size=600, replace=False)
    return build_user_items(
        pairs // len(CATALOGUE) + 1,
        CATALOGUE[pairs % len(CATALOGUE)],
        rng.integers(1, 11, len(pairs)) / 2,
        1 + rng.integers(0, n_seconds, len(pairs)),
    )


def parts(interactions: UserItemMatrix, parameters: SplitParameters = PARAMETERS) -> tuple[Vocabulary, UserItemMatrix]:
    """The vocabulary of everything outside the fold, and all ratings of the fold's users."""
    assigned = assign_users(interactions.user_ids, parameters)
    outside = interactions.rows(np.flatnonzero(assigned != TEST))
    removed = np.isin(outside.item_ids, held_back_items(outside.item_ids, parameters))
    vocabulary = training_part(outside.select(~removed[outside.ratings.indices]), CATALOGUE)[1]
    return vocabulary, interactions.rows(np.flatnonzero(assigned == TEST))


def pairs(matrix: object, user_ids: np.ndarray, item_ids: np.ndarray) -> set[tuple[int, int]]:
    rows, columns = matrix.nonzero()  # type: ignore[attr-defined]
    return set(zip(user_ids[rows].tolist(), item_ids[columns].tolist(), strict=True))


def known(view: HeldOut) -> set[tuple[int, int]]:
    return pairs(view.history.ratings, view.user_ids, view.history.item_ids)


def wanted(view: HeldOut) -> set[tuple[int, int]]:
    return pairs(view.targets, view.user_ids, view.history.item_ids) | pairs(
        view.cold_targets, view.user_ids, view.cold_item_ids
    )


@given(seeds, st.sampled_from(VIEWS))
def test_every_liked_rating_is_known_or_a_target_and_never_both(seed: int, name: str) -> None:
    vocabulary, users = parts(ratings(seed))
    view = view_of(users, name, vocabulary, PARAMETERS)
    assert not known(view) & wanted(view)
    liked = users.select(users.ratings.data >= 4)
    all_liked = {
        pair for pair in pairs(liked.ratings, users.user_ids, users.item_ids) if pair[0] in set(view.user_ids.tolist())
    }
    hidden = all_liked - known(view)
    on_cold_items = {pair for pair in hidden - wanted(view) if pair[1] not in set(view.cold_item_ids.tolist())}
    assert wanted(view) <= all_liked
    assert not on_cold_items


@given(seeds)
def test_warm_is_the_test_part_of_the_split(seed: int) -> None:
    interactions = ratings(seed)
    split = split_interactions(interactions, PARAMETERS, catalogue_ids=CATALOGUE)
    users = interactions.rows(np.flatnonzero(assign_users(interactions.user_ids, PARAMETERS) == TEST))
    warm = view_of(users, "warm", Vocabulary(split.train.item_ids, split.test.cold_item_ids), PARAMETERS)
    np.testing.assert_array_equal(warm.user_ids, split.test.user_ids)
    for ours, theirs in (
        (warm.history.ratings, split.test.history.ratings),
        (warm.targets, split.test.targets),
        (warm.cold_targets, split.test.cold_targets),
    ):
        assert (ours != theirs).nnz == 0
    np.testing.assert_array_equal(warm.history.timestamps, split.test.history.timestamps)


@given(seeds, st.sampled_from(["by_time", "first_3"]))
def test_nothing_known_is_later_than_what_is_hidden_and_ties_go_by_item_id(seed: int, name: str) -> None:
    vocabulary, users = parts(ratings(seed, n_seconds=8))
    view = view_of(users, name, vocabulary, PARAMETERS)
    moments = dict(
        zip(
            zip(
                users.user_ids[users.user_nums()].tolist(), users.item_ids[users.ratings.indices].tolist(), strict=True
            ),
            users.timestamps.tolist(),
            strict=True,
        )
    )
    for user_id in view.user_ids.tolist():
        seen = [(moments[pair], pair[1]) for pair in known(view) if pair[0] == user_id]
        hidden = [(moments[pair], pair[1]) for pair in wanted(view) if pair[0] == user_id]
        assert not seen or not hidden or max(seen) < min(hidden)


@given(seeds)
def test_first_n_knows_n_ratings_and_by_time_as_many_as_warm(seed: int) -> None:
    interactions = ratings(seed)
    users = parts(interactions)[1]
    everything = Vocabulary(interactions.item_ids, np.setdiff1d(CATALOGUE, interactions.item_ids))
    lengths = dict(zip(users.user_ids.tolist(), np.diff(users.ratings.indptr).tolist(), strict=True))
    for n in (1, 3):
        view = view_of(users, f"first_{n}", everything, PARAMETERS)
        assert set(np.diff(view.history.ratings.indptr).tolist()) == {n}
    for name in ("warm", "by_time"):
        view = view_of(users, name, everything, PARAMETERS)
        for user_id, n_known in zip(view.user_ids.tolist(), np.diff(view.history.ratings.indptr), strict=True):
            assert n_known == round(0.8 * lengths[user_id])


def test_a_user_whose_first_title_is_not_trained_stays_with_an_empty_history() -> None:
    users = build_user_items(np.array([1, 1, 1]), np.array([9, 2, 3]), np.array([4.0, 5.0, 4.5]), np.array([1, 2, 3]))
    parameters = PARAMETERS.replace(min_user_ratings=2)
    view = view_of(users, "first_1", Vocabulary(np.array([2, 3]), np.array([9])), parameters)
    assert view.history.n_ratings == 0
    assert wanted(view) == {(1, 2), (1, 3)}


@pytest.mark.parametrize("name", ["last_3", "first_", "first_x", "first_-1", ""])
def test_an_unknown_view_is_refused(name: str) -> None:
    vocabulary, users = parts(ratings(0))
    with pytest.raises(ParameterError, match=r"expected one of warm, by_time, or first_<number>"):
        view_of(users, name, vocabulary, PARAMETERS)


REMOVING = PARAMETERS.replace(cold_item_share=0.3)


@given(seeds)
def test_of_held_back_titles_nothing_is_known_and_all_liked_ones_are_targets(seed: int) -> None:
    interactions = ratings(seed)
    vocabulary, users = parts(interactions, REMOVING)
    held_back = held_back_items(interactions.item_ids, REMOVING)
    view = cold_view(users, held_back, vocabulary, REMOVING)
    np.testing.assert_array_equal(view.cold_item_ids, held_back)
    assert not np.isin(vocabulary.item_ids, held_back).any()
    assert not {item for _, item in known(view)} & set(held_back.tolist())
    liked = users.select((users.ratings.data >= 4) & np.isin(users.item_ids, held_back)[users.ratings.indices])
    assert pairs(view.cold_targets, view.user_ids, held_back) == pairs(liked.ratings, users.user_ids, users.item_ids)
    assert (np.diff(view.cold_targets.indptr) > 0).all()


@given(seeds)
def test_the_cold_view_knows_what_warm_knows_of_the_other_titles(seed: int) -> None:
    interactions = ratings(seed)
    vocabulary, users = parts(interactions, REMOVING)
    held_back = held_back_items(interactions.item_ids, REMOVING)
    cold = cold_view(users, held_back, vocabulary, REMOVING)
    warm = view_of(users, "warm", vocabulary, REMOVING)
    both = set(cold.user_ids.tolist()) & set(warm.user_ids.tolist())
    assert {pair for pair in known(cold) if pair[0] in both} == {pair for pair in known(warm) if pair[0] in both}


def test_the_share_of_titles_held_back_is_about_what_was_asked_for_and_depends_on_the_seed() -> None:
    ids = np.arange(10_000)
    found = held_back_items(ids, PARAMETERS.replace(cold_item_share=0.1))
    assert 0.09 < len(found) / len(ids) < 0.11
    other = held_back_items(ids, PARAMETERS.replace(cold_item_share=0.1, seed=6))
    assert len(np.intersect1d(found, other)) < 0.03 * len(ids)
    assert len(held_back_items(ids, PARAMETERS)) == 0


def test_a_cold_view_without_anybody_says_so() -> None:
    vocabulary, users = parts(ratings(0))
    with pytest.raises(DataError, match=r"10 without a hidden rating of at least 4 on a cold item"):
        cold_view(users, np.array([999]), vocabulary, PARAMETERS)
