"""What two files have in common is counted by what it is, and files that cannot belong together are refused."""

from collections.abc import Iterable

import numpy as np
import pytest

from recsys_core.dataset.interactions import UserItemMatrix, build_user_items
from recsys_core.errors import DataError
from recsys_core.splitting.overlap import Overlap, Share, overlap_of, pairs_in

TRAIN = [(user, item) for user in range(10) for item in range(5)]


def matrix(pairs: Iterable[tuple[int, int]]) -> UserItemMatrix:
    users, items = (np.array(ids, dtype=np.int64) for ids in zip(*pairs, strict=True))
    return build_user_items(users, items, np.ones(len(users)), np.zeros(len(users), dtype=np.int64))


def overlap(train: Iterable[tuple[int, int]], test: Iterable[tuple[int, int]]) -> Overlap:
    return overlap_of(matrix(train), matrix(test))


def test_each_kind_is_counted_once_by_what_it_is() -> None:
    test = [(0, 0), (0, 1), (0, 7), (1, 8), (2, 7), (88, 0), (88, 7), (-5, 2)]

    found = overlap([*TRAIN, (3, 7), (4, 6)], test)

    assert found == Overlap(
        unknown_users=Share(2, 5), unknown_items=Share(1, 5), known_pairs=Share(2, 8), n_train=len(TRAIN) + 2
    )
    assert found.as_dict() == {
        "unknown_users": {"n": 2, "share": 0.4},
        "unknown_items": {"n": 1, "share": 0.2},
        "known_pairs": {"n": 2, "share": 0.25},
    }
    assert found.in_words().splitlines() == [
        "2 of 5 users of the test file (40.0%) are not in the training file: left out",
        "2 of 8 pairs of the test file (25.0%) are in the training file already: left out",
        "1 of 5 items of the test file (20.0%) are not in the training file: judged apart, as cold items",
    ]
    found.refuse_most("train.csv", "test.csv")


def test_of_files_that_go_together_there_is_nothing_to_tell() -> None:
    found = overlap([(0, 0), (1, 1)], [(0, 1), (1, 0)])

    assert found.in_words() == ""
    assert [kind["n"] for kind in found.as_dict().values()] == [0, 0, 0]


def test_a_pair_is_known_by_its_ids_whatever_the_places_of_its_user_and_item() -> None:
    one, other = matrix([(5, 2), (7, 2), (7, 9)]), matrix([(-1, 9), (5, 9), (7, 2), (8, 2)])

    assert pairs_in(one, other).tolist() == [False, True, False]
    assert pairs_in(other, one).tolist() == [False, False, True, False]


@pytest.mark.parametrize(
    ("train", "test", "told"),
    [
        (TRAIN, TRAIN[:4], "4 of 4 (user, item) pairs .* already; were the test rows not taken out of the training"),
        (TRAIN, [*TRAIN, (0, 8)], "50 of 51 (user, item) pairs .* already; does the test file contain the training"),
        (TRAIN, [*TRAIN[:4], (0, 8)], "4 of 5 (user, item) pairs .* already; were the same rows written into both"),
        (TRAIN, [(20, 0), (21, 0), (0, 9)], "2 of 3 users .* not in the training file; were whole users held out, or"),
        (TRAIN, [(0, 9), (0, 8), (1, 7)], "3 of 3 items .* not in the training file; were ids numbered anew in each"),
        (TRAIN, [(20, 9), (21, 8)], "2 of 2 users .* and 2 of 2 items .* not in .*; were ids numbered anew in each"),
        ([(0, 9), (1, 8), (2, 9)], TRAIN, "7 of 10 users .* and 5 of 5 items .*; are the two files swapped, or ids"),
    ],
)
def test_where_most_is_lost_it_is_said_what_is_likely_wrong(
    train: list[tuple[int, int]], test: list[tuple[int, int]], told: str
) -> None:
    with pytest.raises(DataError, match="^b.csv cannot be judged on a.csv: " + told.replace("(user, item)", ".*")):
        overlap(train, test).refuse_most("a.csv", "b.csv")


def test_half_is_not_most() -> None:
    overlap(TRAIN, [(0, 0), (0, 9)]).refuse_most("a.csv", "b.csv")
