"""Every difference between two versions is told, in words that name what differs."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.materialising.names import AS_IN_CODE
from assets.materialising.versions import changes, digest

PARTS: dict[str, Any] = {
    "asset": "ratings",
    "dataset": "d1",
    "files": {"ratings": f"ratings.csv {'f' * 64}", "tags": "absent"},
    "upstream": {"split": "aaa"},
    "parameters": {
        "als": {"factors": 64, "solver": {"tolerance": 0.1, "steps": 3}, "grid": [1, 2]},
        "split": {"seed": 1},
    },
    "code": {"recsys_core/sources/ease/fit.py": "c1", "recsys_core/sources/als/fit.py": "c2"},
    "libraries": {"numpy": "2.1.0", "scipy": "1.17.0"},
    "store": "embedded",
    "champion": "",
    "engine": "local",
}


def changed(**parts: Any) -> dict[str, Any]:
    """The parts with some entries replaced; None takes an entry away."""
    now = dict(PARTS)
    for name, value in parts.items():
        merged = {**PARTS[name], **value} if isinstance(value, dict) else value
        now[name] = {k: v for k, v in merged.items() if v is not None} if isinstance(merged, dict) else merged
    return now


als = PARTS["parameters"]["als"]


@pytest.mark.parametrize(
    ("now", "reason"),
    [
        (
            changed(files={"ratings": f"ratings.csv {'e' * 64}"}),
            "ratings.csv changed (SHA-256 ffffffff → SHA-256 eeeeeeee)",
        ),
        (changed(files={"ratings": "absent"}), "ratings.csv changed (SHA-256 ffffffff → absent)"),
        (changed(files={"tags": f"tags.csv {'e' * 64}"}), "tags.csv changed (absent → SHA-256 eeeeeeee)"),
        (changed(parameters={"split": {"seed": 2}}), "parameters of 'split' changed: seed 1 → 2"),
        (
            changed(parameters={"als": {**als, "solver": {"tolerance": 0.2, "steps": 3}}}),
            "parameters of 'als' changed: solver.tolerance 0.1 → 0.2",
        ),
        (changed(parameters={"als": {**als, "grid": [3]}}), "parameters of 'als' changed: grid"),
        (
            changed(parameters={"als": {"factors": 1, "solver": {"tolerance": 1, "steps": 2}, "grid": []}}),
            "parameters of 'als' changed: factors 64 → 1, solver.tolerance 0.1 → 1, solver.steps 3 → 2 and 1 more",
        ),
        (changed(code={"recsys_core/sources/ease/fit.py": "c9"}), "recsys_core/sources/ease/fit.py changed"),
        (changed(code={"recsys_core/sources/ease/solve.py": "c9"}), "recsys_core/sources/ease/solve.py is new"),
        (changed(code={"recsys_core/sources/als/fit.py": None}), "recsys_core/sources/als/fit.py is gone"),
        (changed(libraries={"numpy": "2.2.0"}), "numpy 2.1.0 → 2.2.0"),
        (changed(libraries={"scipy": None}), "scipy 1.17.0 → absent"),
        (changed(libraries={"pandas": "3.0"}), "pandas absent → 3.0"),
        (changed(dataset="d2"), "the declaration of the data set changed"),
        (changed(store="http://mlflow:5000"), "another tracking store: embedded → http://mlflow:5000"),
        (changed(champion="version 2 (m-1)"), "another champion: none → version 2 (m-1)"),
        (changed(engine="als gpu"), "another engine: local → als gpu"),
        (changed(upstream={"split": "bbb"}), "split was made anew"),
    ],
)
def test_every_kind_of_input_is_named_as_the_reason(now: dict[str, Any], reason: str) -> None:
    assert digest(now) != digest(PARTS)
    assert changes(PARTS, now, AS_IN_CODE) == [reason]


def test_several_reasons_are_told_the_nearest_cause_first() -> None:
    now = changed(
        files={"tags": f"tags.csv {'e' * 64}"}, code={"a.py": "1"}, libraries={"numpy": "3"}, upstream={"split": "b"}
    )
    assert changes(PARTS, now, AS_IN_CODE) == [
        "tags.csv changed (absent → SHA-256 eeeeeeee)", "a.py is new", "numpy 2.1.0 → 3", "split was made anew",
    ]  # fmt: skip


def test_the_order_of_keys_is_no_difference() -> None:
    turned = {name: dict(reversed(part.items())) if isinstance(part, dict) else part for name, part in PARTS.items()}
    turned = dict(reversed(turned.items()))
    assert digest(turned) == digest(PARTS)
    assert changes(PARTS, turned, AS_IN_CODE) == []


words = st.text("abc", min_size=1, max_size=3)
files = st.one_of(st.just("absent"), st.tuples(words, st.text("0123", min_size=9, max_size=10)).map(" ".join))
values = st.recursive(
    st.one_of(st.none(), st.integers(2, 9), words),
    lambda v: st.one_of(st.lists(v), st.dictionaries(words, v)),
    max_leaves=4,
)
all_parts = st.fixed_dictionaries(
    {
        "asset": st.just("a"),
        "dataset": words,
        "files": st.dictionaries(words, files, max_size=2),
        "upstream": st.dictionaries(words, words, max_size=2),
        "parameters": st.dictionaries(words, st.dictionaries(words, values, max_size=2), max_size=2),
        "code": st.dictionaries(words, words, max_size=2),
        "libraries": st.dictionaries(words, words, max_size=2),
        "store": st.one_of(st.just(""), words),
        "champion": st.one_of(st.just(""), words),
        "engine": st.one_of(st.just(""), words),
    }
)  # fmt: skip


@given(all_parts, all_parts)
def test_equal_parts_give_no_reason_and_different_ones_at_least_one(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert changes(one, dict(one), AS_IN_CODE) == []
    assert bool(changes(one, other, AS_IN_CODE)) == (one != other) == (digest(one) != digest(other))


@given(all_parts, st.data())
def test_any_part_that_differs_is_a_reason(one: dict[str, Any], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from([name for name in one if name != "asset"]))
    other = {**one, name: data.draw(all_parts)[name]}
    assert bool(changes(one, other, AS_IN_CODE)) == (one[name] != other[name])
