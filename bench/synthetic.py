"""Made data beside ml-25m, and what models find of the planted tastes, as docs/synthetic-data.md.

python -m bench.synthetic
"""

import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.csv as pcsv
from numpy.typing import NDArray

from bench.options import options
from bench.page import write_page
from bench.process import recsys
from recsys_core.evaluation.beyond_accuracy import exposure_gini
from recsys_core.features.text import normalise_tag, title_words
from recsys_core.library import Dataset, Recommender
from recsys_core.plotting import Table, metrics_table

__all__ = ["main"]

_COLD_SHARE = 0.1
_METRICS = ("ndcg@10", "recall@10")


def main(argv: Sequence[str] | None = None) -> None:
    parser = options("bench.synthetic", __doc__, "docs/synthetic-data.md")
    parser.add_argument("--ratings", type=int, default=25_000_095, help="of the data set that is made to be counted")
    parser.add_argument("--made", type=Path, help="a folder of `recsys synth` that is counted instead")
    parser.add_argument("--fitted", type=int, default=300_000, help="ratings of the one that models are fitted on")
    arguments = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="recsys-bench-") as root:
        counted, fitted = arguments.made or Path(root, "counted"), Path(root, "fitted")
        if not arguments.made:
            recsys(["synth", "--ratings", str(arguments.ratings), "--out", str(counted), "--json"])
        found = _counts(counted)
        recsys(["synth", "--ratings", str(arguments.fitted), "--out", str(fitted), "--json"])
        split = Dataset.of(fitted).split(cold_item_share=_COLD_SHARE)
        evaluation = Recommender.fit(split.train).evaluate(split.test).evaluation
    cold = metrics_table(evaluation, _METRICS, slice_name="items_cold")
    write_page(
        arguments.out,
        "bench.synthetic",
        argv,
        **found,
        fitted=f"{arguments.fitted:,}",
        warm=metrics_table(evaluation, _METRICS),
        cold=Table(cold.columns, tuple(row for row in cold.rows if row[1] != "–")),
        n_cold=f"{evaluation.details['n_cold_items']:,}",
        chance=f"{10 / evaluation.details['n_cold_items']:.3f}".lstrip("0"),
    )


def _counts(folder: Path) -> dict[str, Any]:
    """Of a folder in MovieLens's format, what the page's first table is made of."""
    ratings, movies, tags = (pcsv.read_csv(folder / f"{name}.csv") for name in ("ratings", "movies", "tags"))
    rated, of_movies = np.unique(ratings["movieId"].to_numpy(), return_counts=True)
    nums = np.searchsorted(rated, ratings["movieId"].to_numpy()).astype(np.int32)
    days = ratings["timestamp"].to_numpy().astype("datetime64[s]").astype("datetime64[D]")
    words = Counter(word for title in movies["title"].to_pylist() for word in set(title_words(title)))
    pairs = set(zip(map(normalise_tag, tags["tag"].to_pylist()), tags["movieId"].to_pylist(), strict=True))
    on = Counter(tag for tag, _ in pairs)
    ids = pcsv.ConvertOptions(include_columns=["movieId"])
    scored = _times(pcsv.read_csv(folder / "genome-scores.csv", convert_options=ids)["movieId"].to_numpy())
    return {
        "ratings": ratings,
        "movies": movies,
        "tags": tags,
        "of_users": pd.Series(_times(ratings["userId"].to_numpy())).describe(),
        "of_movies": pd.Series(of_movies).describe(),
        "gini": f"{exposure_gini(nums, len(rated)):.3f}".lstrip("0"),
        "stars": ratings["rating"].to_pandas().describe(),
        "days": f"{days.min()}, {days.max()}",
        "n_tags": len(on),
        "n_common_tags": sum(n > 1 for n in on.values()),
        "n_common_words": sum(n > 1 for n in words.values()),
        "n_scored": len(scored),
        "n_scores": scored.max(initial=0),
    }


def _times(ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """How often each id that there is comes."""
    counts = np.bincount(ids)
    return counts[counts > 0]


if __name__ == "__main__":
    main()
