"""Item features: what each group holds, what is learnt from training items only, and storage."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys_core.errors import ParameterError, ShapeError, UnknownIdError
from recsys_core.features import FeatureParameters, ItemFeatures, build_item_features
from recsys_core.features.text import bins_of, normalise_tag, title_words, year_of, years_of
from recsys_core.storage import atomic_directory
from recsys_core.testing import item_feature_sets

MOVIES = pa.table(
    {
        "item_id": [1, 2, 3, 40],
        "title": ["Toy Story (1995)", "Heat (1995)", "Dune (2021)", "Untitled"],
        "genres": ["Animation|Comedy", "Action|Crime", "Action|Sci-Fi", "(no genres listed)"],
    }
)
TAGS = pa.table(
    {
        "item_id": [1, 1, 1, 2, 2, 3, 99],
        "tag": ["Fun", " fun ", "pixar", "FUN", "heist", "heist  ", "unknown movie"],
    }
)
GENOME_TAGS = pa.table({"tag_id": [1, 2], "tag": ["desert", "toys"]})
GENOME = pa.table({"item_id": [1, 1, 3], "tag_id": [2, 1, 1], "relevance": [1.0, 0.0, 0.64]})
CATALOGUE = np.array([1, 2, 3, 40])
ALL = np.ones(4, dtype=bool)


def build(fitted: np.ndarray = ALL, **options: object) -> ItemFeatures:
    parameters = FeatureParameters(**options)
    return build_item_features(
        CATALOGUE, fitted, MOVIES, tags=TAGS, genome_scores=GENOME, genome_tags=GENOME_TAGS, parameters=parameters
    )


def names_of(features: ItemFeatures, group: str, row: int) -> set[str]:
    return {features.names[group][num] for num in features.groups[group][row].indices}


def test_every_group_describes_its_items() -> None:
    features = build(min_tag_items=1, min_word_items=1, dense_share=0.9)
    assert list(features.groups) == ["genre", "decade", "title", "tags", "genome"]
    assert names_of(features, "genre", 0) == {"Animation", "Comedy"}
    assert names_of(features, "decade", 2) == {"2020s"}
    assert names_of(features, "title", 0) == {"toy", "story"}
    assert names_of(features, "tags", 0) == {"fun", "pixar"}
    assert names_of(features, "genome", 0) == {"toys"}  # relevance 0 is no feature
    assert all(matrix[3].nnz == 0 for name, matrix in features.groups.items() if name != "title")


@pytest.mark.parametrize("group", ["genre", "decade", "title", "tags", "genome"])
def test_rows_have_length_one_or_are_empty(group: str) -> None:
    matrix = build(min_tag_items=1, min_word_items=1).groups[group]
    assert matrix.dtype == np.float32
    lengths = np.sqrt((matrix.toarray() ** 2).sum(axis=1))
    np.testing.assert_allclose(lengths[lengths > 0], 1, rtol=1e-6)
    assert (lengths > 0).any()


def test_a_rare_genre_weighs_more_than_a_common_one() -> None:
    features = build()
    row = dict(zip(features.names["genre"], features.groups["genre"].toarray()[1], strict=True))
    assert row["Crime"] > row["Action"] > 0


def test_a_tag_given_twice_weighs_more_than_once() -> None:
    once = build_item_features(
        CATALOGUE,
        ALL,
        MOVIES,
        tags=pa.table({"item_id": [1, 1, 1, 2, 2], "tag": ["fun", "fun", "dark", "fun", "dark"]}),
        parameters=FeatureParameters(groups=("tags",)),
    )
    row = dict(zip(once.names["tags"], once.groups["tags"].toarray()[0], strict=True))
    # Both tags are on two items, so only log(1 + times given) tells them apart.
    assert row["fun"] / row["dark"] == pytest.approx(np.log(3) / np.log(2), rel=1e-5)


def test_a_tag_on_too_few_training_items_is_left_out() -> None:
    assert build(min_tag_items=2).names["tags"] == ["fun", "heist"]
    fitted = np.array([True, True, False, True])
    assert build(fitted, min_tag_items=2).names["tags"] == ["fun"]


def test_of_many_tags_the_most_telling_are_kept() -> None:
    every, fewer = build(min_tag_items=1), build(min_tag_items=1, max_tags=1)
    assert names_of(every, "tags", 0) == {"fun", "pixar"}
    assert names_of(fewer, "tags", 0) == {"fun"}, "given twice"
    assert names_of(fewer, "tags", 1) == {"fun"}, "of equal ones the first"
    assert fewer.names == every.names
    np.testing.assert_allclose(fewer.groups["tags"].toarray()[:3].max(axis=1), 1)


def test_nothing_is_learnt_from_items_outside_training() -> None:
    fitted = np.array([True, True, False, True])
    features = build(fitted, min_tag_items=1)
    assert "Sci-Fi" not in features.names["genre"]
    assert features.names["decade"] == ["1990s"]
    changed = MOVIES.set_column(2, "genres", [["Animation|Comedy", "Action|Crime", "Crime", "(no genres listed)"]])
    other = build_item_features(CATALOGUE, fitted, changed, parameters=FeatureParameters(groups=("genre",)))
    np.testing.assert_array_equal(other.groups["genre"][:2].toarray(), features.groups["genre"][:2].toarray())


def test_groups_without_data_are_absent() -> None:
    features = build_item_features(CATALOGUE, ALL, MOVIES, parameters=FeatureParameters())
    assert list(features.groups) == ["genre", "decade"]


def test_only_the_groups_that_were_asked_for_are_built() -> None:
    assert list(build(groups=("decade",)).groups) == ["decade"]


def test_the_order_of_the_catalogue_is_kept() -> None:
    order = np.array([2, 0, 3, 1])
    features = build_item_features(CATALOGUE[order], ALL, MOVIES, parameters=FeatureParameters())
    straight = build_item_features(CATALOGUE, ALL, MOVIES, parameters=FeatureParameters())
    np.testing.assert_array_equal(features.groups["genre"].toarray(), straight.groups["genre"].toarray()[order])


@pytest.mark.parametrize(
    ("title", "year"),
    [
        ("Toy Story (1995)", 1995),
        ("Justice League: Doom (2012) ", 2012),
        ("Death Note: Desu nôto (2006–2007)", 2006),
        ("The OA (2016– )", 2016),
        ("Fleabag (2016-)", 2016),
        ("Assembly (Ji jie hao) (2007)", 2007),
        ("2001: A Space Odyssey (1968)", 1968),
        ("Nocturnal Animals", None),
        ("Blade Runner 2049", None),
        ("(500) Days of Summer", None),
        ("", None),
    ],
)
def test_the_year_is_read_from_the_end_of_the_title(title: str, year: int | None) -> None:
    assert year_of(title) == year


@given(tag=st.text(max_size=12))
def test_white_space_around_a_tag_makes_no_difference(tag: str) -> None:
    once = normalise_tag(tag)
    assert once == once.strip()
    assert "  " not in once
    assert normalise_tag(f"  {tag}\t") == once


def dense_genome(n_items: int = 12, n_tags: int = 6) -> tuple[pa.Table, pa.Table, np.ndarray]:
    relevance = np.random.default_rng(0).random((n_items, n_tags))
    scores = pa.table(
        {
            "item_id": np.repeat(np.arange(1, n_items + 1), n_tags),
            "tag_id": np.tile(np.arange(1, n_tags + 1), n_items),
            "relevance": relevance.ravel(),
        }
    )
    tags = pa.table({"tag_id": np.arange(1, n_tags + 1), "tag": [f"tag {num}" for num in range(n_tags)]})
    return scores, tags, relevance


def test_a_dense_genome_becomes_principal_components() -> None:
    scores, tags, relevance = dense_genome()
    ids, fitted = np.arange(1, 14), np.arange(13) < 9  # item 13 is not in the genome
    features = build_item_features(
        ids, fitted, MOVIES, genome_scores=scores, genome_tags=tags, parameters=FeatureParameters(n_components=3)
    )
    found = features.groups["genome"].toarray()
    centred = relevance - relevance[:9].mean(axis=0)
    directions = np.linalg.svd(centred[:9], full_matrices=False)[2][:3]
    expected = centred @ directions.T
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(found[:12] @ found[:12].T, expected @ expected.T, rtol=0, atol=1e-4)
    assert not found[12].any()
    assert features.names["genome"] == ["component 1", "component 2", "component 3"]


def test_a_genome_file_gives_what_its_table_gives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scores, tags, _ = dense_genome()
    pq.write_table(scores, tmp_path / "rows.parquet", row_group_size=10)
    monkeypatch.setattr("recsys_core.features.genome._BATCH_ROWS", 7)
    for share in (0.2, 1.0):  # dense, sparse
        table, file = (
            build_item_features(
                np.arange(1, 13),
                np.ones(12, dtype=bool),
                MOVIES,
                genome_scores=source,
                genome_tags=tags,
                parameters=FeatureParameters(dense_share=share),
            )
            for source in (scores, tmp_path / "rows.parquet")
        )
        np.testing.assert_array_equal(table.groups["genome"].toarray(), file.groups["genome"].toarray())


def test_an_empty_genome_and_empty_tags_are_absent_groups() -> None:
    features = build_item_features(
        CATALOGUE,
        ALL,
        MOVIES,
        tags=TAGS.slice(0, 0),
        genome_scores=GENOME.slice(0, 0),
        genome_tags=GENOME_TAGS.slice(0, 0),
        parameters=FeatureParameters(),
    )
    assert list(features.groups) == ["genre", "decade"]


def test_features_survive_storage(tmp_path: Path) -> None:
    features = build(min_tag_items=1)
    with atomic_directory(tmp_path / "features") as staging:
        features.save(staging)
    loaded = ItemFeatures.load(tmp_path / "features")
    assert loaded.names == features.names
    np.testing.assert_array_equal(loaded.item_ids, features.item_ids)
    for name, matrix in features.groups.items():
        np.testing.assert_array_equal(loaded.groups[name].toarray(), matrix.toarray())


@given(features=item_feature_sets(n_items=6), order=st.permutations(range(6)), n=st.integers(0, 6))
def test_selected_rows_are_the_rows_of_the_ids(features: ItemFeatures, order: list[int], n: int) -> None:
    rows = np.array(order[:n], dtype=np.int64)
    chosen = features.select(features.item_ids[rows])
    for name, matrix in features.groups.items():
        np.testing.assert_array_equal(chosen.groups[name].toarray(), matrix.toarray()[rows])


def test_selecting_an_unknown_item_is_refused() -> None:
    with pytest.raises(UnknownIdError, match="no features for item 7"):
        build().select(np.array([1, 7]))


def test_repeated_item_ids_are_refused() -> None:
    with pytest.raises(ShapeError, match="not unique"):
        build_item_features(np.array([1, 1]), ALL[:2], MOVIES, parameters=FeatureParameters())


def test_a_mask_of_another_length_is_refused() -> None:
    with pytest.raises(ShapeError, match="fitted_mask"):
        build_item_features(CATALOGUE, ALL[:2], MOVIES, parameters=FeatureParameters())


def test_an_unknown_group_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ParameterError, match=r"groups.*'genre'"):
        FeatureParameters(groups=("actors",))


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("Matrix, The (1999)", {"matrix"}),
        ("Amélie (Fabuleux destin d'Amélie Poulain, Le) (2001)", {"amelie", "fabuleux", "destin", "poulain"}),
        ("Lord of the Rings: The Two Towers, The (2002)", {"lord", "rings", "two", "towers"}),
        ("2001: A Space Odyssey (1968)", {"2001", "space", "odyssey"}),
        ("It (2017)", set()),
    ],
)
def test_words_of_a_title_are_without_year_accents_and_articles(title: str, words: set[str]) -> None:
    assert title_words(title) == words


def test_a_word_of_one_title_alone_is_no_feature() -> None:
    movies = MOVIES.set_column(1, "title", [["Toy Story (1995)", "Toy Story 2 (1999)", "Dune (2021)", "Untitled"]])
    features = build_item_features(CATALOGUE, ALL, movies, parameters=FeatureParameters(groups=("title",)))
    assert features.names["title"] == ["story", "toy"]


def test_further_columns_are_of_the_genre_group_under_their_own_names() -> None:
    movies = MOVIES.append_column("feature: author", [["Drama", "Twain|Drama", None, ""]])
    features = build_item_features(CATALOGUE, ALL, movies, parameters=FeatureParameters(groups=("genre",)))
    assert names_of(features, "genre", 1) == {"Action", "Crime", "author: Drama", "author: Twain"}
    assert names_of(features, "genre", 3) == set()


def test_a_category_is_its_whole_cell() -> None:
    movies = MOVIES.append_column("category: studio", [["Warner|Bros, Inc.", None, "", " A24 "]])
    features = build_item_features(CATALOGUE, ALL, movies, parameters=FeatureParameters(groups=("genre",)))
    assert [name for name in features.names["genre"] if ":" in name] == ["studio: A24", "studio: Warner|Bros, Inc."]


def test_numbers_enter_by_tenths_of_the_training_items() -> None:
    ids = np.arange(1, 102)
    prices = [*range(1, 101), float("inf")]
    movies = pa.table({"item_id": ids, "genres": [""] * 101, "number: price": pa.array(prices, pa.float64())})
    fitted = ids <= 50

    features = build_item_features(ids, fitted, movies, parameters=FeatureParameters(groups=("genre",)))

    assert len(features.names["genre"]) == 10
    assert names_of(features, "genre", 0) == names_of(features, "genre", 4) == {"price: up to 5"}
    assert names_of(features, "genre", 5) == names_of(features, "genre", 9) == {"price: 5 to 10"}
    assert names_of(features, "genre", 49) == names_of(features, "genre", 99) == {"price: above 45"}
    assert names_of(features, "genre", 100) == set()
    sizes = np.bincount(features.groups["genre"][:50].indices)
    assert sizes.tolist() == [5] * 10


@given(st.lists(st.one_of(st.none(), st.floats(allow_nan=True, allow_infinity=True)), min_size=4, max_size=4))
def test_whatever_the_numbers_no_item_has_two_bins_and_those_of_others_decide_nothing(prices: list[float]) -> None:
    fitted = np.array([True, True, True, False])

    def bins(last: float | None) -> list[tuple[int, str]]:
        values = pa.array([*prices[:3], last], pa.float64())
        return bins_of(CATALOGUE, fitted, MOVIES.append_column("number: price", values), "number: price")

    found = bins(prices[3])
    assert len({item for item, _ in found}) == len(found)
    assert [pair for pair in found if pair[0] != 40] == [pair for pair in bins(1e6) if pair[0] != 40]


def test_words_of_a_text_are_their_own_and_count_as_much_as_the_title() -> None:
    blurb = ["A toy, and a story of toys", "heist heist; a toy", None, ""]
    movies = MOVIES.append_column("text: blurb", [blurb])
    parameters = FeatureParameters(groups=("title",), min_word_items=1)

    features = build_item_features(CATALOGUE, ALL, movies, parameters=parameters)

    assert names_of(features, "title", 0) == {"toy", "story", "blurb: toy", "blurb: story", "blurb: toys"}
    first = features.groups["title"][0].toarray().ravel()
    of_blurb = np.array([name.startswith("blurb: ") for name in features.names["title"]])
    assert np.square(first[of_blurb]).sum() == pytest.approx(0.5, abs=1e-6)
    assert names_of(features, "title", 3) == {"untitled"}


def test_weighted_tags_are_tags_with_or_without_those_of_people() -> None:
    movies = MOVIES.append_column("weighted tags: mood", [["Dark:9|funny:1", "dark:1", None, "Q: A:2"]])
    parameters = FeatureParameters(groups=("tags",), min_tag_items=1)

    alone = build_item_features(CATALOGUE, ALL, movies, parameters=parameters)
    both = build_item_features(CATALOGUE, ALL, movies, tags=TAGS, parameters=parameters)

    assert names_of(alone, "tags", 0) == {"mood: dark", "mood: funny"}
    assert names_of(alone, "tags", 3) == {"mood: q: a"}
    weights = dict(zip(alone.names["tags"], alone.groups["tags"][0].toarray().ravel(), strict=True))
    assert weights["mood: dark"] > weights["mood: funny"]
    assert names_of(both, "tags", 0) == {"fun", "pixar", "mood: dark", "mood: funny"}


def test_the_year_of_its_column_comes_before_that_of_the_title() -> None:
    movies = MOVIES.append_column("year", pa.array([2024, None, None, 1931], pa.int64()))
    assert years_of(movies) == [2024, 1995, 2021, 1931]
    features = build_item_features(CATALOGUE, ALL, movies, parameters=FeatureParameters(groups=("decade",)))
    assert [names_of(features, "decade", row) for row in range(4)] == [{"2020s"}, {"1990s"}, {"2020s"}, {"1930s"}]
