"""The files of a made data set: ml-25m's shape and habits, and the same bytes from the same seed."""

import csv
import hashlib
from collections import Counter
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recsys_core.errors import ParameterError
from recsys_core.features.text import title_words, year_of
from recsys_core.synthesis import Shape, write_folder

SMALL = Shape.of(10_000, n_movies=1_000)
HEADERS = {
    "ratings": "userId,movieId,rating,timestamp",
    "movies": "movieId,title,genres",
    "links": "movieId,imdbId,tmdbId",
    "tags": "userId,movieId,tag,timestamp",
    "genome-scores": "movieId,tagId,relevance",
    "genome-tags": "tagId,tag",
}


@cache
def frame(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(folder / f"{name}.csv")


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def moments(folder: Path) -> pd.Series:
    return pd.to_datetime(frame(folder, "ratings").timestamp, unit="s")


def test_files_have_movielens_headers_and_the_shape_that_was_asked_for(made: Path, shape: Shape) -> None:
    found = {path.stem: path.read_text().split("\n", 1)[0] for path in made.iterdir()}
    assert found == HEADERS
    ratings, scores = frame(made, "ratings"), frame(made, "genome-scores")
    assert (len(ratings), ratings.userId.nunique(), ratings.movieId.nunique()) == (
        shape.n_ratings,
        shape.n_users,
        shape.n_rated,
    )
    assert len(frame(made, "movies")) == len(frame(made, "links")) == shape.n_movies
    assert len(frame(made, "tags")) == shape.n_tag_applications
    assert len(scores) == len(scores.drop_duplicates(["movieId", "tagId"])) == shape.n_genome_movies * 1_128
    assert scores.relevance.between(0, 1).all()


def test_ratings_are_sorted_by_user_and_movie_and_no_pair_comes_twice(made: Path) -> None:
    ratings = frame(made, "ratings")
    keys = ratings.userId.to_numpy() * 10**6 + ratings.movieId.to_numpy()
    assert (np.diff(keys) > 0).all()
    assert set(ratings.movieId) < set(frame(made, "movies").movieId)


def test_everybody_rates_twenty_or_more_and_both_tails_are_long(made: Path) -> None:
    ratings = frame(made, "ratings")
    of_users = ratings.groupby("userId").size()
    of_movies = ratings.groupby("movieId").size().sort_values(ascending=False)
    assert of_users.min() >= 20
    assert of_users.mean() > 1.8 * of_users.median()
    assert of_movies.head(len(of_movies) // 20).sum() > 0.4 * len(ratings)
    assert of_movies.median() < of_movies.mean() / 2


def test_stars_are_spread_as_in_ml_25m(made: Path) -> None:
    ratings = frame(made, "ratings")
    assert abs(ratings.rating.mean() - 3.53) < 0.3
    assert abs(ratings.rating.std() - 1.06) < 0.1
    halves = ratings.rating % 1 != 0
    assert not halves[moments(made) < "2003-02-18"].any()
    assert halves[moments(made) >= "2003-02-18"].mean() > 0.3


def test_nothing_is_rated_before_the_year_of_its_release(made: Path) -> None:
    movies = frame(made, "movies")
    released = movies.title.map(year_of).set_axis(movies.movieId)
    assert (moments(made).dt.year.to_numpy() >= released[frame(made, "ratings").movieId].to_numpy()).all()


def test_people_come_in_bursts_from_1995_to_2019(made: Path) -> None:
    assert moments(made).min() < pd.Timestamp("1995-01-10")
    assert pd.Timestamp("2019-10-01") < moments(made).max() < pd.Timestamp("2019-11-22")
    within = np.diff(frame(made, "ratings").sort_values(["userId", "timestamp"]).timestamp)
    assert 0.9 < (np.abs(within) < 3_600).mean() < 1
    lasting = frame(made, "ratings").groupby("userId").timestamp.agg(np.ptp)
    assert 0.4 < (lasting < 24 * 3_600).mean() < 0.8


def test_genres_have_their_season(made: Path) -> None:
    genres = frame(made, "movies").set_index("movieId").genres[frame(made, "ratings").movieId]
    month = moments(made).dt.month
    more = []
    for genre, months in {"Horror": [10], "Children": [11, 12], "Action": [6, 7], "Romance": [2]}.items():
        rated = pd.Series(genres.str.contains(genre).to_numpy())
        more.append(rated[month.isin(months)].mean() / rated[~month.isin(months)].mean())
    assert np.mean(more) > 1.15


def test_the_same_seed_gives_the_same_bytes_with_any_number_of_threads(tmp_path: Path) -> None:
    for name, seed, threads in (("one", 1, 1), ("three", 1, 3), ("other", 2, 3)):
        write_folder(tmp_path / name, SMALL, seed=seed, threads=threads)
    one, three, other = (digests(tmp_path / name) for name in ("one", "three", "other"))
    assert one == three
    assert [name for name in HEADERS if other[f"{name}.csv"] == one[f"{name}.csv"]] == ["genome-tags"]


def test_the_catalogue_is_the_same_at_any_number_of_ratings(tmp_path: Path) -> None:
    for n_ratings in (10_000, 12_000):
        write_folder(tmp_path / str(n_ratings), Shape.of(n_ratings, n_movies=1_000), seed=1)
    fewer, more = (digests(tmp_path / name) for name in ("10000", "12000"))
    assert {name for name in fewer if fewer[name] == more[name]} == {
        "movies.csv",
        "links.csv",
        "genome-scores.csv",
        "genome-tags.csv",
    }


def test_words_of_titles_and_tags_are_many_and_mostly_rare(made: Path) -> None:
    with (made / "movies.csv").open(newline="") as opened:
        titles = [row["title"] for row in csv.DictReader(opened)]
    words = Counter(word for title in titles for word in set(title_words(title)))
    tags = frame(made, "tags").groupby("tag").movieId.nunique()
    for counts in (np.array(list(words.values())), tags.to_numpy()):
        assert 0.15 < (counts > 1).mean() < 0.5
    assert len(set(frame(made, "genome-tags").tag) & set(tags.index)) > 300


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(ParameterError, match="is there already and not empty"):
        write_folder(tmp_path, SMALL)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_half_written_files_do_not_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("recsys_core.synthesis.folder._write_genome", broken)
    with pytest.raises(OSError, match="disk full"):
        write_folder(tmp_path / "made", SMALL)
    assert list(tmp_path.iterdir()) == []
