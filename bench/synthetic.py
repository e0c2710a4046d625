"""Made data beside ml-25m, and what models find of the planted tastes, as docs/synthetic-data.md.

python -m bench.synthetic
"""

import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow.csv as pcsv
from numpy.typing import NDArray

from bench.options import options
from bench.page import write_page
from bench.process import recsys
from recsys_core.features.text import normalise_tag, title_words
from recsys_core.library import Dataset, Recommender
from recsys_core.plotting import Table, metrics_table

__all__ = ["main"]

_COLD_SHARE = 0.1
_METRICS = ("ndcg@10", "recall@10")
_ML25M: Final[Mapping[str, str]] = {
    "ratings": "25,000,095",
    "users": "162,541",
    "movies": "62,423",
    "movies with a rating": "59,047",
    "ratings a user: fewest, median, mean, most": "20, 71, 153.8, 32,202",
    "ratings a rated movie: median, mean, most": "6, 423.4, 81,491",
    "Gini coefficient of ratings over movies": ".942",
    "stars: mean, standard deviation": "3.53, 1.06",
    "first and last day": "1995-01-09, 2019-11-21",
    "tags applied": "1,093,360",
    "distinct tags; on two movies or more": "73,050; about 25,000",
    "words on two titles or more": "about 15,000",
    "genome: movies × tags": "13,816 × 1,128",
}
"""As its README says, and others who have counted."""


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
        counts=Table(("", "made", "ml-25m"), tuple((name, found[name], known) for name, known in _ML25M.items())),
        fitted=f"{arguments.fitted:,}",
        warm=metrics_table(evaluation, _METRICS),
        cold=Table(cold.columns, tuple(row for row in cold.rows if row[1] != "–")),
        n_cold=f"{evaluation.details['n_cold_items']:,}",
        chance=f"{10 / evaluation.details['n_cold_items']:.3f}".lstrip("0"),
    )


def _counts(folder: Path) -> dict[str, str]:
    """Of a folder in MovieLens's format, by the names of ``_ML25M``."""
    ratings = pcsv.read_csv(folder / "ratings.csv")
    of_users, of_movies = (_times(ratings[name].to_numpy()) for name in ("userId", "movieId"))
    stars, days = ratings["rating"].to_numpy(), ratings["timestamp"].to_numpy().astype("datetime64[s]")
    movies, tags = pcsv.read_csv(folder / "movies.csv"), pcsv.read_csv(folder / "tags.csv")
    words = Counter(word for title in movies["title"].to_pylist() for word in set(title_words(title)))
    pairs = set(zip(map(normalise_tag, tags["tag"].to_pylist()), tags["movieId"].to_pylist(), strict=True))
    on = Counter(tag for tag, _ in pairs)
    scores = pcsv.read_csv(
        folder / "genome-scores.csv", convert_options=pcsv.ConvertOptions(include_columns=["movieId"])
    )
    scored = len(_times(scores["movieId"].to_numpy()))
    values = (
        f"{ratings.num_rows:,}",
        f"{len(of_users):,}",
        f"{movies.num_rows:,}",
        f"{len(of_movies):,}",
        f"{of_users.min()}, {np.median(of_users):.0f}, {of_users.mean():.1f}, {of_users.max():,}",
        f"{np.median(of_movies):.0f}, {of_movies.mean():.1f}, {of_movies.max():,}",
        f"{_gini(of_movies):.3f}".lstrip("0"),
        f"{stars.mean():.2f}, {stars.std():.2f}",
        f"{days.min().astype('datetime64[D]')}, {days.max().astype('datetime64[D]')}",
        f"{tags.num_rows:,}",
        f"{len(on):,}; {sum(n > 1 for n in on.values()):,}",
        f"{sum(n > 1 for n in words.values()):,}",
        f"{scored:,} × {scores.num_rows // max(scored, 1):,}",
    )
    return dict(zip(_ML25M, values, strict=True))


def _times(ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """How often each id that there is comes."""
    counts = np.bincount(ids)
    return counts[counts > 0]


def _gini(counts: NDArray[np.int64]) -> float:
    rank = np.arange(1, len(counts) + 1)
    return float((2 * rank - len(counts) - 1) @ np.sort(counts) / (len(counts) * counts.sum()))


if __name__ == "__main__":
    main()
