"""Properties of reading: no line is lost or swallowed, both ways of converting agree, memory stays bounded."""

import csv
import io
import tracemalloc
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys_core.dataset.declaration import MOVIELENS
from recsys_core.reading import REJECTED_SCHEMA, RejectedRow, RejectedWriter
from recsys_core.reading.convert import BlockReader
from recsys_core.reading.header import Header
from recsys_core.reading.line_guard import Block, LineGuard

reproducible = settings(deadline=None, derandomize=True)
MOVIES = MOVIELENS.table("movies")
TAGS = MOVIELENS.table("tags")


def blocks_of(
    content: bytes, *, n_columns: int = 3, block_bytes: int = 1 << 16, max_line_bytes: int = 200
) -> list[Block]:
    guard = LineGuard(
        io.BytesIO(content),
        header_line=1,
        n_columns=n_columns,
        max_line_bytes=max_line_bytes,
        block_bytes=block_bytes,
    )
    return list(guard)


def as_block(data: bytes) -> Block:
    return Block(data, 2, data.count(b"\n"))


cells = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), max_size=12)
numbers = st.integers(-(2**63), 2**63 - 1)


@reproducible
@given(st.lists(st.tuples(numbers, numbers, cells, numbers), min_size=1, max_size=20), st.booleans())
def test_typed_and_careful_way_agree_on_clean_rows(rows: list[tuple[int, int, str, int]], quote_all: bool) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL if quote_all else csv.QUOTE_MINIMAL, lineterminator="\n").writerows(rows)
    data = text.getvalue().encode()
    reader = BlockReader(TAGS, Header(TAGS.column_names, 1))

    careful = reader.read_carefully(as_block(data))

    assert careful.rejected == []
    assert careful.rows.equals(reader.read(as_block(data)).rows)
    assert [tuple(row.values())[:4] for row in careful.rows.to_pylist()] == [
        (user, movie, tag or None, time) for user, movie, tag, time in rows
    ]


@reproducible
@given(st.lists(st.text('01234567890+-.eEnaNifxX ", \t', max_size=8), min_size=1, max_size=12))
def test_what_the_typed_way_accepts_alone_the_careful_way_accepts_among_bad_rows(values: list[str]) -> None:
    """Whether a number is accepted depends on itself, never on its neighbours."""
    table = MOVIELENS.table("genome_scores")
    reader = BlockReader(table, Header(table.column_names, 1))
    lines = [f"{n},{n},{value}\n".encode() for n, value in enumerate(values)]
    safe = [block.data for line in lines for block in blocks_of(line)]
    together = reader.read(as_block(b"".join(safe) + b"bad,row,here\n"))

    alone = [reader.read(as_block(line)) for line in safe if line]

    expected = [row["relevance"] for one in alone for row in one.rows.to_pylist()]
    np.testing.assert_array_equal(
        np.array([row["relevance"] for row in together.rows.to_pylist()], dtype=float), np.array(expected, dtype=float)
    )
    assert len(together.rejected) == 1 + sum(len(one.rejected) for one in alone)


morsels = [b'"', b",", b"\n", b"\r", b"\r\n", b"\0", b"\xff", b"\xc3\xa9", b"1", b"a", b"0x", b" ", b"1,a,b\n", b"\n\n"]


@reproducible
@given(st.lists(st.sampled_from(morsels), max_size=60).map(b"".join), st.sampled_from([1, 7, 64, 1 << 16]))
def test_any_bytes_are_accounted_for_line_by_line(noise: bytes, block_bytes: int) -> None:
    """Whatever the bytes: each line is kept, rejected or blank, the same for every block size, and nothing raises."""
    blocks = blocks_of(noise, block_bytes=block_bytes)
    reader = BlockReader(MOVIES, Header(MOVIES.column_names, 1))

    converted = [reader.read(block) for block in blocks]

    lines = [line.removesuffix(b"\r") for line in noise.split(b"\n")]
    rows = {row["line"] for one in converted for row in one.rows.to_pylist()}
    rejected = [row.line for one in converted for row in one.rejected]
    numbers = {number for number, line in enumerate(lines, start=2) if line}
    joined = numbers - rows - set(rejected)  # to a row that begins above
    assert rows | set(rejected) <= numbers
    assert all(lines[number - 2].count(b'"') % 2 or number + 1 in numbers for number in joined)
    assert bool(joined) <= (noise.count(b'"') >= 2)
    assert rows.isdisjoint(rejected)
    assert len(set(rejected)) == len(rejected)
    whole = [reader.read(block) for block in blocks_of(noise)]
    assert [row for one in whole for row in one.rejected] == [row for one in converted for row in one.rejected]


quotish = st.text('a",', max_size=10)


@reproducible
@given(st.lists(quotish, min_size=1, max_size=8))
def test_no_line_that_passes_leaves_a_quotation_mark_open(lines: list[str]) -> None:
    content = "".join(f"{line}\n" for line in lines).encode()
    text = b"".join(block.data for block in blocks_of(content)).decode()
    assert len(list(csv.reader(io.StringIO(text, newline="")))) == len(text.splitlines())
    for line in lines:  # and every line written as RFC 4180 says passes
        written = io.StringIO()
        csv.writer(written, lineterminator="\n").writerow(["1", line, "x"])
        assert blocks_of(written.getvalue().encode())[0].rejected == []


class GiantLine(io.RawIOBase):
    """A stream of one short line, one line of ``size`` bytes, and two short ones, made while it is read."""

    def __init__(self, size: int) -> None:
        self._parts = [b"1,a,b\n2,", *[b"x" * (1 << 20)] * (size >> 20), b",c\n3,d,e\n4,f", b",g\n"]

    def read(self, size: int = -1) -> bytes:
        return self._parts.pop(0) if self._parts else b""


def test_a_gigantic_field_is_passed_over_without_holding_it() -> None:
    stream = cast(BinaryIO, GiantLine(256 << 20))
    tracemalloc.start()
    try:
        blocks = list(LineGuard(stream, header_line=1, n_columns=3, max_line_bytes=1 << 20, block_bytes=1 << 20))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 8 << 20
    assert b"".join(block.data for block in blocks) == b"1,a,b\n3,d,e\n4,f,g\n"
    assert [number for block in blocks for number in block.line_numbers().tolist()] == [2, 4, 5]
    (row,) = [row for block in blocks for row in block.rejected]
    assert (row.line, row.reason, row.text[:4], len(row.text)) == (3, "line too long", "2,xx", 500)


@pytest.mark.parametrize("buffer_rows", [1, 2, 100])
def test_rejected_rows_keep_their_order_across_single_rows_and_tables(tmp_path: Path, buffer_rows: int) -> None:
    earlier = pa.table(
        [["a.csv"], [9], [None], ["values_between"], ["too large"], ["text"]],
        schema=REJECTED_SCHEMA,
    )
    with RejectedWriter(tmp_path, "a.csv", buffer_rows=buffer_rows) as writer:
        writer.add([RejectedRow(1, "r", "t"), RejectedRow(2, "r", "t", column="c", expectation="e")])
        writer.add_table(earlier)
        writer.add([RejectedRow(3, "r", "t")])
    stored = pq.read_table(tmp_path / "rejected.parquet")
    assert writer.n_rows == stored.num_rows == 4
    assert stored.column("line").to_pylist() == [1, 2, 9, 3]
    assert stored.column("expectation").to_pylist() == [None, "e", "values_between", None]
