"""However files are called, cut, packed and scaled: what is drafted reads back what was written."""

import csv
import gzip
import io
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys_core.dataset.declaration import read_dataset
from recsys_core.dataset.names import plain_name
from recsys_core.dataset.schema import DatasetSpec
from recsys_core.drafting import draft_dataset
from recsys_core.drafting.columns import is_number
from recsys_core.drafting.names import COUNTS, GENRES, ITEM, RATING, TIME, TITLE, USER, YEAR
from recsys_core.reading import locate_table, read_table

USERS = ("user", "user_id", "userID", "uid", "customer_id", "reviewerID", "visitorid", "User-ID", "Member Id")
ITEMS = ("book_id", "item", "asin", "movie_id", "track", "artist_id", "isbn", "product", "Item ID", "movieId")
RATINGS = ("rating", "score", "stars", "overall", "Book-Rating", "user_rating")
OFTEN = ("plays", "playCount", "count", "weight", "quantity")
TIMES = ("timestamp", "time", "date", "unixReviewTime", "ts", "created_at")
TITLES = ("title", "name", "original_title", "Book-Title")
SHELVES = ("genres", "categories", "tags", "shelves", "Genre")
YEARS = ("year", "release_year", "original_publication_year")
SCALES = ((1, 5, 1), (0.5, 5, 0.5), (0, 10, 1), (1, 10, 1), (0, 100, 1), (-1, 1, 2), (0, 1, 1))
UNITS = {"seconds": 1, "milliseconds": 10**3, "microseconds": 10**6, "nanoseconds": 10**9, "dates": 0}
TOPICS = ("Drama", "War", "Children's", "Café", "Film-Noir")


@dataclass(frozen=True)
class Style:
    """How one folder is written."""

    user: str
    item: str
    key: str
    value: str
    time: str
    title: str
    genres: str
    year: str
    scale: tuple[float, float, float] | None
    unit: str
    separator: str
    between: str
    ending: str
    encoding: str
    has_times: bool
    seed: int


STYLES = st.builds(
    Style,
    user=st.sampled_from(USERS),
    item=st.sampled_from(ITEMS),
    key=st.sampled_from(["same", "id"]),
    value=st.sampled_from(RATINGS),
    time=st.sampled_from(TIMES),
    title=st.sampled_from(TITLES),
    genres=st.sampled_from(SHELVES),
    year=st.sampled_from(YEARS),
    scale=st.one_of(st.none(), st.sampled_from(SCALES)),
    unit=st.sampled_from(sorted(UNITS)),
    separator=st.sampled_from([",", ";", "\t", "|", "::"]),
    between=st.sampled_from(["|", ", ", ";", "/", " / "]),
    ending=st.sampled_from([".csv", ".txt", ".csv.gz"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "latin-1"]),
    has_times=st.booleans(),
    seed=st.integers(0, 1000),
)


def write(path: Path, rows: list[list[object]], style: Style) -> None:
    out = io.StringIO()
    sign = style.separator if len(style.separator) == 1 else "\x1f"
    quoting = csv.QUOTE_MINIMAL if len(style.separator) == 1 else csv.QUOTE_NONE
    csv.writer(out, delimiter=sign, lineterminator="\n", quoting=quoting, quotechar='"', escapechar=None).writerows(
        rows
    )
    content = out.getvalue().replace("\x1f", style.separator).encode(style.encoding)
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)


def moment(seconds: int, unit: str) -> object:
    return f"{np.datetime64(seconds, 's')}".replace("T", " ") if unit == "dates" else seconds * UNITS[unit]


def read(folder: Path, dataset: DatasetSpec, name: str, place: Path) -> dict[str, list[object]]:
    table = dataset.table(name)
    file = locate_table(folder, table)
    assert file is not None
    place.mkdir()
    assert read_table(file, table, place).n_rejected == 0
    found: dict[str, list[object]] = pq.read_table(place / "rows.parquet").to_pydict()
    return found


@given(style=STYLES)
@settings(max_examples=60)
def test_what_is_drafted_reads_back_what_was_written(style: Style) -> None:
    random = np.random.default_rng(style.seed)
    ids = random.choice(900_000, 12, replace=False) + 1
    scale = style.scale
    levels = np.arange(scale[0], scale[1] + scale[2], scale[2]) if scale else np.array([1.0])
    n_rows = max(40, 2 * len(levels))
    user, item = np.arange(n_rows) % 13 + 1, ids[np.arange(n_rows) % 12]
    rating = np.resize(levels, n_rows)
    times = 1_300_000_000 + random.integers(0, 10**7, n_rows)
    rows: list[list[object]] = [[style.user, style.item]]
    rows += [[u, i] for u, i in zip(user.tolist(), item.tolist(), strict=True)]
    if scale:
        rows = [[*row, value] for row, value in zip(rows, [style.value, *(f"{r:g}" for r in rating)], strict=True)]
    if style.has_times:
        stamps = [style.time, *(moment(second, style.unit) for second in times.tolist())]
        rows = [[*row, stamp] for row, stamp in zip(rows, stamps, strict=True)]
    titles = [f"Título {n} ({1990 + n})" + (", The" if style.separator != "::" else "") for n in range(12)]
    genres = [[TOPICS[n % 5], TOPICS[(n + 1) % 5]] if n % 3 else [TOPICS[n % 5]] for n in range(12)]
    items: list[list[object]] = [
        [style.item if style.key == "same" else "id", style.title, style.genres, style.year],
        *([i, t, style.between.join(g), 1990] for i, t, g in zip(ids.tolist(), titles, genres, strict=True)),
    ]

    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "data"
        folder.mkdir()
        write(folder / f"actions{style.ending}", rows, style)
        write(folder / f"things{style.ending}", items, style)
        draft = draft_dataset(folder)
        (folder / "dataset.yaml").write_text(draft.text, encoding="utf-8")
        dataset = read_dataset(folder / "dataset.yaml")
        found = read(folder, dataset, "ratings", Path(place) / "ratings")
        told = read(folder, dataset, "movies", Path(place) / "movies")

    kind = dataset.feedback.kind
    assert (kind, dataset.feedback.minimum, dataset.feedback.maximum, dataset.feedback.step) == (
        ("ratings", *scale) if scale else ("events", 0, 1, 1)
    )
    assert found["user_id"] == user.tolist()
    assert found["item_id"] == item.tolist()
    assert found["rating"] == (rating.tolist() if scale else [None] * n_rows)
    assert found["timestamp"] == (times.tolist() if style.has_times else [None] * n_rows)
    assert told["item_id"] == ids.tolist()
    assert told["title"] == titles
    assert told["genres"] == ["|".join(members) for members in genres]
    assert told["year"] == [1990] * 12


@given(name=st.sampled_from(OFTEN), separator=st.sampled_from([",", "\t"]), seed=st.integers(0, 100))
@settings(max_examples=20)
def test_counts_with_a_long_tail_are_counts(name: str, separator: str, seed: int) -> None:
    counts = np.random.default_rng(seed).geometric(0.05, 400)
    with tempfile.TemporaryDirectory() as place:
        lines = [f"{n % 20 + 1}{separator}{n % 40 + 1}{separator}{count}\n" for n, count in enumerate(counts)]
        head = separator.join(["userID", "artistID", name])
        Path(place, "user_artists.dat").write_text(head + "\n" + "".join(lines), encoding="utf-8")
        artists = "".join(f"{n}{separator}Artist {n}\n" for n in range(1, 41))
        Path(place, "artists.dat").write_text(f"id{separator}name\n" + artists, encoding="utf-8")
        Path(place, "dataset.yaml").write_text(draft_dataset(Path(place)).text, encoding="utf-8")
        feedback = read_dataset(Path(place, "dataset.yaml")).feedback

    assert feedback.kind == "counts"
    assert np.mean(counts > feedback.maximum) <= 0.01
    assert np.mean(counts >= feedback.maximum) >= 0.01


NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8)


def names_of_columns_read(name: str) -> list[str]:
    """Those of the items that a draft declares where their third column, of two words, is called ``name``."""
    rows = [["user", "item"], *([n % 5 + 1, n % 20 + 1] for n in range(60))]
    items = [["item", "title", name], *([n + 1, f"Title {n}", ["red", "blue"][n % 2]] for n in range(20))]
    with tempfile.TemporaryDirectory() as place:
        for file, table in {"a.csv": rows, "b.csv": items}.items():
            with Path(place, file).open("w", encoding="utf-8", newline="") as opened:
                csv.writer(opened).writerows(table)
        draft = draft_dataset(Path(place))
        Path(place, "dataset.yaml").write_text(draft.text, encoding="utf-8")
        return list(read_dataset(Path(place, "dataset.yaml")).table("movies").column_names)


def has_no_meaning(name: str) -> bool:
    return bool(name.strip()) and not is_number(name) and plain_name(name) not in (*ITEM, *TITLE, *GENRES, *YEAR)


@given(name=NAMES.filter(has_no_meaning) | st.sampled_from([*USER, *RATING, *COUNTS, *TIME]))
@settings(max_examples=60)
def test_any_name_of_a_column_of_features_is_read_back(name: str) -> None:
    assert names_of_columns_read(name)[-1] == f"feature: {name.strip()}"


@given(name=st.sampled_from([*ITEM, *TITLE, *GENRES, *YEAR]))
def test_a_second_column_that_is_called_as_ids_or_titles_are_leaves_a_draft_that_is_read(name: str) -> None:
    assert {"item_id", "title"} <= {*names_of_columns_read(name)}
