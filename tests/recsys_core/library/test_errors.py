"""What people get wrong in a notebook, and the sentence that they are told."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from recsys_core import Dataset, Feedback, Recommender
from recsys_core.errors import RecsysError
from tests.recsys_core.library.planted_frames import SCALE, dataset, interactions, items, model, named, split


def read(frame: Any = None, titles: Any = None, **said: Any) -> Dataset:
    return Dataset.from_frames(
        interactions() if frame is None else frame, items() if titles is None else titles, **{"feedback": SCALE, **said}
    )


def changed(**columns: Any) -> pd.DataFrame:
    return interactions().assign(**columns)


class Lazy:
    def collect(self) -> None:
        """As a LazyFrame has it."""


DATA: list[tuple[Callable[[], object], str]] = [
    (
        lambda: read([[1, 2, 3.0]]),
        "interactions is a list; expected a data frame of pandas or Polars, or an Arrow table",
    ),
    (lambda: read(titles={"item_id": [1]}), "items is a dict; expected a data frame of pandas or Polars"),
    (lambda: read(np.zeros((3, 3))), "interactions is a ndarray; expected a data frame"),
    (lambda: read("ratings.csv"), r"interactions is 'ratings.csv'; expected .* Dataset.of\(folder\) reads files"),
    (lambda: read(Path("r.csv")), r"interactions is 'r.csv'; expected .* Dataset.of\(folder\) reads files"),
    (lambda: read(Lazy()), r"interactions is a Lazy of tests; expected .*: call its collect\(\)"),
    (lambda: read(interactions().user_id), r"interactions cannot be read as a table \(.*\); expected"),
    (
        lambda: read(changed(x=[1, "a"] * 263)),
        r"interactions cannot be read as a table \(.*column x.*each column of one",
    ),
    (
        lambda: read(interactions().head(0)),
        "interactions has 0 rows of the columns user_id, item_id, rating, timestamp",
    ),
    (
        lambda: read(interactions()[["user_id"]]),
        "interactions has 526 rows of the columns user_id; expected some of both",
    ),
    (
        lambda: read(interactions().rename(columns={"user_id": "who"})),
        'interactions has no column of users; it has who, .*; call one user_id, or say columns={"user_id": …}',
    ),
    (
        lambda: read(interactions().rename(columns={"user_id": "listener_id", "item_id": "thing"})),
        "interactions has no column of items; it has listener_id, thing, .*; call one item_id, or say",
    ),
    (
        lambda: read(titles=items()[["item_id"]].assign(price=1.5)),
        "items has no column of titles; it has item_id, price",
    ),
    (lambda: read(columns={"user": "user_id"}), "columns names 'user'; expected one of user_id, item_id, rating"),
    (lambda: read(columns={"user_id": "who"}), "columns says that user_id is 'who'; no frame has it: user_id, item_id"),
    (lambda: read(titles=items(x=1.5), features=["y"]), "features names 'y'; the further columns of items are x"),
    (
        lambda: read(changed(user_id=interactions().user_id + 0.5)),
        "'user_id' holds 10.5; ids are whole numbers or texts",
    ),
    (lambda: read(changed(item_id=2.0**60)), "interactions: the column 'item_id' holds 1.15.*; ids are whole numbers"),
    (lambda: read(changed(user_id=True)), "interactions: the column 'user_id' is of type bool; ids are whole numbers"),
    (
        lambda: read(changed(rating="good"), feedback=None),
        "interactions: the column 'rating' holds 'good'; expected numbers",
    ),
    (lambda: read(changed(rating=np.nan), feedback=None), "interactions: the column 'rating' holds nothing; expected"),
    (
        lambda: read(feedback="stars"),
        r"feedback = 'stars'; expected a scale such as Feedback\(1, 5, step=1\), \"counts\"",
    ),
    (lambda: read(feedback=5), r"feedback = 5; expected a scale such as Feedback\(1, 5, step=1\)"),
    (
        lambda: read(interactions().drop(columns="rating"), feedback="counts"),
        'feedback = "counts" needs a column of values',
    ),
    (lambda: read(relevance=np.nan), "positive_threshold = nan: input should be a finite number"),
    (lambda: read(max_rejected_share=2), "max_rejected_share = 2: input should be less than or equal to 1"),
    (
        lambda: read(changed(rating=[np.nan] * 200 + [4.0] * 326)),
        r"interactions: 200 of 526 rows rejected .* rating is missing or not a number \(row 1\)",
    ),
    (
        lambda: read(feedback=Feedback(1, 3, 1)),
        r"interactions: .* rejected .* the scale from 1 to 3: say feedback=Feedback\(…\)",
    ),
    (lambda: read(titles=items().head(10)), r"interactions: .* rejected .* is not known in items \(row \d+\)"),
    (lambda: Dataset.of([1]), "folder is a list; expected the path of one. Dataset.from_frames takes data frames"),
    (lambda: Dataset.of(interactions()), "folder is a DataFrame; expected the path of one"),
    (lambda: Dataset.of("/no/such/folder"), "/no/such/folder: no such folder; expected one with files of interactions"),
    (lambda: dataset().split("temporl"), "protocol = 'temporl': input should be 'user_holdout' or 'temporal'"),
    (lambda: dataset().split(sed=1), "sed is not known; expected one of protocol, seed"),
]
MODELS: list[tuple[Callable[[], object], str]] = [
    (lambda: Recommender.fit(interactions()), "data is a DataFrame; expected a Dataset or its training part"),
    (lambda: Recommender.fit(split().test), "this is the test part; a model is fitted on split.train, or on all data"),
    (lambda: Recommender.fit(dataset(), trials=8), "trials and seconds are of a search: say tune=True, too"),
    (lambda: model().recommend("abc"), "user 'abc': ids of these users are whole numbers"),
    (lambda: model().recommend([10, 1.5]), "user 1.5: ids of these users are whole numbers"),
    (lambda: model().recommend([10, None]), "user None: ids of these users are whole numbers"),
    (lambda: model().recommend(True), "user True: ids of these users are whole numbers"),
    (lambda: model().recommend(interactions()), "users is a DataFrame; expected ids, such as one column of it"),
    (lambda: model().recommend({10: 1}), "users is a dict; expected ids, such as one column of it"),
    (lambda: model().recommend(10, k=-1), "k = -1: expected a whole number, at least 1"),
    (lambda: model().recommend(10, k=2.5), "k = 2.5: expected a whole number, at least 1"),
    (lambda: model().similar(3, k=0), "k = 0: expected a whole number, at least 1"),
    (lambda: model().recommend(10, colour=1), "recommend has no option 'colour'; expected one of model, alpha, genres"),
    (lambda: model().recommend(10, genres=["Wesern"]), "genres: no title is of 'Wesern'; expected one of Comedy"),
    (lambda: model().similar("film 3 "), r"no item has the id 'film 3 '; 3 is Film 3 \(1953\)$"),
    (lambda: model().similar("nothing like it"), "no item has the id 'nothing like it'$"),
    (lambda: model().similar(4), "no title 4 in the catalogue of 41 titles"),
    (lambda: model().explain(10, 4), "no title 4 in the catalogue of 41 titles"),
    (lambda: model().explain("abc", 3), "user 'abc': ids of these users are whole numbers"),
    (lambda: model().explain(10, 3.0), "item 3.0: ids of these items are whole numbers"),
    (lambda: named().recommend(10), "user 10: ids of these users are texts"),
    (lambda: named().similar(3), "item 3: ids of these items are texts"),
    (lambda: named().similar("Film 30"), r"no item has the id 'Film 30'; item 30 is Film 30 \("),
    (lambda: named().explain("user 10", "item 4"), "no item has the id 'item 4'$"),
    (lambda: model().evaluate(split().train), "evaluate was given the training part; expected split.test"),
    (lambda: model().evaluate(dataset()), "evaluate was given a Dataset; expected split.test"),
    (
        lambda: model().evaluate(dataset().split(seed=1)),
        "this model was not fitted on the training part of this split, so it may know the answers",
    ),
]


@pytest.mark.parametrize(("wrong", "said"), [*DATA, *MODELS], ids=[said for _, said in (*DATA, *MODELS)])
def test_what_is_wrong_is_said_in_one_message(wrong: Callable[[], object], said: str) -> None:
    with pytest.raises(RecsysError) as raised:
        wrong()
    message = str(raised.value)
    assert re.search(said, message), message
    assert "\n" not in message
    assert "parquet" not in message
    assert "(line" not in message


def test_only_a_folder_with_a_model_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "one.txt").write_text("dear")
    for taken in (tmp_path / "letters", tmp_path / "letters" / "one.txt"):
        with pytest.raises(RecsysError, match="is there and holds no model; name a new folder"):
            model().save(taken)
    assert (tmp_path / "letters" / "one.txt").read_text() == "dear"
    for folder, fault in (("letters", "holds no saved model"), ("nowhere", "is not there")):
        with pytest.raises(RecsysError, match=f"{folder} {fault}; name a folder that Recommender.save wrote"):
            Recommender.load(tmp_path / folder)


def test_nothing_is_left_of_what_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(RecsysError):
        read(feedback=Feedback(1, 3, 1))
    assert list(tmp_path.iterdir()) == []
