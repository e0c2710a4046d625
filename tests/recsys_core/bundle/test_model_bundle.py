"""The bundle: three paths to a list, what it tells, and what it does with damaged files."""

import json
import shutil
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recsys_core.bundle import Answer, ListOptions, ModelBundle, Recommendations, Title, Titles, recommend_all
from recsys_core.dataset.addresses import Address
from recsys_core.dataset.declaration import MOVIELENS
from recsys_core.dataset.ids import Ids
from recsys_core.errors import ParameterError, ShapeError, StorageError, UnknownIdError
from recsys_core.hybrid import MODEL_NAMES, HybridModel, ModelName, NewTitles
from recsys_core.onboarding import OnboardingParameters, fit_onboarding
from recsys_core.testing.hybrids import planted_hybrid
from tests.recsys_core.planted import model as _model
from tests.recsys_core.planted import row_of
from tests.recsys_core.planted import train as _train

UNKNOWN_USER = 999_999
FOUR, FIVE, EXPLAINED = ListOptions(k=4), ListOptions(k=5), ListOptions(k=5, explain=True)


@cache
def _catalogue() -> np.ndarray:
    return np.sort(_model().catalogue_ids)


@cache
def _movies() -> pa.Table:
    return pa.table(
        {
            "item_id": _catalogue()[::-1].copy(),
            "title": [f"Movie {item_id} ({1950 + item_id % 70})" for item_id in _catalogue()[::-1]],
            "genres": ["Drama|War"] * len(_catalogue()),
        }
    )


@cache
def _bundle() -> ModelBundle:
    return ModelBundle(
        _model(), _train(), Titles.of_movies(_movies()), {"data_fingerprint": "abc", "metrics": {"ndcg@10": 0.3}}
    )


@cache
def _user() -> int:
    return int(_train().user_ids[4])


def ids(answer: Answer) -> list[int]:
    return [item.movie_id for item in answer.items]


def rated_by(user_id: int) -> list[int]:
    row = _train().ratings[[int(np.flatnonzero(_train().user_ids == user_id)[0])]]
    return _train().item_ids[row.indices].tolist()


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("bundle")
    _bundle().save(directory)
    return directory


def test_a_known_user_is_warm_and_gets_unseen_titles_best_first() -> None:
    answer = _bundle().recommend_for_user(_user(), FIVE)
    assert answer.path == "warm"
    assert answer.user_id == _user()
    assert [item.rank for item in answer.items] == [1, 2, 3, 4, 5]
    scores = [item.score for item in answer.items]
    assert scores == sorted(scores, reverse=True)
    assert not set(ids(answer)) & set(rated_by(_user()))
    assert answer.items[0].title == f"Movie {ids(answer)[0]} ({1950 + ids(answer)[0] % 70})"


def test_diversity_changes_the_choice_and_keeps_scores_and_reasons() -> None:
    plain = _bundle().recommend_for_user(_user(), FIVE)
    assert _bundle().recommend_for_user(_user(), ListOptions(k=5, diversity=0.0)) == plain
    varied = _bundle().recommend_for_user(_user(), ListOptions(k=5, diversity=0.9, explain=True))
    assert ids(varied) != ids(plain)
    assert len(set(ids(varied))) == 5
    assert not set(ids(varied)) & set(rated_by(_user()))
    for item in varied.items:
        assert item.sources is not None
        assert sum(item.sources.values()) == pytest.approx(item.score, abs=1e-4)


def test_an_unknown_user_is_cold_and_gets_what_is_popular() -> None:
    answer = _bundle().recommend_for_user(UNKNOWN_USER, FOUR)
    assert answer.path == "cold"
    nums = _model().recommend(row_of(), 4).item_nums
    assert ids(answer) == _model().item_ids[nums].tolist()
    assert set(nums) <= set(np.argsort(-_model().popularity.n_ratings, kind="stable")[:7])


@pytest.mark.parametrize("model", MODEL_NAMES)
def test_a_newcomer_gets_the_same_whatever_model_is_asked_for(model: ModelName) -> None:
    newcomer = _bundle().recommend_for_user(UNKNOWN_USER, FOUR)
    assert _bundle().recommend_for_liked([], ListOptions(k=4, model=model)).items == newcomer.items


def test_liked_titles_are_folded_in_and_lead_to_their_kind() -> None:
    liked = [3, 15, 27]  # items 0, 4 and 8: kind 0
    answer = _bundle().recommend_for_liked(liked, ListOptions(k=3, model="als"))
    assert answer.path == "folded_in"
    assert answer.user_id is None
    assert {(movie_id // 3 - 1) % 4 for movie_id in ids(answer)} == {0}
    assert not set(ids(answer)) & set(liked)


@pytest.mark.parametrize("model", ["ease", "content", "als"])
def test_of_whom_a_source_can_make_nothing_it_gives_what_suits_newcomers(model: ModelName) -> None:
    """Not what happens to come first among titles that all score 0."""
    middle, options = _model().feedback.middle, ListOptions(k=4, model=model)
    said = {3: middle, 18: middle} if model != "als" else {int(_model().cold_item_ids[1]): 5.0}
    answer = _bundle().recommend_for_ratings(said, options)
    assert answer.path == "cold"
    assert len({item.score for item in answer.items}) > 1
    prior = _model().with_weights(_model().weights.replace(taste={}))
    history = row_of() if model == "als" else row_of(i0=middle, i5=middle)
    assert ids(answer) == _model().item_ids[prior.recommend(history, 4).item_nums].tolist()
    (explained,) = _bundle().recommend_for_ratings(said, replace(options, k=1, explain=True)).items
    assert explained.score == pytest.approx(answer.items[0].score, abs=1e-4)
    assert sum((explained.sources or {}).values()) == pytest.approx(explained.score, abs=1e-6)
    assert _bundle().recommend_for_ratings({3: 5.0}, options).path == "folded_in"


@pytest.mark.parametrize("diversity", [0.0, 0.01, 0.3, 1.0])
@pytest.mark.parametrize("places", [1, 3, 9])
def test_places_for_new_titles_are_kept_in_lists_of_any_diversity(diversity: float, places: int) -> None:
    for user in map(int, _train().user_ids[:8]):
        items = _bundle().recommend_for_user(user, ListOptions(k=4, diversity=diversity, new_titles=places)).items
        assert len({item.movie_id for item in items}) == 4
        assert [item.new for item in items][-min(places, 4) :] == [True] * min(places, 4)


def test_no_list_grows_by_the_places_that_are_kept() -> None:
    found = recommend_all(_bundle(), 3, new_titles=NewTitles(places=100))
    assert (
        found.table.group_by("user_id").aggregate([("rank", "max")])["rank_max"].to_pylist() == [3] * _train().n_users
    )


def test_liking_twice_or_in_another_order_makes_no_difference() -> None:
    assert _bundle().recommend_for_liked([27, 3, 27, 15], FIVE) == _bundle().recommend_for_liked([3, 15, 27], FIVE)


def test_a_liked_title_without_ratings_counts_through_its_content() -> None:
    cold_id = int(_model().cold_item_ids[1])
    answer = _bundle().recommend_for_liked([cold_id], EXPLAINED)
    assert answer.path == "folded_in"
    assert any(item.sources is not None and item.sources["content"] != 0 for item in answer.items)
    told = {reason.movie_id for item in answer.items for reason in item.because or ()}
    assert told <= {cold_id}
    assert ids(answer) != ids(_bundle().recommend_for_liked([], FIVE))
    assert _bundle().recommend_for_liked([cold_id], ListOptions(k=5, model="als")).path == "cold"


def test_liked_ids_that_are_no_movies_are_named() -> None:
    with pytest.raises(UnknownIdError, match=r"no title 100001, 100002 in the catalogue of 47 titles.*item_id"):
        _bundle().recommend_for_liked([3, 100_002, 100_001], FIVE)
    with pytest.raises(UnknownIdError, match="and 2 more"):
        _bundle().recommend_for_liked(list(range(100_000, 100_007)), FIVE)


def test_excluded_movies_are_left_out_and_unknown_ones_do_not_matter() -> None:
    first = ids(_bundle().recommend_for_user(_user(), FOUR))
    again = ids(_bundle().recommend_for_user(_user(), ListOptions(k=4, exclude=(first[0], 123_456))))
    assert first[0] not in again
    assert again[:3] == first[1:]


def test_a_long_list_ends_where_the_catalogue_does() -> None:
    answer = _bundle().recommend_for_user(_user(), ListOptions(k=10_000))
    assert len(answer.items) == _train().n_items - len(rated_by(_user()))


@pytest.mark.parametrize("model", MODEL_NAMES)
def test_explanations_add_up_and_name_the_users_own_titles(model: ModelName) -> None:
    answer = _bundle().recommend_for_user(_user(), ListOptions(k=5, model=model, explain=True, n_because=2))
    for item in answer.items:
        assert item.sources is not None
        assert item.because is not None
        assert sum(item.sources.values()) == pytest.approx(item.score, abs=1e-9)
        assert len(item.because) <= 2
        for reason in item.because:
            assert reason.movie_id in rated_by(_user())
            assert reason.title == _bundle().titles.title(reason.movie_id)


@pytest.mark.parametrize("known", [True, False])
def test_an_item_is_explained_as_in_the_list_that_it_stands_in(known: bool) -> None:
    user_id = _user() if known else UNKNOWN_USER
    for item in _bundle().recommend_for_user(user_id, EXPLAINED).items:
        told = _bundle().explain_for_user(user_id, item.movie_id)
        assert (told.rank, told.title, told.new) == (item.rank, item.title, item.new)
        assert told.score == pytest.approx(item.score)
        assert [why.title for why in told.because or ()] == [why.title for why in item.because or ()]
        assert told.sources == pytest.approx(item.sources)


def test_an_item_outside_the_catalogue_is_not_explained() -> None:
    with pytest.raises(UnknownIdError, match="no title 123456789"):
        _bundle().explain_for_user(_user(), 123_456_789)


def test_explaining_changes_nothing_but_the_explanation() -> None:
    plain, told = _bundle().recommend_for_user(_user(), FIVE), _bundle().recommend_for_user(_user(), EXPLAINED)
    assert ids(plain) == ids(told)
    assert [i.score for i in told.items] == pytest.approx([i.score for i in plain.items], rel=1e-5)
    assert "sources" not in plain.items[0].as_dict()


def test_the_answer_is_json_as_documented() -> None:
    told = json.loads(json.dumps(_bundle().recommend_for_user(_user(), ListOptions(k=2, explain=True)).as_dict()))
    assert set(told) == {"user_id", "path", "items"}
    assert set(told["items"][0]) == {
        "rank",
        "movie_id",
        "item_id",
        "title",
        "score",
        "new",
        "sources",
        "terms",
        "because",
    }
    assert set(told["items"][0]["sources"]) == {"collaborative", "content", "popularity", "constant"}
    assert set(told["items"][0]["terms"]) == {*_model().sources, "dislikes", "constant"}
    assert set(told["items"][0]["because"][0]) == {"movie_id", "item_id", "title", "contribution"}


def test_similar_movies_are_of_the_same_kind_and_never_the_movie_itself() -> None:
    for item_id in (3, int(_model().cold_item_ids[0])):
        answer = _bundle().similar_items(item_id, 5)
        assert item_id not in ids(answer)
        kinds = [(movie_id // 3 - 1) % 4 for movie_id in ids(answer)]
        assert kinds.count((item_id // 3 - 1) % 4) == 5
    with pytest.raises(UnknownIdError, match="no title 77777"):
        _bundle().similar_items(77_777, 5)


def test_titles_know_their_year_and_call_a_stranger_by_its_id() -> None:
    assert _bundle().titles.table["year"][0].as_py() == 1950 + int(_catalogue()[0]) % 70
    assert _bundle().titles.title(88_888) == "title 88888"


def test_recommendations_for_all_are_those_for_each_in_any_block() -> None:
    blocks: list[tuple[int, int]] = []
    whole = recommend_all(_bundle(), 4, on_block=lambda *done: blocks.append(done))
    assert recommend_all(_bundle(), 4, block=7).table.drop(["score"]).equals(whole.table.drop(["score"]))
    assert blocks == [(_train().n_users, _train().n_users)]
    rows = whole.table.to_pylist()
    assert len(rows) == 4 * _train().n_users
    for user_id in _train().user_ids[:5].tolist():
        told = [(row["movie_id"], row["rank"]) for row in rows if row["user_id"] == user_id]
        expected = _bundle().recommend_for_user(user_id, FOUR)
        assert told == [(item.movie_id, item.rank) for item in expected.items]


def test_blocks_are_as_large_as_what_is_scored_of_each_person_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[ModelName, NewTitles | None]] = []
    ends = [0]

    def n_scored(model: HybridModel, *options: Any) -> int:
        asked.append(options)
        return 10_000

    monkeypatch.setattr(HybridModel, "n_scored", n_scored)
    monkeypatch.setattr("recsys_core.bundle.recommendations._BLOCK_FLOATS", 160_000)
    wanted = NewTitles(places=2)
    recommend_all(_bundle(), 4, model="als", new_titles=wanted, on_block=lambda done, _: ends.append(done))
    assert np.diff(ends).max() == 16
    assert asked == [("als", wanted)]


def test_recommendations_survive_the_disk_and_refuse_other_columns(tmp_path: Path) -> None:
    found = recommend_all(_bundle(), 3)
    found.save(tmp_path)
    assert Recommendations.load(tmp_path).table.equals(found.table)
    (tmp_path / "recommendations.parquet").write_bytes(b"PAR1")
    with pytest.raises(StorageError, match="cannot be read as recommendations"):
        Recommendations.load(tmp_path)
    with pytest.raises(ShapeError, match="expected"):
        Recommendations(pa.table({"a": [1]}))
    with pytest.raises(ParameterError, match="block = 0"):
        recommend_all(_bundle(), 3, block=0)


def test_a_stored_bundle_answers_as_before(stored: Path) -> None:
    loaded = ModelBundle.load(stored)
    assert loaded.metadata == _bundle().metadata
    assert loaded.recommend_for_user(_user(), EXPLAINED) == _bundle().recommend_for_user(_user(), EXPLAINED)
    assert loaded.recommend_for_liked([3], FIVE) == _bundle().recommend_for_liked([3], FIVE)
    assert recommend_all(loaded, 3).table.equals(recommend_all(_bundle(), 3).table)


FILES = sorted(
    path
    for path in (
        "manifest.json",
        "titles.parquet",
        "known/ratings.npz",
        "known/vocabulary.npz",
        "model/manifest.json",
        "model/cold_from_warm.npz",
        "model/als/factors.npz",
        "model/ease/weights.npz",
        "model/content/features/genre.npz",
        "model/popularity/popularity.npz",
        "model/recent_popularity/popularity.npz",
        "model/neighbours/strength.npz",
    )
)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("damage", ["missing", "truncated", "empty"])
def test_a_damaged_bundle_is_refused(stored: Path, tmp_path: Path, name: str, damage: str) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(stored, copy)
    path = copy / name
    content = path.read_bytes()
    path.unlink()
    if damage != "missing":
        path.write_bytes(content[: len(content) // 2] if damage == "truncated" else b"")
    with pytest.raises(StorageError):
        ModelBundle.load(copy)


def test_a_flipped_bit_in_the_factors_is_noticed(stored: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(stored, copy)
    path = copy / "model/als/factors.npz"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(StorageError):
        ModelBundle.load(copy)


def test_parts_of_two_bundles_are_refused(stored: Path, tmp_path: Path) -> None:
    other, train = planted_hybrid(n_cold=2, seed=9)
    mixed = tmp_path / "mixed"
    shutil.copytree(stored, mixed)
    shutil.rmtree(mixed / "model")
    (mixed / "model").mkdir()
    other.save(mixed / "model")
    shutil.rmtree(mixed / "known")
    (mixed / "known").mkdir()
    train.with_items(train.item_ids[:-1]).save(mixed / "known")
    with pytest.raises(StorageError, match="do not belong together"):
        ModelBundle.load(mixed)


def test_known_ratings_on_other_items_than_the_models_are_refused() -> None:
    with pytest.raises(ShapeError, match="known ratings are on 39 items"):
        ModelBundle(_model(), _train().with_items(_train().item_ids[:-1]), _bundle().titles, {})


def test_titles_of_before_have_movielens_names_and_are_read(stored: Path, tmp_path: Path) -> None:
    titles = Titles.load(stored / "titles.parquet")
    before = titles.table.drop_columns(["picture_url", "link_url", "text_id"]).rename_columns(
        ["movieId", "title", "genres", "year", "imdbId", "tmdbId"]
    )
    pq.write_table(before, tmp_path / "titles.parquet")

    assert Titles.load(tmp_path / "titles.parquet").table.equals(titles.table)


def test_a_year_of_its_own_counts_before_the_titles() -> None:
    movies = pa.table({"item_id": [1, 2], "title": ["A (1990)", "B (1991)"], "genres": ["", ""], "year": [2001, None]})

    assert [title.year for title in Titles.of_movies(movies).all] == [2001, 1991]


def test_titles_with_other_columns_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ShapeError, match="titles have columns"):
        Titles(_movies())
    pq.write_table(pa.table({"item_id": ["a"]}), tmp_path / "titles.parquet")
    with pytest.raises(StorageError, match="cannot be read as titles"):
        Titles.load(tmp_path / "titles.parquet")


def test_alpha_moves_the_say_from_content_to_collaborative() -> None:
    plain = _bundle().recommend_for_user(_user(), EXPLAINED)
    assert _bundle().recommend_for_user(_user(), replace(EXPLAINED, alpha=0.5)) == plain
    alone = _bundle().recommend_for_user(_user(), replace(EXPLAINED, alpha=0.0))
    together = _bundle().recommend_for_user(_user(), replace(EXPLAINED, alpha=1.0))
    assert ids(alone) != ids(together)
    for answer in (alone, together):
        for item in answer.items:
            assert item.sources is not None
            assert sum(item.sources.values()) == pytest.approx(item.score, abs=1e-9)
    assert all(item.sources is not None and item.sources["content"] == 0 for item in together.items)
    with pytest.raises(ParameterError, match=r"alpha = 1\.5: expected 0 \(content alone\) to 1"):
        _bundle().recommend_for_user(_user(), replace(FIVE, alpha=1.5))


def test_newer_ratings_count_instead_of_older_ones_and_are_not_recommended() -> None:
    first = ids(_bundle().recommend_for_user(_user(), FIVE))
    answer = _bundle().recommend_for_user(_user(), FIVE, newer={first[0]: 5.0, 123_456: 4.0})
    assert answer.path == "warm"
    assert first[0] not in ids(answer)
    own = _bundle().ratings_of(_user())
    turned = _bundle().recommend_for_user(_user(), EXPLAINED, newer=dict.fromkeys(own, 0.5))
    assert turned != _bundle().recommend_for_user(_user(), EXPLAINED)


def test_a_stranger_with_newer_ratings_is_folded_in_like_somebody_who_sends_them() -> None:
    answer = _bundle().recommend_for_user(UNKNOWN_USER, FIVE, newer={3: 5.0, 6: 1.0})
    assert (answer.path, answer.user_id) == ("folded_in", UNKNOWN_USER)
    assert answer.items == _bundle().recommend_for_ratings({3: 5.0, 6: 1.0}, FIVE).items


def test_a_disliked_movie_counts_as_the_worst_rating() -> None:
    answer = _bundle().recommend_for_liked([3], FIVE, disliked=[6])
    assert answer == _bundle().recommend_for_ratings({3: 5.0, 6: 0.5}, FIVE)
    assert 6 not in ids(answer)


@pytest.mark.parametrize("model", MODEL_NAMES)
def test_somebody_who_only_dislikes_is_folded_in_and_gets_what_newcomers_get_less_what_is_like_it(
    model: ModelName,
) -> None:
    wanted = ListOptions(k=100, model=model, explain=True)
    newcomer = {item.movie_id: item.score for item in _bundle().recommend_for_liked([], wanted).items}
    answer = _bundle().recommend_for_liked([], wanted, disliked=[3, 15])
    assert answer.path == "folded_in"
    assert set(ids(answer)) == set(newcomer) - {3, 15}
    for item in answer.items:
        assert item.terms is not None
        assert item.score <= newcomer[item.movie_id] + 1e-6
        assert item.score == pytest.approx(newcomer[item.movie_id] + item.terms["dislikes"], abs=1e-5)
        assert not item.because
    assert any(item.terms is not None and item.terms["dislikes"] < -0.01 for item in answer.items)


def test_a_rating_of_nought_is_a_rating() -> None:
    answer = _bundle().recommend_for_ratings({3: 0.0}, ListOptions(k=100))
    assert answer.path == "folded_in"
    assert 3 not in ids(answer)


def test_lists_keep_to_genres_and_years() -> None:
    genres = pa.array(["War" if num % 2 else "Drama|War" for num in range(len(_movies()))])
    movies = _movies().set_column(2, "genres", genres)
    bundle = replace(_bundle(), titles=Titles.of_movies(movies))
    answer = bundle.recommend_for_user(_user(), ListOptions(k=40, genres=(" drama",), year_from=1960, year_to=2000))
    found = [bundle.titles.describe(item_id) for item_id in ids(answer)]
    assert found
    assert all("Drama" in title.genres and 1960 <= (title.year or 0) <= 2000 for title in found)
    everything = bundle.titles.matching(["Drama"], 1960, 2000)
    rated = set(rated_by(_user()))
    expected = {int(i) for i in bundle.titles.item_ids[everything] if i not in rated and i in set(_model().item_ids)}
    assert set(ids(answer)) == expected
    with pytest.raises(ParameterError, match="no title is of 'Western'; expected one of Drama, War"):
        bundle.recommend_for_user(_user(), ListOptions(genres=("Western",)))


def test_titles_without_a_year_are_left_out_when_years_are_asked_for() -> None:
    titles = Titles.of_movies(pa.table({"item_id": [1, 2], "title": ["A (1990)", "B"], "genres": [None, "Drama"]}))
    assert titles.matching(year_from=1900).tolist() == [True, False]
    assert titles.matching(year_to=2000).tolist() == [True, False]
    assert titles.matching().tolist() == [True, True]


def test_links_come_with_the_titles_and_older_files_have_none(tmp_path: Path) -> None:
    links = pa.table(
        {"item_id": [2, 1], "imdb_id": ["114709", None], "tmdb_id": pa.array([862, None], type=pa.int64())}
    )
    movies = pa.table({"item_id": [1, 2, 3], "title": ["A (1990)", "B", "C"], "genres": ["Drama|War", "", None]})
    titles = Titles.of_movies(movies, links)
    assert titles.describe(2) == Title(2, "B", None, (), "0114709", 862)
    assert titles.describe(1) == Title(1, "A (1990)", 1990, ("Drama", "War"), None, None)
    assert titles.describe(3).tmdb_id is None
    titles.save(tmp_path / "new.parquet")
    assert Titles.load(tmp_path / "new.parquet").table.equals(titles.table)
    pq.write_table(titles.table.drop_columns(["imdb_id", "tmdb_id"]), tmp_path / "old.parquet")
    assert Titles.load(tmp_path / "old.parquet").describe(2) == Title(2, "B", None, (), None, None)


def test_newcomers_are_asked_about_titles_they_were_not_asked_about(tmp_path: Path) -> None:
    asking = replace(
        _bundle(),
        onboarding=fit_onboarding(_train(), OnboardingParameters(n_listed=5), feedback=MOVIELENS.feedback),
    )
    asking.save(tmp_path)
    for bundle in (_bundle(), asking, ModelBundle.load(tmp_path)):
        first = bundle.ask_next({}, [], 4)
        assert len(set(first)) == 4
        then = bundle.ask_next({first[0]: 4.0}, [first[1], 123_456], 5)
        assert not set(then) & {first[0], first[1]}
    assert asking.ask_next({}, [], 4) == ModelBundle.load(tmp_path).ask_next({}, [], 4)
    most_rated = _model().item_ids[np.argsort(-_model().popularity.n_ratings, kind="stable")]
    assert _bundle().ask_next({}, [int(most_rated[0])], 3) == most_rated[1:4].tolist()


def test_warming_up_changes_no_answer() -> None:
    bundle = replace(_bundle())
    before = bundle.recommend_for_user(_user(), EXPLAINED)
    bundle.warm_up()
    assert bundle.recommend_for_user(_user(), EXPLAINED) == before


def test_titles_have_pictures_and_pages_where_the_declaration_makes_them(tmp_path: Path) -> None:
    movies = pa.table(
        {"item_id": [2, 1], "title": ["B", "A"], "genres": [None, None], "address: Cover": [None, "a.jpg"]}
    )
    titles = Titles.of_movies(
        movies,
        ids=Ids(np.array([1, 2]), pa.array(["x/1", "x/2"])),
        picture=Address("https://covers.example/{address: Cover}"),
        link=Address("https://shop.example/p/{item_id}"),
    )
    titles.save(tmp_path / "titles.parquet")
    found = Titles.load(tmp_path / "titles.parquet").all
    assert [title.picture_url for title in found] == ["https://covers.example/a.jpg", None]
    assert [title.link_url for title in found] == ["https://shop.example/p/x%2F1", "https://shop.example/p/x%2F2"]
