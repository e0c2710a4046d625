"""A row whose quoted fields hold line breaks is one row, with the number of its first line."""

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys_core.reading.line_guard import MOST_LINES, LineGuard

BLOCKS = [1, 5, 64, 1 << 16]
cells = st.text('a",\n 1', max_size=6)
noise = st.lists(st.sampled_from(['"', ",", "\n", "\r\n", "\0", '""', "1,a,b\n", '1,"x\ny",z\n', "x" * 30, '1,"']))


def guarded(text: str, block_bytes: int, max_line_bytes: int = 1000) -> tuple[list[tuple[int, str]], list[int]]:
    """The kept lines with their numbers, and the numbers of those set aside."""
    guard = LineGuard(
        io.BytesIO(text.encode()), header_line=1, n_columns=3, max_line_bytes=max_line_bytes, block_bytes=block_bytes
    )
    kept: list[tuple[int, str]] = []
    rejected: list[int] = []
    for block in guard:
        kept += zip(block.line_numbers().tolist(), block.data.decode().split("\n")[:-1], strict=True)
        rejected += [row.line for row in block.rejected]
    return kept, rejected


@settings(deadline=None, derandomize=True)
@given(
    st.lists(st.tuples(st.just("1"), cells, cells), min_size=1, max_size=12),
    st.sampled_from(BLOCKS),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
def test_rows_are_those_of_the_csv_module(
    rows: list[tuple[str, ...]], block_bytes: int, end: str, closed: bool
) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator=end)
    starts = []
    for row in rows:
        starts.append(text.getvalue().count("\n") + 2)
        writer.writerow(row)
    content = text.getvalue() if closed else text.getvalue().removesuffix(end)

    kept, rejected = guarded(content, block_bytes)

    assert rejected == []
    assert [number for number, _ in kept] == starts
    found = list(csv.reader(line.rstrip("\r") for _, line in kept))
    assert found == [[cell.replace("\n", " ") for cell in row] for row in rows]


@settings(deadline=None, derandomize=True)
@given(noise.map("".join), st.sampled_from([15, 50, 400]))
def test_blocks_make_no_difference(text: str, max_line_bytes: int) -> None:
    assert len({str(guarded(text, block_bytes, max_line_bytes)) for block_bytes in BLOCKS}) == 1


@pytest.mark.parametrize("block_bytes", BLOCKS)
def test_an_open_mark_costs_its_own_line_and_those_behind_keep_their_numbers(block_bytes: int) -> None:
    kept, rejected = guarded('1,"bad,x\n2,"a\n\nb",y\n3,c,z\n4,"bad,x\n5,d,w\n', block_bytes)
    assert kept == [(3, '2,"a  b",y'), (6, "3,c,z"), (8, "5,d,w")]
    assert rejected == [2, 7]


@pytest.mark.parametrize("block_bytes", BLOCKS)
@pytest.mark.parametrize(("n_lines", "is_row"), [(MOST_LINES, True), (MOST_LINES + 1, False)])
def test_a_row_has_only_so_many_lines(block_bytes: int, n_lines: int, is_row: bool) -> None:
    kept, _ = guarded('1,"' + "\n" * (n_lines - 1) + '",x\n', block_bytes)
    assert bool(kept) == is_row
