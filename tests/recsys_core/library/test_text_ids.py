"""Texts for ids: they come in, they come back, and nothing else changes."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from recsys_core import Dataset, Recommender
from tests.recsys_core.library.planted_frames import SCALE, dataset, interactions, items, named, with_names

UNKNOWN = "user 999"


def test_frames_come_back_with_the_texts() -> None:
    lists = named().recommend(["user 10", UNKNOWN], k=3)
    assert list(lists.user_id) == ["user 10"] * 3 + [UNKNOWN] * 3
    assert [f"Film {name.removeprefix('item ')}" for name in lists.item_id] == [t.split(" (")[0] for t in lists.title]
    everybody = named().recommend(k=2)
    assert set(everybody.user_id) == set(with_names(interactions()).user_id)
    assert set(everybody.item_id) <= set(with_names(items()).item_id)
    assert set(named().recommend(k=2, genres=["War"]).user_id) == set(everybody.user_id)
    assert list(named().similar("item 3", k=2).item_id.str[:5]) == ["item ", "item "]
    why = named().explain("user 10", lists.item_id[1])
    assert (why.item_id, why.place) == (lists.item_id[1], 2)


def test_texts_say_what_numbers_say() -> None:
    numbers = Recommender.fit(dataset())
    expected, found = numbers.similar(6, k=5), named().similar("item 6", k=5)
    assert list(found.title) == list(expected.title)
    # Rows are in another order, so ALS ends elsewhere in the fourth digit.
    assert found.score.to_numpy() == pytest.approx(expected.score.to_numpy(), rel=0.01)


def test_the_catalogue_and_a_saved_model_keep_them(tmp_path: Path) -> None:
    assert set(named().items.item_id) == set(with_names(items()).item_id)
    named().save(tmp_path / "saved")
    again = Recommender.load(tmp_path / "saved")
    assert again.recommend(["user 10", UNKNOWN]).equals(named().recommend(["user 10", UNKNOWN]))


def test_a_model_of_texts_is_evaluated() -> None:
    data = Dataset.from_frames(with_names(interactions()), with_names(items()), feedback=SCALE)
    train, test = data.split()
    found = Recommender.fit(train).evaluate(test).frame()
    assert found[found.metric == "ndcg@10"]["mean"].between(0, 1).all()


def test_texts_of_digits_stay_texts_unless_another_frame_has_numbers() -> None:
    digits = interactions().assign(user_id=[f"{n:05d}" for n in interactions().user_id])
    found = Dataset.from_frames(digits, items(), feedback=SCALE)
    assert "00010" in set(Recommender.fit(found).recommend(k=1).user_id)
    texts = interactions().astype({"item_id": "str"})
    both = Dataset.from_frames(texts, items(), feedback=SCALE)
    assert both.fingerprint == dataset().fingerprint
    categories = with_names(items()).astype({"item_id": "category"})
    mixed = Dataset.from_frames(with_names(interactions()), categories, feedback=SCALE)
    assert set(mixed.items.item_id) == set(with_names(items()).item_id)


def test_items_of_which_nothing_is_known_are_called_by_their_texts() -> None:
    found = Dataset.from_frames(with_names(interactions())[["user_id", "item_id", "rating"]], feedback=SCALE)
    assert list(found.items.title) == list(found.items.item_id)


@pytest.mark.parametrize("made", [pd.Series, pa.array, tuple])
def test_users_are_named_by_whatever_holds_texts(made: object) -> None:
    assert callable(made)
    names = ["user 10", "user 20"]
    assert named().recommend(made(names), k=2).equals(named().recommend(names, k=2))
