"""Texts of ids get their numbers many blocks at a time, and come out as if each had been asked for by itself."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from recsys_core.dataset.declaration import MOVIELENS
from recsys_core.dataset.ids import number_of
from recsys_core.dataset.interactions import build_user_items
from recsys_core.dataset.table_folders import text_ids
from recsys_core.reading import numbering, read_table

_TABLE = MOVIELENS.with_text_ids(["user_id", "item_id"]).table("ratings")


@pytest.mark.parametrize("at_once", [1, 40, 10_000])
def test_numbers_do_not_depend_on_how_many_blocks_wait(
    at_once: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(numbering, "_AT_ONCE", at_once)
    users = [f"person {num // 7}" for num in range(300)]
    items = ["" if num == 100 else f"B{num % 11}" for num in range(300)]
    rows = "".join(f"{user},{item},3.0,{num}\n" for num, (user, item) in enumerate(zip(users, items, strict=True)))
    (tmp_path / "ratings.csv").write_text(f"userId,movieId,rating,timestamp\n{rows}")

    summary = read_table(tmp_path / "ratings.csv", _TABLE, tmp_path, block_bytes=500)

    found = pq.read_table(tmp_path / "rows.parquet")
    assert summary.n_accepted == 300
    assert found["user_id"].to_pylist() == [number_of(user) for user in users]
    assert found["item_id"].to_pylist() == [number_of(item) if item else None for item in items]
    names = text_ids(tmp_path)
    assert set(names["user_id"].texts.to_pylist()) == set(users)
    assert set(names["item_id"].texts.to_pylist()) == set(items) - {""}


@pytest.mark.parametrize("before", ["", "a"])  # the zero stands in an even place, or in an odd one
@pytest.mark.parametrize("number", ["0x10", "0X10"])
def test_texts_may_look_like_hexadecimals_and_times_may_not(before: str, number: str, tmp_path: Path) -> None:
    rows = f"{before}0x1,B0X7,3,5\n{before},0X7,3,{number}\n"
    (tmp_path / "ratings.csv").write_text(f"userId,movieId,rating,timestamp\n{rows}")

    summary = read_table(tmp_path / "ratings.csv", _TABLE, tmp_path)

    assert (summary.n_accepted, summary.n_rejected) == (1, 1)
    assert pq.read_table(tmp_path / "rows.parquet")["item_id"].to_pylist() == [number_of("B0X7")]


@pytest.mark.parametrize("in_runs", [True, False])
def test_a_matrix_of_scattered_numbers_is_that_of_small_ones(in_runs: bool) -> None:
    rng = np.random.default_rng(3)
    pairs = np.unique(rng.integers(0, [20, 50], (600, 2)), axis=0)
    pairs = pairs if in_runs else rng.permutation(pairs)
    values, times = rng.random(len(pairs)), rng.integers(0, 99, len(pairs))
    scattered = np.sort(rng.integers(2**40, 2**62, 50))  # in the order of the small ones

    small = build_user_items(*pairs.T, values, times)
    found = build_user_items(*scattered[pairs].T, values, times)

    assert (found.ratings != small.ratings).nnz == 0
    assert np.array_equal(found.timestamps, small.timestamps)
    assert np.array_equal(found.user_ids, scattered[small.user_ids])
    assert np.array_equal(found.item_ids, scattered[small.item_ids])
