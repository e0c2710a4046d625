"""Vocabularies, matrices and held-out parts keep every rating in its place."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from recsys_core.dataset.interactions import HeldOut, Split, UserItemMatrix, build_user_items
from recsys_core.errors import ShapeError, StorageError
from recsys_core.storage import write_manifest

Triples = dict[tuple[int, int], tuple[float, int]]

any_id = st.one_of(st.integers(1, 30), st.integers(2**40, 2**40 + 5), st.integers(-5, 0))
rating_tables = st.dictionaries(
    st.tuples(any_id, any_id),
    st.tuples(st.sampled_from([0.5, 3.0, 4.5, 5.0]), st.integers(0, 2**33)),
    max_size=40,
)


def built(table: Triples) -> UserItemMatrix:
    keys, values = list(table), list(table.values())
    return build_user_items(
        np.array([user for user, _ in keys], dtype=np.int64),
        np.array([item for _, item in keys], dtype=np.int64),
        np.array([rating for rating, _ in values], dtype=np.float64),
        np.array([time for _, time in values], dtype=np.int64),
    )


def table_of(matrix: UserItemMatrix) -> Triples:
    users = matrix.user_ids[matrix.user_nums()]
    items = matrix.item_ids[matrix.ratings.indices]
    return {
        (int(user), int(item)): (float(rating), int(time))
        for user, item, rating, time in zip(users, items, matrix.ratings.data, matrix.timestamps, strict=True)
    }


@given(rating_tables)
def test_every_rating_comes_back_under_its_ids(table: Triples) -> None:
    matrix = built(table)
    assert table_of(matrix) == table
    assert matrix.user_ids.tolist() == sorted({user for user, _ in table})
    assert matrix.item_ids.tolist() == sorted({item for _, item in table})
    assert matrix.ratings.has_canonical_format
    assert matrix.ratings.dtype == np.float32
    assert (matrix.n_users, matrix.n_items, matrix.n_ratings) == (*matrix.ratings.shape, len(table))


@given(rating_tables, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(table: Triples, random: object) -> None:
    shuffled = list(table.items())
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one, two = built(table), built(dict(shuffled))
    assert one.timestamps.tobytes() == two.timestamps.tobytes()
    assert one.ratings.indices.tobytes() == two.ratings.indices.tobytes()


@given(rating_tables, st.data())
def test_selecting_rows_and_moving_items_keep_the_right_ratings(table: Triples, data: st.DataObject) -> None:
    matrix = built(table)
    mask = np.array(data.draw(st.lists(st.booleans(), min_size=len(table), max_size=len(table))), dtype=bool)
    kept = [key for key, keep in zip(table_of(matrix), mask, strict=True) if keep]
    assert table_of(matrix.select(mask)) == {key: table[key] for key in kept}
    assert matrix.select(mask).ratings.shape == matrix.ratings.shape

    chosen = data.draw(st.sets(st.sampled_from(range(matrix.n_users)))) if matrix.n_users else set()
    rows = matrix.rows(np.array(sorted(chosen), dtype=np.int64))
    assert table_of(rows) == {key: value for key, value in table.items() if key[0] in set(rows.user_ids.tolist())}
    assert rows.n_items == matrix.n_items

    vocabulary = sorted(data.draw(st.sets(any_id)) | set(matrix.item_ids[::2].tolist()))
    moved = matrix.with_items(np.array(vocabulary, dtype=np.int64))
    assert table_of(moved) == {key: value for key, value in table.items() if key[1] in vocabulary}
    assert moved.ratings.has_sorted_indices


def test_two_ratings_of_one_item_by_one_user_are_refused() -> None:
    ids, times = np.array([7, 7, 8]), np.array([1, 2, 3])
    with pytest.raises(ShapeError, match="user 7 has more than one rating of item 3"):
        build_user_items(ids, np.array([3, 3, 3]), np.array([1.0, 2.0, 3.0]), times)


def test_arrays_of_different_lengths_are_refused() -> None:
    with pytest.raises(ShapeError, match=r"different lengths: \[2, 3\]"):
        build_user_items(np.array([1, 2]), np.array([1, 2]), np.array([1.0, 2.0]), np.array([1, 2, 3]))


def test_rows_in_another_order_are_refused() -> None:
    matrix = built({(1, 1): (4.0, 10), (2, 1): (3.0, 20)})
    for wrong in ([1, 0], [0, 0]):
        with pytest.raises(ShapeError, match="not sorted and unique"):
            matrix.rows(np.array(wrong))


def test_a_matrix_that_does_not_fit_its_vocabularies_is_refused() -> None:
    ids, ratings = np.array([1, 2]), csr_matrix(np.ones((2, 3), dtype=np.float32))
    with pytest.raises(ShapeError, match=r"shape \(2, 3\), the vocabularies say \(2, 2\)"):
        UserItemMatrix(ratings, np.zeros(6, dtype=np.int64), ids, ids)
    with pytest.raises(ShapeError, match="5 timestamps for 6 ratings"):
        UserItemMatrix(ratings, np.zeros(5, dtype=np.int64), ids, np.array([1, 2, 3]))


def a_part() -> HeldOut:
    history = built({(1, 1): (4.0, 10), (2, 2): (3.0, 20)})
    return HeldOut(
        history,
        csr_matrix(np.array([[0, 5], [4, 0]], dtype=np.float32)),
        csr_matrix(np.array([[0, 0, 4], [0, 0, 0]], dtype=np.float32)),
        np.array([5, 6, 7]),
    )


def test_targets_that_do_not_fit_the_history_are_refused() -> None:
    part = a_part()
    with pytest.raises(ShapeError, match=r"targets have shape \(2, 3\), history \(2, 2\)"):
        HeldOut(part.history, part.cold_targets, part.cold_targets, part.cold_item_ids)
    with pytest.raises(ShapeError, match=r"cold_targets have shape \(2, 3\), expected \(2, 1\)"):
        HeldOut(part.history, part.targets, part.cold_targets, np.array([5]))


def test_a_split_comes_back_from_disk(tmp_path: Path) -> None:
    train = built({(3, 1): (4.5, 30), (3, 2): (0.5, 40)})
    split = Split(train, a_part(), a_part(), {"protocol": "user_holdout", "train": {"n_users": 1}})
    split.save(tmp_path)
    found = Split.load(tmp_path)
    assert table_of(found.train) == table_of(train)
    assert found.summary == split.summary
    for part in (found.validation, found.test):
        assert table_of(part.history) == table_of(a_part().history)
        assert (part.targets != a_part().targets).nnz == 0
        assert (part.cold_targets != a_part().cold_targets).nnz == 0
        assert part.cold_item_ids.tolist() == [5, 6, 7]
        assert part.user_ids.tolist() == [1, 2]


FINGERPRINT = "c86a4438e288b1b299e15ed058f838ba6007c9de40531f9ade2f898d9d0dd84b"


def test_a_part_has_the_same_fingerprint_in_every_process_and_after_it_was_stored(tmp_path: Path) -> None:
    assert a_part().fingerprint == FINGERPRINT
    a_part().save(tmp_path)
    assert HeldOut.load(tmp_path).fingerprint == FINGERPRINT


def test_a_fingerprint_is_of_ids_not_of_columns() -> None:
    part = a_part()
    wider = part.history.with_items(np.array([0, 1, 2, 9]))  # nobody rated 0 and 9
    targets = csr_matrix(np.array([[0, 0, 5, 0], [0, 4, 0, 0]], dtype=np.float32))
    cold = csr_matrix(np.array([[0, 0, 0, 4], [0, 0, 0, 0]], dtype=np.float32))
    assert HeldOut(wider, targets, cold, np.array([3, 4, 5, 7])).fingerprint == FINGERPRINT
    turned = csr_matrix(part.cold_targets[:, ::-1])
    assert HeldOut(part.history, part.targets, turned, np.array([7, 6, 5])).fingerprint == FINGERPRINT


def test_whatever_is_asked_or_known_changes_the_fingerprint() -> None:
    part = a_part()
    other_time = built({(1, 1): (4.0, 11), (2, 2): (3.0, 20)})
    other_rating = built({(1, 1): (4.5, 10), (2, 2): (3.0, 20)})
    other_user = built({(1, 1): (4.0, 10), (3, 2): (3.0, 20)})
    other_item = built({(1, 1): (4.0, 10), (2, 3): (3.0, 20)})
    fewer = csr_matrix(np.array([[0, 5], [0, 0]], dtype=np.float32))
    no_cold = csr_matrix((2, 3), dtype=np.float32)
    found = [
        part,
        *(HeldOut(h, part.targets, part.cold_targets, part.cold_item_ids) for h in (other_time, other_rating)),
        *(HeldOut(h, part.targets, part.cold_targets, part.cold_item_ids) for h in (other_user, other_item)),
        HeldOut(part.history, fewer, part.cold_targets, part.cold_item_ids),
        HeldOut(part.history, part.targets, no_cold, part.cold_item_ids),
        HeldOut(part.history, part.targets, part.cold_targets, np.array([5, 6, 8])),
    ]
    assert len({each.fingerprint for each in found}) == len(found)


def test_another_stored_type_is_not_read_as_a_matrix(tmp_path: Path) -> None:
    built({(3, 1): (4.5, 30)}).save(tmp_path)
    write_manifest(tmp_path, "ALSModel")
    with pytest.raises(StorageError, match="holds 'ALSModel' in version 1, expected 'UserItemMatrix'"):
        UserItemMatrix.load(tmp_path)
