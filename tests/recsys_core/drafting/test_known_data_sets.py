"""Published data sets are known by their files, and by more than their files' names."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from recsys_core.dataset.declaration import dataset_in, read_dataset
from recsys_core.drafting import draft_dataset
from recsys_core.drafting.known import KNOWN, known_dataset
from recsys_core.validating import RejectLimits, clean_folder

FLAGS = ["0|0|0|1|1|1" + "|0" * 13, "0|1|1" + "|0" * 13 + "|1|0|0", "1" + "|0" * 18]
FILES: dict[str, dict[str, str]] = {
    "ml-1m": {
        "ratings.dat": "1::1::5::978300760\n1::2::3::978302109\n2::1::4::978298413\n",
        "movies.dat": '1::Cité, La "1" (1995)::Animation|Children\'s\n2::Jumanji (1995)::Adventure\n',
        "users.dat": "1::F::1::10::48067\n2::M::56::16::70072\n",
    },
    "ml-100k": {
        "u.data": "196\t1\t4\t881250949\n186\t2\t3\t891717742\n196\t2\t1\t878887116\n",
        "u.item": (
            f"1|Cité, La (1995)|01-Jan-1995||http://x/1|{FLAGS[0]}\n"
            f"2|GoldenEye (1995)|01-Jan-1995||http://x/2|{FLAGS[1]}\n267|unknown||||{FLAGS[2]}\n"
        ),
        "u.user": "196|24|M|technician|85711\n",
    },
    "goodbooks-10k": {
        "ratings.csv": "user_id,book_id,rating\n1,1,5\n2,2,4\n2,1,5\n",
        "books.csv": (
            "book_id,goodreads_book_id,authors,original_publication_year,original_title,title,language_code\n"
            '1,2767052,Suzanne Collins,2008.0,The Hunger Games,"The Hunger Games (The Hunger Games, #1)",eng\n'
            '2,3,"J.K. Rowling, Mary GrandPré",-750.0,,Harry Potter,\n'
        ),
    },
}


def folder_of(place: Path, files: dict[str, str]) -> Path:
    place.mkdir()
    for name, text in files.items():
        encoding = "latin-1" if name in {"movies.dat", "u.item"} else "utf-8"
        (place / name).write_text(text, encoding=encoding)
    return place


def test_every_known_declaration_has_an_example_here() -> None:
    assert {path.stem for path in KNOWN} == set(FILES)


@pytest.mark.parametrize("path", KNOWN, ids=lambda path: path.stem)
def test_a_known_data_set_is_declared_exactly_and_read_whole(tmp_path: Path, path: Path) -> None:
    folder = folder_of(tmp_path / "data", FILES[path.stem])

    draft = draft_dataset(folder)

    assert draft.is_needed
    assert draft.text == path.read_text(encoding="utf-8")
    assert [(guess.what, guess.value, guess.confidence) for guess in draft.guesses] == [("name", path.stem, "sure")]
    dataset, limits = read_dataset(path), RejectLimits(max_rejected_share=0.0)
    summaries = clean_folder(folder, dataset, tmp_path / "out", now=1_800_000_000, limits=limits)
    assert summaries["ratings"].n_accepted == 3
    movies = pq.read_table(tmp_path / "out" / "validated" / "movies" / "rows.parquet").to_pydict()
    assert (
        movies["genres"]
        == {
            "ml-1m": ["Animation|Children's", "Adventure"],
            "ml-100k": ["Animation|Children's|Comedy", "Action|Adventure|Thriller", None],
            "goodbooks-10k": [None, None],
        }[path.stem]
    )
    assert ("Cité" in movies["title"][0]) == (path.stem != "goodbooks-10k")


KAGGLE = {
    "rating.csv": '"userId","movieId","rating","timestamp"\n1,2,4.5,"2005-04-02 23:53:47"\n'
    '2,1,0.5,"1995-01-09 11:46:44"\n',
    "movie.csv": '"movieId","title","genres"\n1,"Toy Story (1995)","Animation|Comedy"\n'
    '2,"Jumanji (1995)","Adventure"\n',
    "link.csv": '"movieId","imdbId","tmdbId"\n1,"0114709",862\n2,"0113497",\n',
    "tag.csv": '"userId","movieId","tag","timestamp"\n1,2,"dark hero","2009-04-24 18:19:40"\n',
    "genome_scores.csv": '"movieId","tagId","relevance"\n1,1,0.025\n1,2,0.5\n',
    "genome_tags.csv": '"tagId","tag"\n1,"007"\n2,"18th century"\n',
}


def test_movielens_20m_as_kaggle_has_it_needs_no_declaration(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "ml-20m", KAGGLE)

    assert not draft_dataset(folder).is_needed
    limits = RejectLimits(max_rejected_share=0.0)
    summaries = clean_folder(folder, dataset_in(folder), tmp_path / "out", now=1_800_000_000, limits=limits)
    assert {name: found.n_accepted for name, found in summaries.items()} == {
        **{"ratings": 2, "movies": 2, "links": 2, "tags": 1, "genome_scores": 2, "genome_tags": 2}
    }
    ratings = pq.read_table(tmp_path / "out" / "validated" / "ratings" / "rows.parquet")
    assert ratings["timestamp"].to_pylist() == [1_112_486_027, 789_652_004]


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("ml-1m", {"ratings.dat": "1::1::4.5::978300760\n1::2::3::978302109\n2::1::4::978298413\n"}),  # as ml-10m
        ("goodbooks-10k", {"ratings.csv": "user_id,book_id,rating\n1,1,0\n2,2,10\n2,1,5\n"}),
        ("goodbooks-10k", {"books.csv": "book_id,title,year\n1,One,1999\n2,Two,2001\n"}),
        ("ml-100k", {"u.data": "196\t1\t3\n186\t2\t3\n"}),
    ],
)
def test_files_of_the_same_names_with_other_values_are_no_known_data_set(
    tmp_path: Path, name: str, changed: dict[str, str]
) -> None:
    assert known_dataset(folder_of(tmp_path / "as-published", FILES[name])) is not None
    assert known_dataset(folder_of(tmp_path / "changed", FILES[name] | changed)) is None
