"""What exists and from what it is made: nothing in the graph changes unnoticed."""

import json

import pytest

from assets.declaring import RECIPES
from assets.graph import ALL_ASSETS
from tests.assets.asset_graph import SNAPSHOT, asset_graph

SPECS = [spec for definition in ALL_ASSETS for spec in definition.specs]
GROUPS = ("raw", "validated", "features", "models", "evaluation", "release")


def test_the_graph_is_the_one_in_the_snapshot() -> None:
    stored = json.loads(SNAPSHOT.read_text(encoding="utf-8"))
    assert asset_graph() == stored, "if this is wanted: .venv/bin/python -m tests.assets.asset_graph"


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.key.to_user_string())
def test_every_asset_says_what_it_is_whose_it_is_and_where_it_belongs(spec) -> None:
    assert spec.description is not None
    assert spec.description.strip().endswith((".", "?")), "a description is a sentence"
    assert spec.owners == ["team:recommender"]
    assert spec.kinds
    assert spec.group_name in GROUPS
    assert spec.code_version


def test_the_graph_reads_from_left_to_right_by_group() -> None:
    graph = asset_graph()
    backwards = [
        f"{name} ({asset['group']}) is made of {upstream} ({graph[upstream]['group']})"
        for name, asset in graph.items()
        for upstream in asset["made_of"]
        if GROUPS.index(graph[upstream]["group"]) > GROUPS.index(asset["group"])
    ]
    assert backwards == []


def test_every_validated_table_has_the_same_blocking_checks() -> None:
    checks = {name: asset["checks"] for name, asset in asset_graph().items() if asset["group"] == "validated"}
    assert set(checks) == {"ratings", "movies", "links", "tags", "genome_scores", "genome_tags"}
    assert all(of == {"expectations": "blocking", "rows_add_up": "blocking"} for of in checks.values())


def test_versions_are_derived_from_the_inputs_that_the_graph_shows() -> None:
    graph = asset_graph()
    assert {name: sorted(recipe.upstream) for name, recipe in RECIPES.items()} == {
        name: asset["made_of"] for name, asset in graph.items()
    }
    assert {name: recipe.group for name, recipe in RECIPES.items()} == {
        name: asset["group"] for name, asset in graph.items()
    }


def test_no_model_is_made_of_the_evaluation_which_alone_reads_the_test_part() -> None:
    graph = asset_graph()
    after = {name for name in graph if "evaluation" in _ancestors(graph, name)}
    assert after == {"registered_model", "promotion", "recommendations"}


def _ancestors(graph, name: str) -> set[str]:
    found: set[str] = set()
    for upstream in graph[name]["made_of"]:
        found |= {upstream} | _ancestors(graph, upstream)
    return found
