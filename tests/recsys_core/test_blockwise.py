"""Blocks of rows on several threads: what comes back does not depend on them."""

import threading

import pytest

from recsys_core.blockwise import in_blocks, on_one_core, side_by_side


@pytest.mark.parametrize("threads", [1, 2, 5])
@pytest.mark.parametrize(("n_rows", "block"), [(0, 3), (1, 3), (10, 3), (12, 3), (40, 1)])
def test_blocks_cover_the_rows_in_order(n_rows: int, block: int, threads: int) -> None:
    found = list(in_blocks(n_rows, block, range, threads=threads))
    assert [row for rows in found for row in rows] == list(range(n_rows))
    assert all(0 < len(rows) <= block for rows in found)


def test_a_block_that_is_done_first_waits_for_those_before_it() -> None:
    third_done = threading.Event()

    def work(start: int, stop: int) -> int:
        if start == 1:
            assert third_done.wait(30)
        if start == 2:
            third_done.set()
        return start

    assert list(in_blocks(4, 1, work, threads=2)) == [0, 1, 2, 3]


def test_the_first_block_is_done_before_any_other_begins() -> None:
    begun: list[int] = []

    def work(start: int, stop: int) -> int:
        begun.append(start)
        return len(begun)

    blocks = in_blocks(6, 1, work, threads=3)
    assert next(blocks) == 1
    assert begun == [0]
    assert len(list(blocks)) == 5


def test_the_cores_do_not_wait_long_for_the_first_block() -> None:
    assert [len(rows) for rows in in_blocks(100, 32, range, threads=2)] == [4, 32, 32, 32]
    assert [len(rows) for rows in in_blocks(32, 32, range, threads=2)] == [32]


def test_what_goes_wrong_in_a_block_is_raised() -> None:
    def work(start: int, stop: int) -> int:
        if start == 2:
            raise ValueError("the third block")
        return start

    with pytest.raises(ValueError, match="the third block"):
        list(in_blocks(5, 1, work, threads=2))


def test_a_single_item_and_what_a_thread_asks_for_itself_take_no_threads_of_their_own() -> None:
    def name(_: int) -> str:
        return threading.current_thread().name

    def names(_: int) -> set[str]:
        return {name(0), *side_by_side(name, range(8), threads=4)}

    here = threading.current_thread().name
    assert list(side_by_side(names, [0], threads=4)) != [{here}], "its own items are not alone"
    assert list(side_by_side(name, [0], threads=4)) == [here]
    for found in side_by_side(names, range(6), threads=2):
        assert len(found) == 1
        assert here not in found


def test_on_one_core_all_is_done_by_the_thread_that_asks() -> None:
    with on_one_core():
        found = list(in_blocks(6, 1, lambda start, stop: threading.get_ident(), threads=3))
    assert set(found) == {threading.get_ident()}
    assert len(set(side_by_side(lambda _: threading.get_ident(), range(2), threads=2)) - {threading.get_ident()}) > 0
