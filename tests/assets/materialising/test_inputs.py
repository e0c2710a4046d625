"""What goes into a value: its version is made of what decides, and values that do not belong together are refused."""

from dataclasses import replace

import pytest

import assets.graph  # noqa: F401  (declares all recipes)
from assets.materialising import RECIPES
from assets.materialising.inputs import Origin, descent
from assets.materialising.names import AS_IN_CODE
from recsys_core.dataset.declaration import MOVIELENS
from recsys_core.errors import StorageError
from recsys_core.splitting import SplitParameters
from recsys_core.tuning import TuningParameters
from tests.assets.materialising.examples import example_inputs


@pytest.mark.parametrize(
    "other",
    [
        {"asset": "memo"},
        {"dataset": replace(MOVIELENS, name="another")},
        {"files": {"links": f"links.csv {'e' * 64}"}},
        {"files": {"links": "absent"}},
        {"upstream": {"raw": "r2"}},
        {"upstream": {}},
        {"parameters": {"split": SplitParameters(seed=99)}},
        {"code": {"a.py": "2"}},
        {"code": {"b.py": "1"}},
        {"libraries": {"numpy": "2.1"}},
        {"store": "embedded"},
        {"champion": "version 1 (m-1)"},
    ],
    ids=lambda other: f"{next(iter(other))} {next(iter(other.values()))!s:.20}",
)
def test_what_decides_a_value_is_part_of_its_version(other) -> None:
    assert example_inputs(**other).version != example_inputs().version


@pytest.mark.parametrize(
    "other",
    [
        {"now": 1},
        {"run_id": "another"},
        {"against": "7"},
        {"descent": {}},
        {"code_version": "another"},
    ],
    ids=str,
)
def test_when_and_in_which_run_a_value_is_made_is_recorded_and_no_part_of_its_version(other) -> None:
    assert example_inputs(**other).version == example_inputs().version
    assert example_inputs(**other) != example_inputs()


def test_where_the_work_is_done_does_not_count() -> None:
    assert example_inputs(places=object()).version == example_inputs().version
    assert example_inputs(places=object()) == example_inputs()


def test_the_function_gets_the_sections_that_its_recipe_names_and_no_other() -> None:
    assert example_inputs().of(SplitParameters) == SplitParameters()
    with pytest.raises(KeyError, match="note asks for TuningParameters, which its recipe does not name"):
        example_inputs().of(TuningParameters)


def test_the_data_fingerprint_follows_all_files_that_a_value_comes_from_and_nothing_else() -> None:
    one = example_inputs().data_fingerprint
    assert (
        example_inputs("2", descent={"file links": f"links.csv {'f' * 64}", "asset raw": "r9"}).data_fingerprint == one
    )
    assert example_inputs(descent={"file links": f"links.csv {'e' * 64}"}).data_fingerprint != one


def origin(version: str, **comes_from: str) -> Origin:
    return Origin(version, f"code {version}", {f"asset {name}": found for name, found in comes_from.items()})


def test_a_value_comes_from_all_that_its_inputs_come_from() -> None:
    upstream = {"split": origin("s1", ratings="r1"), "item_features": origin("f1", split="s1", ratings="r1", tags="t1")}

    found = descent(RECIPES["content_model"], {}, {"features": "p1"}, upstream, AS_IN_CODE)

    assert found == {
        "asset split": "s1", "asset item_features": "f1", "asset ratings": "r1", "asset tags": "t1",
        "parameters of 'features'": "p1",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("upstream", "words"),
    [
        (
            {"split": origin("s2"), "item_features": origin("f1", split="s1")},
            ["content_model cannot be made: item_features comes from another version of split (s1)", "at hand (s2)"],
        ),
        (
            {"split": origin("s1", ratings="r2"), "item_features": origin("f1", ratings="r1")},
            ["content_model cannot be made: item_features comes from another version of ratings (r1)", "at hand (r2)"],
        ),
    ],
    ids=["of one of the two", "of a third"],
)
def test_values_that_come_from_different_versions_of_one_are_refused_in_one_line_that_names_them(
    upstream: dict[str, Origin], words: list[str]
) -> None:
    with pytest.raises(StorageError) as refused:
        descent(RECIPES["content_model"], {}, {}, upstream, AS_IN_CODE)
    message = str(refused.value)
    assert "\n" not in message
    assert [word for word in [*words, "recsys run"] if word not in message] == [], message


def test_upstream_values_made_with_other_parameters_or_files_are_refused_too() -> None:
    seeds = [Origin(version, "c", {"parameters of 'split'": seed}) for version, seed in (("s1", "p1"), ("f1", "p2"))]
    with pytest.raises(StorageError, match=r"another version of parameters of 'split' \(p2\)"):
        descent(RECIPES["content_model"], {}, {}, dict(zip(("split", "item_features"), seeds, strict=True)), AS_IN_CODE)
