"""What is drafted for real people's files is a declaration by which every row of them is read."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml

from recsys_core.dataset.declaration import dataset_in
from recsys_core.drafting import Draft, Guess, draft_dataset
from recsys_core.errors import DataError, MissingFileError
from recsys_core.validating import RejectLimits, clean_folder

NOW = 1_800_000_000
HEADER = "userId,movieId,rating,timestamp\n"
RATINGS = HEADER + "1,1,4.0,1100000000\n1,2,3.0,1100000100\n2,1,5.0,1100000200\n2,3,2.5,1100000300\n"
MOVIES = "movieId,title,genres\n1,First (1999),Drama|War\n2,Second (2001),Comedy\n3,Third (2004),Action\n"
OBJECTS = """movieId,title,genres
1,First (1999),"[{'id': 18, 'name': 'Drama'}, {'id': 10752, 'name': 'War'}]"
2,Second (2001),"[{'id': 35, 'name': 'Comedy'}]"
3,Third (2004),"[{'id': 18, 'name': 'Drama'}]"
"""
AS_MOVIELENS = {
    "headers-snake": {"ratings.csv": RATINGS.replace("userId,movieId", "user_id,movie_id")},
    "year-column": {
        "movies.csv": "movieId,title,year,genres\n1,First,1999,Drama\n2,Second,2001,War\n3,Third,2004,War\n"
    },
    "spark-folder": {"ratings.csv/part-00000-x.csv": RATINGS, "ratings.csv/_SUCCESS": ""},
    "movielens": {},
    "genres-empty": {"movies.csv": MOVIES.replace("Comedy", "")},
    "genres-json": {"movies.csv": OBJECTS},
    "links-imdb-float": {"links.csv": "movieId,imdbId,tmdbId\n1,1.0,11\n2,2.0,12\n3,3.0,13\n"},
    "links-nan": {"links.csv": "movieId,imdbId,tmdbId\n1,0000001,NaN\n2,0000002,12\n3,0000003,\\N\n"},
    "title-line-break": {"movies.csv": MOVIES.replace("First (1999)", '"First\n(1999)"')},
    "kaggle-singular": {"ratings.csv": "", "movies.csv": "", "rating.csv": RATINGS, "movie.csv": MOVIES},
}
DECLARED = {
    "implicit-all-ones": {"ratings.csv": HEADER + "1,1,1,1100000000\n1,2,1,1100000100\n2,1,1,1100000200\n"},
    "movies-no-header": {"movies.csv": MOVIES.split("\n", 1)[1]},
    "no-timestamp": {"ratings.csv": "userId,movieId,rating\n1,1,4\n1,2,3\n2,1,5\n2,3,3\n"},
    "scale-1-to-10": {"ratings.csv": HEADER + "1,1,8,1100000000\n1,2,3,1100000100\n2,1,10,1100000200\n"},
    "timestamp-ms": {"ratings.csv": RATINGS.replace("00\n", "00000\n")},
}  # fmt: skip


def folder_of(place: Path, **files: str) -> Path:
    """A folder of MovieLens files, changed by ``files``; those without text are not there."""
    standard = {"ratings.csv": RATINGS, "movies.csv": MOVIES}
    if any(name.startswith("ratings.csv/") for name in files):
        del standard["ratings.csv"]
    for name, text in {**standard, **files}.items():
        if text or name.endswith("_SUCCESS"):
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).write_text(text, encoding="utf-8")
    return place


def read_back(folder: Path, draft: Draft, directory: Path) -> dict[str, int]:
    """Rows accepted of each table under the drafted declaration; none may be rejected."""
    (folder / "dataset.yaml").write_text(draft.text, encoding="utf-8")
    summaries = clean_folder(
        folder, dataset_in(folder), directory, now=NOW, limits=RejectLimits(max_rejected_share=0.0)
    )
    return {name: summary.n_accepted for name, summary in summaries.items() if summary.n_in}


@pytest.mark.parametrize(("case", "files"), [*AS_MOVIELENS.items(), *DECLARED.items()])
def test_every_row_is_read_by_the_draft(tmp_path: Path, case: str, files: dict[str, str]) -> None:
    folder = folder_of(tmp_path / case, **files)
    draft = draft_dataset(folder)

    accepted = read_back(folder, draft, tmp_path / "out")

    assert accepted["ratings"] in {3, 4}
    assert accepted["movies"] == 3
    assert accepted.get("links") == (3 if "links.csv" in files else None)
    assert draft.is_needed == (case in DECLARED)


@pytest.mark.parametrize(
    ("case", "declared"),
    [
        ("implicit-all-ones", {"feedback": {"kind": "events"}}),
        (
            "movies-no-header",
            {
                "items": {
                    "name": "movies",
                    "file": "movies.csv",
                    "format": {"header": ["item_id", "title", "genres"]},
                }
            },
        ),
        ("scale-1-to-10", {"feedback": {"scale": [1, 10], "step": 1}}),
        ("no-timestamp", {"feedback": {"scale": [1, 5], "step": 1}}),
        (
            "timestamp-ms",
            {
                "interactions": {
                    "name": "ratings",
                    "file": "ratings.csv",
                    "columns": {"item_id": "movieId"},
                    "time": "milliseconds",
                }
            },
        ),
    ],
)
def test_only_what_differs_is_declared(tmp_path: Path, case: str, declared: dict[str, object]) -> None:
    draft = draft_dataset(folder_of(tmp_path / case, **DECLARED[case]))

    found = yaml.safe_load(draft.text)
    assert {name: found[name] for name in declared} == declared


def test_ids_that_are_texts_are_declared_and_leading_noughts_are_kept(tmp_path: Path) -> None:
    ratings = HEADER + "AEXAMPLE01,1,4.0,1100000000\nAEXAMPLE02,1,5.0,1100000200\n"
    draft = draft_dataset(folder_of(tmp_path / "ids-string", **{"ratings.csv": ratings}))

    assert "user_id: text  # sure: AEXAMPLE01 is no whole number of 64 bits" in draft.text
    assert yaml.safe_load(draft.text)["ids"] == {"user_id": "text"}

    isbns = "userId,movieId,rating,timestamp\n0007,0195153448,4.0,1100000000\n0008,0195153449,5.0,1100000000\n"
    titles = "movieId,title,genres\n0195153448,A,Drama\n0195153449,B,War\n"
    draft = draft_dataset(folder_of(tmp_path / "isbns", **{"ratings.csv": isbns, "movies.csv": titles}))
    assert yaml.safe_load(draft.text)["ids"] == "text"


def test_ids_may_begin_at_zero_and_decimal_commas_are_told(tmp_path: Path) -> None:
    rows = "".join(f"{n % 4};{n};{n % 5},5\n" for n in range(1, 21))
    books = "id;title\n" + "".join(f"{n};Book {n}\n" for n in range(1, 21))
    folder = folder_of(tmp_path / "books", **{"ratings.csv": "user;id;rating\n" + rows, "movies.csv": books})
    whys = {guess.what: guess.why for guess in draft_dataset(folder).guesses}

    assert whys["interactions.columns.user_id"] == "by its name, user"
    assert "decimal commas" in whys["interactions.columns.rating"]


@pytest.mark.parametrize(("like", "dislike"), [("True", "False"), ("like", "dislike"), ("y", "n")])
def test_words_of_likes_and_dislikes_are_ratings_and_no_dislike_becomes_an_event(
    tmp_path: Path, like: str, dislike: str
) -> None:
    rows = f"userId,movieId,liked\n1,1,{like}\n1,2,{dislike}\n2,1,{dislike}\n2,3,{like}\n"
    folder = folder_of(tmp_path / "data", **{"ratings.csv": rows})
    draft = draft_dataset(folder)

    assert read_back(folder, draft, tmp_path / "out")["ratings"] == 4
    assert yaml.safe_load(draft.text)["feedback"] == {"scale": [0, 1], "step": 1}
    rows_path = tmp_path / "out" / "raw" / "ratings" / "rows.parquet"
    found = pq.read_table(rows_path)["rating"].to_pylist()
    assert found == [1.0, 0.0, 0.0, 1.0]


def test_values_and_times_that_cannot_be_read_are_told_and_never_sure(tmp_path: Path) -> None:
    rows = (
        "userId,movieId,rating,date\n1,1,4/5,10/29/2014\n1,2,3/5,11/30/2014\n2,1,5/5,12/31/2014\n2,3,2/5,01/31/2015\n"
    )
    guesses = {guess.what: guess for guess in draft_dataset(folder_of(tmp_path, **{"ratings.csv": rows})).guesses}
    for what, column, example in (
        ("feedback.kind", "rating", "'4/5'"),
        ("interactions.columns.timestamp", "date", "'10/29/2014'"),
    ):
        assert guesses[what].confidence == "guess"
        assert guesses[what].why.startswith(f"{column} has {example}, which is ")


def test_of_ratings_in_words_the_one_that_is_not_read_is_told(tmp_path: Path) -> None:
    kind = _guesses_of(tmp_path, "userId,movieId,liked\n1,1,true\n1,2,false\n2,1,maybe\n2,3,true\n")["feedback.kind"]
    assert (kind.value, kind.confidence) == ("events", "guess")
    assert kind.why.startswith("liked has 'maybe', which is ")


def test_times_are_found_by_their_values_where_no_name_tells(tmp_path: Path) -> None:
    rows = RATINGS.replace("timestamp", "moment of the click")
    folder = folder_of(tmp_path / "data", **{"ratings.csv": rows})
    draft = draft_dataset(folder)
    assert yaml.safe_load(draft.text)["interactions"]["columns"]["timestamp"] == "moment of the click"
    assert read_back(folder, draft, tmp_path / "out")["ratings"] == 4


def test_noughts_beside_a_scale_of_stars_stand_for_no_rating(tmp_path: Path) -> None:
    rows = HEADER + "".join(
        f"{user},{user % 3 + 1},{(0, 0, 1, 3, 4, 5, 2)[user % 7]},{1_100_000_000 + user}\n" for user in range(1, 71)
    )
    folder = folder_of(tmp_path / "data", **{"ratings.csv": rows, "movies.csv": MOVIES})
    draft = draft_dataset(folder)
    assert yaml.safe_load(draft.text)["feedback"] == {"scale": [1, 5], "step": 1, "unrated": 0}
    (guess,) = (guess for guess in draft.guesses if guess.what == "feedback.unrated")
    assert guess.confidence == "guess"
    assert guess.why == "29% are 0; their rows are left out, unless you delete this line and widen the scale"


def _guesses_of(place: Path, rows: str) -> dict[str, Guess]:
    return {guess.what: guess for guess in draft_dataset(folder_of(place, **{"ratings.csv": rows})).guesses}


@pytest.mark.parametrize(
    ("ratings", "scale", "unrated"),
    [
        ((-1, 8, 10, 7), [1, 10], -1),
        ((0, 0, 0, 8, 10, 7), [1, 10], 0),  # Book-Crossing
        ((99, -3.5, 9.25, 2), [-4, 10], 99),  # Jester
    ],
)
def test_a_number_beside_the_scale_stands_for_no_rating(
    tmp_path: Path, ratings: tuple[float, ...], scale: list[int], unrated: int
) -> None:
    rows = "".join(f"{number},{number % 2},{rating}\n" for number, rating in enumerate(ratings))
    guesses = _guesses_of(tmp_path, "userId,movieId,rating\n" + rows)
    assert guesses["feedback.scale"].value == scale
    assert (guesses["feedback.unrated"].value, guesses["feedback.unrated"].confidence) == (unrated, "guess")


@pytest.mark.parametrize(
    "ratings",
    [(0, 0, 1, 1), (0, 0.5, 3, 5), (-1, 0, 1, 1), (0, 1, 1, 5, 4), (0, 0, 1, 3, 6, 7, 8, 9, 10, 2), (0, 1, 2)],
)
def test_a_number_of_the_scale_is_a_rating(tmp_path: Path, ratings: tuple[float, ...]) -> None:
    rows = "".join(f"{number},{number % 2},{rating}\n" for number, rating in enumerate(ratings))
    assert "feedback.unrated" not in _guesses_of(tmp_path, "userId,movieId,rating\n" + rows)


def test_noughts_that_stick_out_of_a_long_scale_are_told(tmp_path: Path) -> None:
    rows = "".join(f"{number},{number % 2},{number % 10 + (number % 10 > 0)}\n" for number in range(40))
    scale = _guesses_of(tmp_path, "userId,movieId,rating\n" + rows)["feedback.scale"]
    assert scale.confidence == "likely"
    assert "10% are 0: declare unrated: 0 and let the scale begin above it if 0 stands for no rating" in scale.why


@pytest.mark.parametrize(("lowest", "confidence"), [(1, "likely"), (0.5, "sure")])
def test_a_scale_of_which_an_end_was_never_seen_is_not_sure(tmp_path: Path, lowest: float, confidence: str) -> None:
    steps = [half / 2 for half in range(int(2 * lowest), 21)]
    rows = "".join(f"{number},{number % 2},{rating}\n" for number, rating in enumerate(steps * 2))
    scale = _guesses_of(tmp_path, "userId,movieId,rating\n" + rows)["feedback.scale"]
    assert (scale.value, scale.confidence) == ([0.5, 10], confidence)


def test_sorts_of_events_that_count_alike_are_told(tmp_path: Path) -> None:
    kind = _guesses_of(tmp_path, "userId,movieId,event\n1,1,look\n1,2,look\n2,1,ask\n2,3,look\n")["feedback.kind"]
    assert (kind.value, kind.confidence) == ("events", "guess")
    assert "; all sorts of event, such as look, ask, count alike: declare counts with their values" in kind.why


def test_quantities_of_which_a_few_are_taken_back_are_counts(tmp_path: Path) -> None:
    rows = "".join(f"{n},{n % 3 + 1},{-1 if n == 7 else n % 5 + 1}\n" for n in range(1, 41))
    kind = _guesses_of(tmp_path, "userId,movieId,quantity\n" + rows)["feedback.kind"]
    assert (kind.value, kind.confidence) == ("counts", "likely")
    assert kind.why.endswith("2.5% are below 0, and these rows are rejected")


def test_files_in_utf_16_are_declared_so_and_read(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "data")
    (folder / "ratings.csv").write_text(RATINGS, encoding="utf-16")
    draft = draft_dataset(folder)
    assert yaml.safe_load(draft.text)["interactions"]["format"] == {"encoding": "utf-16"}
    assert read_back(folder, draft, tmp_path / "out")["ratings"] == 4


def test_a_file_without_a_header_that_tells_nothing_is_to_be_given_names(tmp_path: Path) -> None:
    rows = "".join(f'{n},"Game {n % 7}, Deluxe",play,{n / 2},0\n' for n in range(30))
    with pytest.raises(DataError, match="give its columns names, user_id and item_id among them, in a first line"):
        draft_dataset(folder_of(tmp_path, **{"ratings.csv": rows, "movies.csv": ""}))


def test_rows_that_repeat_a_user_and_an_item_are_told(tmp_path: Path) -> None:
    clicks = "user,item\n" + "".join(f"{n % 2 + 1},{n % 3 + 1}\n" for n in range(12))
    folder = folder_of(tmp_path / "clicks", **{"ratings.csv": clicks})
    whys = {guess.what: guess.why for guess in draft_dataset(folder).guesses}

    assert "50% of its rows repeat a user and an item" in whys["interactions.file"]


def test_columns_of_0_and_1_are_genres_and_what_repeats_is_a_feature(tmp_path: Path) -> None:
    header = "item_id,title,Drama,War,Action,publisher,authors,blurb,cover,pages\n"
    rows = [
        f'{n},Title {n},{n % 2},{n % 3 % 2},{n % 5 // 4},House {n % 3},"Ann {n % 4}, Bob {n % 2}",'
        f"It says {n} things of its own,http://x/{n}.jpg,{n % 2 + 100}\n"
        for n in range(1, 31)
    ]
    ratings = HEADER + "".join(f"{n % 7 + 1},{n % 30 + 1},{n % 9 / 2 + 0.5},11000000{n}\n" for n in range(10, 90))
    folder = folder_of(tmp_path / "flags", **{"ratings.csv": ratings, "movies.csv": header + "".join(rows)})

    draft = draft_dataset(folder)

    items = yaml.safe_load(draft.text)["items"]
    assert items["genre_flags"] == ["Drama", "War", "Action"]
    assert items["features"] == {"publisher": "", "authors": "", "blurb": "text"}
    assert items["picture"] == "{cover}"
    assert "link" not in items
    assert read_back(folder, draft, tmp_path / "out") == {"ratings": 80, "movies": 30}


def test_what_describes_an_item_is_drafted_and_what_people_made_of_it_is_not(tmp_path: Path) -> None:
    header = "item_id,title,price,pages,votes,average_rating,page_count,rank,isbn13,hint,moods,thumb_url,poster_l,url\n"
    rows = [
        f"{n},Title {n},{n + 0.5},{90 + n % 20},{n * 7},{n / 10},{n % 17},{n},97800000{n},{n % 3},"
        f'"{{""dark"": {n}, ""slow"": 1}}",http://x/s/{n},http://x/l/{n},https://shop.example/{n}?a=b\n'
        for n in range(1, 41)
    ]
    folder = folder_of(tmp_path / "shop", **{"movies.csv": header + "".join(rows)})

    draft = draft_dataset(folder)

    items = yaml.safe_load(draft.text)["items"]
    expected = {"price": "number", "pages": "number", "page_count": "number", "moods": "weighted tags"}
    assert items["features"] == expected
    assert (items["picture"], items["link"]) == ("{poster_l}", "{url}")
    assert read_back(folder, draft, tmp_path / "out") == {"ratings": 4, "movies": 40}


def test_files_that_differ_by_a_number_are_one_table(tmp_path: Path) -> None:
    parts = {f"part_{n}.csv": HEADER + f"{n},1,4.0,1100000{n + 100}\n{n},2,3.5,1100000{n + 100}\n" for n in (1, 2, 10)}
    folder = folder_of(tmp_path / "parts", **{"ratings.csv": "", **parts})

    draft = draft_dataset(folder)

    assert yaml.safe_load(draft.text)["interactions"]["file"] == "part_*.csv"
    (why,) = [guess.why for guess in draft.guesses if guess.what == "interactions.file"]
    assert why.startswith("3 files with the same columns; ")
    assert read_back(folder, draft, tmp_path / "out")["ratings"] == 6


def test_a_pattern_that_would_take_another_file_along_is_not_drafted(tmp_path: Path) -> None:
    parts = {f"part_{n}.csv": HEADER + f"{n},1,4.0,110000000{n}\n{n},2,3.5,110000000{n}\n" for n in (1, 2)}
    folder = folder_of(tmp_path / "parts", **{"ratings.csv": "", "part_of.csv": "a,b\n1,x\n", **parts})

    assert yaml.safe_load(draft_dataset(folder).text)["interactions"]["file"] in parts


def test_items_may_have_a_column_that_is_called_as_users_are(tmp_path: Path) -> None:
    shows = "".join(f"{n},Show {n},{['TV', 'Film'][n % 2]},{n % 10}.5,{1000 - n // 2}\n" for n in range(1, 31))
    ratings = "".join(f"{n % 7 + 1},{n % 30 + 1},{n % 10 + 1}\n" for n in range(200))
    reviews = "".join(f"{n},{n % 7 + 1},{n},Liked it {n},text {n}\n" for n in range(1, 31))
    for name, text in {
        "anime.csv": "anime_id,name,type,rating,members\n" + shows,
        "rating.csv": "user_id,anime_id,rating\n" + ratings,
        "reviews.csv": "id,user_id,anime,title,text\n" + reviews,
    }.items():
        (tmp_path / name).write_text(text, encoding="utf-8")

    drafted = yaml.safe_load(draft_dataset(tmp_path).text)

    assert drafted["interactions"]["file"] == "rating.csv"
    assert drafted["items"]["file"] == "anime.csv"


def test_a_log_alone_is_drafted_without_items_and_says_so(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "data", **{"movies.csv": "", "README.txt": "Hello, there.\n"})

    draft = draft_dataset(folder)

    assert [guess.value for guess in draft.guesses if guess.what == "items"] == [None]
    assert draft.is_needed
    assert "\n# items: none; no file has a row for each item" in draft.text
    assert "its rows have userId and movieId" in draft.text
    assert read_back(folder, draft, tmp_path / "out") == {"ratings": 4, "movies": 3}


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"ratings.csv": "version https://git-lfs.github.com/spec/v1\noid sha256:00\n"}, "run git lfs pull"),
        ({"ratings.csv": ""}, "no file has a column of users and one of items; found movies.csv"),
        ({"ratings.csv": "", "movies.csv": "", "README.txt": "Hello, there.\n"}, "found no table among README.txt"),
        ({"ratings.csv": "userId,movieId,rating\n1,1,-2.5\n1,2,-3.5\n"}, "expected ratings above 0"),
    ],
)  # fmt: skip
def test_what_cannot_be_declared_is_refused_with_what_was_found(
    tmp_path: Path, files: dict[str, str], words: str
) -> None:
    with pytest.raises(DataError, match=words):
        draft_dataset(folder_of(tmp_path, **files))


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match="nowhere: no such folder"):
        draft_dataset(tmp_path / "nowhere")


def _rows_of(header: str, row: str, n_rows: int = 60) -> str:
    """Rows of 12 users and 5 items; ``row`` is filled with its number ``n``, its user ``u`` and its item ``i``."""
    return "".join([header + "\n", *(row.format(n=n, u=n % 12, i=n // 12) + "\n" for n in range(n_rows))])


@pytest.mark.parametrize("name", ["rating_val", "my_score", "Rating (1-5)", "rating_x", "bewertung", "MyScore"])
def test_ratings_are_known_by_a_word_of_their_name(tmp_path: Path, name: str) -> None:
    rows = _rows_of(f"user_id,item_id,{name}", "{u},{i},{n}").splitlines()
    rows[1:] = [f"{row.rpartition(',')[0]},{number % 5 + 1}" for number, row in enumerate(rows[1:])]
    guesses = _guesses_of(tmp_path, "\n".join(rows))
    assert guesses["interactions.columns.rating"].value == name
    assert (guesses["feedback.kind"].value, guesses["feedback.kind"].confidence) == ("ratings", "likely")


@pytest.mark.parametrize(("name", "values"), [("disliked", (0, 1)), ("opinion", (1, 2, 3)), ("mood", ("glad", "sad"))])
def test_few_values_that_may_be_an_opinion_are_told(tmp_path: Path, name: str, values: tuple[object, ...]) -> None:
    rows = "".join(f"{n % 12},{n // 12},{values[n % len(values)]}\n" for n in range(60))
    kind = _guesses_of(tmp_path, f"user_id,item_id,{name}\n{rows}")["feedback.kind"]
    assert (kind.value, kind.confidence) == ("events", "guess")
    assert f"if {name} (" in kind.why


def test_a_few_ratings_that_cannot_be_read_leave_the_others(tmp_path: Path) -> None:
    rows = "".join(f"{n % 12},{n // 12},{'-' if n == 7 else n % 5 + 1}\n" for n in range(60))
    guesses = _guesses_of(tmp_path, f"user_id,item_id,rating\n{rows}")
    assert guesses["feedback.scale"].value == [1, 5]
    assert guesses["feedback.kind"].why.endswith("1.7% are none, such as '-', and their rows rejected")


def test_a_column_that_is_called_a_time_and_is_none_is_not_read(tmp_path: Path) -> None:
    rows = "".join(f"{n // 3},{n % 3 + 1},{n % 5 + 1},{1101 + n}\n" for n in range(60))  # month and day
    folder = folder_of(tmp_path / "data", **{"ratings.csv": f"user_id,item_id,rating,time_stamp\n{rows}"})
    draft = draft_dataset(folder)
    assert yaml.safe_load(draft.text)["interactions"]["columns"]["timestamp"] is None
    read_back(folder, draft, tmp_path / "out")
    assert pq.read_table(tmp_path / "out/validated/ratings/rows.parquet")["timestamp"].null_count == 60


def test_one_bad_date_leaves_the_others(tmp_path: Path) -> None:
    rows = "".join(
        f"{n % 12},{n // 12},5,{'0000-00-00' if n == 7 else f'2015-12-{n % 28 + 1:02d}'}\n" for n in range(60)
    )
    guesses = _guesses_of(tmp_path, f"user_id,item_id,rating,date\n{rows}")
    assert guesses["interactions.columns.timestamp"].value == "date"
    assert guesses["interactions.time"].why == "2015-12-01 is a date; '0000-00-00' is none, and its row rejected"


@pytest.mark.parametrize("name", ["release_date", "birth_date", "isbn", "phone"])
def test_moments_of_something_else_are_no_times(tmp_path: Path, name: str) -> None:
    moment = "{}" if name in ("isbn", "phone") else "19{}-01-01"
    rows = "".join(
        f"{n % 12},{n // 12},5,{moment.format(1_500_000_000 + n if '19' not in moment else 80 + n % 9)}\n"
        for n in range(60)
    )
    assert (
        _guesses_of(tmp_path, f"user_id,item_id,rating,{name}\n{rows}")["interactions.columns.timestamp"].value is None
    )


@pytest.mark.parametrize("moments", [(1_450_000_000, 1_450_000_000_000), (20151218073221,), (9780000000000,)])
def test_moments_of_two_units_or_of_the_far_future_are_no_times(tmp_path: Path, moments: tuple[int, ...]) -> None:
    rows = "".join(f"{n % 12},{n // 12},5,{moments[n % len(moments)] + n}\n" for n in range(60))
    found = _guesses_of(tmp_path, f"user_id,item_id,rating,timestamp\n{rows}")["interactions.columns.timestamp"]
    assert (found.value, found.confidence) == (None, "guess")


def test_the_number_of_a_row_is_neither_user_nor_item(tmp_path: Path) -> None:
    guesses = _guesses_of(tmp_path, _rows_of("uid,id,user_id,item_id,rating", "{n},{n},{u},{i},5"))
    assert guesses["interactions.columns.user_id"].value == "user_id"
    assert guesses["interactions.columns.item_id"].value == "item_id"
    guesses = _guesses_of(tmp_path / "films", _rows_of("ID,Username,Movie_Name_EN,Star", "{n},user {u},Film {i},{i}"))
    assert guesses["interactions.columns.item_id"].value == "Movie_Name_EN"


def test_orders_are_no_items(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text(_rows_of("order_id,user_id,order_number", "{n},{u},{i}"))
    with pytest.raises(DataError, match="no file has a column of users and one of items; found orders"):
        draft_dataset(tmp_path)


def test_a_header_in_the_middle_changes_no_draft(tmp_path: Path) -> None:
    rows = HEADER + RATINGS.partition("\n")[2] * 3
    guesses = _guesses_of(tmp_path, rows + rows)
    assert "ids.user_id" not in guesses
    assert "ids" not in guesses
    assert guesses["interactions.columns.timestamp"].value == "timestamp"


def test_a_few_ids_among_whole_numbers_that_are_none_make_no_texts(tmp_path: Path) -> None:
    rows = "".join(f"{'?' if n == 7 else n % 12},{n % 15},5\n" for n in range(180))
    guess = _guesses_of(tmp_path, f"user_id,item_id,rating\n{rows}")["ids.user_id"]
    assert (guess.value, guess.confidence, guess.why) == ("integer", "likely", "but for '?', whose rows are rejected")


def test_commas_between_thousands_are_told_as_such(tmp_path: Path) -> None:
    rows = "".join(f'{n % 12},{n // 12},"{n + 1},{n:03d}"\n' for n in range(60))
    guesses = _guesses_of(tmp_path, f"user_id,item_id,plays\n{rows}")
    assert guesses["feedback.scale"].value[1] > 50_000
    assert "write 17096 for 17,096" in guesses["interactions.columns.rating"].why


def test_items_of_which_a_few_repeat_are_items(tmp_path: Path) -> None:
    movies = "movieId,title\n" + "".join(f"{n % 57},Film {n % 57}\n" for n in range(60))
    rows = "userId,movieId,rating\n" + "".join(f"{n % 12},{n % 57},5\n" for n in range(120))
    guesses = {
        g.what: g for g in draft_dataset(folder_of(tmp_path, **{"ratings.csv": rows, "movies.csv": movies})).guesses
    }
    assert guesses["items.columns.item_id"].why.startswith("5.0% of its movieId repeat")


def test_titles_of_windows_1252_are_read_as_written(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "data")
    (folder / "movies.csv").write_bytes(MOVIES.replace("First", "The “First” – €").encode("cp1252"))
    draft = draft_dataset(folder)
    assert yaml.safe_load(draft.text)["items"]["format"] == {"encoding": "cp1252"}
    read_back(folder, draft, tmp_path / "out")
    assert (
        pq.read_table(tmp_path / "out/validated/movies/rows.parquet")["title"][0].as_py().startswith("The “First” – €")
    )


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("archive.zip", b"PK", r"archive.zip \(an archive; unpack it\)"),
        ("ratings.xlsx", b"PK", r"ratings.xlsx \(a workbook; save its sheets as CSV\)"),
        ("ratings.csv", b"user_id,item_id\r1,2\r", "its lines end in a carriage return alone"),
        ("ratings.json", b"[{}]\n", "expected an object a line"),
    ],
)
def test_what_keeps_a_file_from_being_read_is_told(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=said):
        draft_dataset(tmp_path)


def test_numbers_between_blanks_are_rows(tmp_path: Path) -> None:
    (tmp_path / "ratings.txt").write_text("".join(f"{n % 12} {n // 12} {n % 5 + 1}\n" for n in range(60)))
    draft = draft_dataset(tmp_path)
    assert yaml.safe_load(draft.text)["interactions"]["format"]["separator"] == " "
    assert read_back(tmp_path, draft, tmp_path / "out")["ratings"] == 60


def test_what_people_do_in_a_shop_is_weighed(tmp_path: Path) -> None:
    sorts = ("view", "view", "addtocart", "transaction")
    rows = "".join(f"{n % 12},{sorts[n % 4]},{n // 12}\n" for n in range(60))
    (tmp_path / "events.csv").write_text(f"visitorid,event,itemid\n{rows}")
    draft = draft_dataset(tmp_path)
    weights = {"view": 1, "addtocart": 3, "transaction": 5}
    assert yaml.safe_load(draft.text)["feedback"] == {"kind": "counts", "scale": [0, 5], "values": weights}
    (tmp_path / "out").mkdir()
    assert read_back(tmp_path, draft, tmp_path / "out")["ratings"] == 60
    values = pq.read_table(tmp_path / "out/validated/ratings/rows.parquet")["rating"].to_pylist()
    assert values == [weights[sorts[n % 4]] for n in range(60)]


def test_codes_count_what_is_declared_and_no_other_is_a_number(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("user_id,item_id,code\n1,1,1\n1,2,4\n2,1,4\n2,2,3\n")
    declared = '{kind: counts, scale: [0, 9], values: {"1": 2, "4": 9}}'
    text = f"name: log\nfeedback: {declared}\ninteractions: {{file: log.csv, columns: {{rating: code}}}}\n"
    (tmp_path / "dataset.yaml").write_text(text)
    limits = RejectLimits(max_rejected_share=0.5)
    (tmp_path / "out").mkdir()
    summary = clean_folder(tmp_path, dataset_in(tmp_path), tmp_path / "out", now=NOW, limits=limits)["ratings"]
    assert (summary.n_accepted, summary.n_rejected) == (3, 1)
    values = pq.read_table(tmp_path / "out/validated/ratings/rows.parquet")["rating"]
    assert values.to_pylist() == [2, 9, 9]


def test_quotation_marks_as_spark_writes_them_are_told(tmp_path: Path) -> None:
    movies = "movieId,title,genres\n" + "".join(f'{n},"The \\"Best\\" Film, {n}",Drama\n' for n in range(1, 40))
    guess = next(g for g in draft_dataset(folder_of(tmp_path, **{"movies.csv": movies})).guesses if g.what == "items")
    assert guess.confidence == "guess"
    assert "movies.csv has quotation marks as Spark writes them" in guess.why
