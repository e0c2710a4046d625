"""`recsys evaluate --train --test`: what of the test file is judged, what is told of the rest, and what is refused."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipelines.cli import main
from recsys_core.testing import planted_interactions

Pairs = list[tuple[Any, int]]
Answer = tuple[int, str, str]

_PLAIN = "userId,movieId"
_UNKNOWN_USERS: Pairs = [(777, 3), (778, 6)]
_UNKNOWN_ITEM = 5


@pytest.fixture(scope="module")
def split() -> tuple[Pairs, Pairs]:
    """Rows of a training and a test file, whose users and items are all in the first; ids begin at 0."""
    rows = planted_interactions(60, 40, 900, seed=1)
    users, items = rows.user_ids[rows.user_nums()] - 10, rows.item_ids[rows.ratings.indices] - 3
    tested = np.random.default_rng(0).random(rows.n_ratings) < 0.2
    train, test = (list(zip(users[part].tolist(), items[part].tolist(), strict=True)) for part in (~tested, tested))
    users_of, items_of = ({pair[place] for pair in train} for place in (0, 1))
    assert 0 in users_of & items_of
    return train, [(user, item) for user, item in test if user in users_of and item in items_of]


@pytest.fixture
def evaluate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Answer]:
    """Evaluates rows, written as ``header`` and ``separator`` say."""

    def call(train: Pairs, test: Pairs, *more: str, header: str = _PLAIN, separator: str = ",") -> Answer:
        for name, rows in (("train.csv", train), ("test.csv", test)):
            lines = (separator.join(map(str, row)) for row in (header.split(","), *rows))
            (tmp_path / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
        files = ("--train", tmp_path / "train.csv", "--test", tmp_path / "test.csv")
        with pytest.raises(SystemExit) as ended:
            main(["evaluate", "--trials", "4", *map(str, (*files, *more))])
        return int(ended.value.code or 0), *capsys.readouterr()

    return call


def only(document: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: document[name] for name in names}


@pytest.mark.parametrize(("header", "separator"), [("user_id,item_id", "\t"), ("User-ID,itemid", ",")])
def test_what_cannot_be_judged_is_counted_and_changes_no_figure(
    split: tuple[Pairs, Pairs], evaluate: Callable[..., Answer], header: str, separator: str
) -> None:
    train, test = split
    code, out, err = evaluate(train, test, "--json")
    assert (code, err) == (0, "")
    clean = json.loads(out)
    for kind in ("unknown_users", "unknown_items", "known_pairs"):
        assert clean[kind] == {"n": 0, "share": 0.0}
    assert clean["n_users"] == len({user for user, _ in test})
    more = [*_UNKNOWN_USERS, *train[:5], (test[0][0], _UNKNOWN_ITEM)]

    code, out, err = evaluate(train, [*test, *more], "--json", header=header, separator=separator)

    assert (code, err) == (0, "")
    found = json.loads(out)
    n_users, n_items = len({u for u, _ in [*test, *more]}), len({i for _, i in [*test, *more]})
    assert found["unknown_users"] == {"n": 2, "share": 2 / n_users}
    assert found["unknown_items"] == {"n": 1, "share": 1 / n_items}
    assert found["known_pairs"] == {"n": 5, "share": 5 / len([*test, *more])}
    assert only(found, "protocol", "n_users", "models", "paired") == only(
        clean, "protocol", "n_users", "models", "paired"
    )
    assert clean["slices"]["items_cold"]["content"] is None
    assert found["slices"]["items_cold"]["content"]["ndcg@10"]["n_users"] == 1


def test_for_a_person_the_same_is_said_in_words(split: tuple[Pairs, Pairs], evaluate: Callable[..., Answer]) -> None:
    train, test = split

    code, out, err = evaluate(train, [*test, *_UNKNOWN_USERS, train[0]])

    assert (code, err) == (0, "")
    n_users, n_pairs = len({user for user, _ in test}) + 2, len(test) + 3
    assert out.splitlines()[-2:] == [
        f"2 of {n_users} users of the test file ({2 / n_users:.1%}) are not in the training file: left out",
        f"1 of {n_pairs} pairs of the test file ({1 / n_pairs:.1%}) are in the training file already: left out",
    ]
    assert not {"nan", "inf", "-inf", "−inf"} & set(out.split())


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda train, test: (train, train), "does the test file contain the training file?"),
        (lambda train, test: ([*train, *test], test), "were the test rows not taken out of the training file?"),
        (lambda train, test: (train, [(u + 10_000, i + 10_000) for u, i in test]), "were ids numbered anew"),
        (lambda train, test: (test[:12], train), "are the two files swapped, or ids numbered anew in each?"),
    ],
)
def test_files_that_cannot_belong_together_are_refused_in_one_sentence(
    split: tuple[Pairs, Pairs],
    evaluate: Callable[..., Answer],
    change: Callable[[Pairs, Pairs], tuple[Pairs, Pairs]],
    told: str,
) -> None:
    code, out, err = evaluate(*change(*split))

    assert (code, out, err.count("\n")) == (1, "", 1)
    assert err.startswith("recsys: test.csv cannot be judged on train.csv: ")
    assert told in err
    assert "inf" not in err


def test_ids_that_are_texts_are_judged_as_numbers_are(
    split: tuple[Pairs, Pairs], evaluate: Callable[..., Answer]
) -> None:
    train, test = ([(f"u/{user:03d}", item) for user, item in rows] for rows in split)
    code, out, err = evaluate(train, [*test, ("u/nobody", 3)], "--json")

    assert (code, err) == (0, "")
    found = json.loads(out)
    assert found["n_users"] == len({user for user, _ in test})
    assert found["unknown_users"]["n"] == 1
    assert found["known_pairs"]["n"] == 0
