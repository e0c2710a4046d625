"""What texts cost where ids are read: the same ratings with whole numbers and with texts, for docs/performance.md.

python -m bench.text_ids                      # 25 million made ratings
python -m bench.text_ids --ratings 2640000

Texts are as shops have them: 14 characters for people, 10 for items. Each reading has a process of its own, the two
kinds take turns, and the least is told: what else runs only adds. Printed, as the page is that of bench.pipeline.
"""

import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from os import getpid
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from bench.memory import sampling, tree_mib
from bench.options import options
from bench.page import circumstances
from bench.process import recsys
from recsys_core.dataset.declaration import MOVIELENS
from recsys_core.dataset.table_folders import CleanTable
from recsys_core.dataset.tables import interactions_of
from recsys_core.plotting import Table
from recsys_core.reading import read_table

__all__ = ["main"]

_TEXTS = {"userId": ("A", 13), "movieId": ("B0", 8)}  # how they begin, and how many digits and letters follow
_SPREAD = 2**61 - 1  # a prime: different numbers stay different
_STEPS = ("reading", "the matrix", "both")
Cost = tuple[float, float]
"""Processor seconds, and the most memory, in MiB."""


def main(argv: Sequence[str] | None = None) -> None:
    parser = options("bench.text_ids", __doc__)
    parser.add_argument("--ratings", type=int, default=25_000_095, help="how many are made (default: %(default)s)")
    parser.add_argument("--times", type=int, default=3, help="readings of each kind (default: %(default)s)")
    arguments = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="recsys-bench-") as root:
        recsys(["synth", "--ratings", str(arguments.ratings), "--out", f"{root}/made", "--json"])
        files = (Path(root, "made", "ratings.csv"), Path(root, "texts.csv"))
        _write_texts(*files)
        found: list[list[list[Cost]]] = [[], []]
        for _ in range(arguments.times):
            for texts, path in enumerate(files):
                with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as apart:
                    found[texts].append(apart.submit(_costs, path, bool(texts)).result())
        n_bytes = [path.stat().st_size for path in files]
    rows = [("the file", *(f"{size / 2**20:,.0f} MiB" for size in n_bytes), f"{n_bytes[1] / n_bytes[0]:.2f}")]
    for num, step in enumerate(_STEPS):
        seconds, peaks = ([min(run[num][what] for run in kind) for kind in found] for what in (0, 1))
        rows.append((f"{step}, time", *(f"{took:.2f} s" for took in seconds), f"{seconds[1] / seconds[0]:.2f}"))
        rows.append((f"{step}, memory", *(f"{peak:,.0f} MiB" for peak in peaks), f"{peaks[1] / peaks[0]:.2f}"))
    print(Table((f"{arguments.ratings:,} ratings", "whole numbers", "texts", "times"), tuple(rows)).markdown())
    print("\n" + circumstances("bench.text_ids", argv))


def _write_texts(numbers: Path, texts: Path) -> None:
    """The same rows with texts for ids."""
    rows = pacsv.read_csv(numbers)
    for place, (name, (beginning, length)) in enumerate(_TEXTS.items()):
        encoded = rows[name].combine_chunks().dictionary_encode()
        spread = (one * _SPREAD % 36**length for one in encoded.dictionary.to_pylist())
        called = [beginning + np.base_repr(number, 36).zfill(length) for number in spread]
        rows = rows.set_column(place, name, pa.array(called).take(encoded.indices))
    pacsv.write_csv(rows, texts, pacsv.WriteOptions(quoting_style="none", quoting_header="none"))


def _costs(path: Path, texts: bool) -> list[Cost]:
    """Of reading ``path``, of making its matrix, and of both."""
    table = (MOVIELENS.with_text_ids(["user_id", "item_id"]) if texts else MOVIELENS).table("ratings")
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        steps = (lambda: read_table(path, table, Path(folder)), lambda: interactions_of(CleanTable(Path(folder), {})))
        costs = []
        for step in steps:
            began = time.process_time()
            with sampling(getpid()) as memory:
                step()
            costs.append((time.process_time() - began, max((mib for _, mib in memory), default=tree_mib(getpid()))))
    return [*costs, (sum(seconds for seconds, _ in costs), max(mib for _, mib in costs))]


if __name__ == "__main__":
    main()
