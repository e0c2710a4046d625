"""What exists and from what it is made: nothing in the graph changes unnoticed."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from assets.configuration import Configuration
from assets.graph import build_assets
from assets.materialising import RECIPES
from assets.materialising.outside import outside_names
from assets.materialising.world import code_versions
from recsys_core.sources.table import SOURCES
from tests.assets.asset_graph import SNAPSHOT, all_assets, asset_graph, outside_graph

GROUPS = ("raw", "validated", "features", "models", "evaluation", "release")


def test_the_graph_is_the_one_in_the_snapshot() -> None:
    stored = json.loads(SNAPSHOT.read_text(encoding="utf-8"))
    found = {"made": asset_graph(), "outside": outside_graph()}
    assert found == stored, "if this is wanted: .venv/bin/python -m tests.assets.asset_graph"


@pytest.mark.parametrize("name", RECIPES)
def test_every_asset_says_what_it_is_whose_it_is_and_where_it_belongs(name: str) -> None:
    spec = all_assets()[name].get_asset_spec()
    assert spec.description is not None
    assert spec.description.strip().endswith((".", "?")), "a description is a sentence"
    assert spec.owners == ["team:recommender"]
    assert spec.kinds
    assert spec.group_name in GROUPS
    assert spec.code_version


@pytest.mark.parametrize("name", outside_names())
def test_every_outside_asset_is_observed_and_says_what_it_is(name: str) -> None:
    asset = all_assets()[name]
    assert asset.description.strip().endswith(".")
    assert asset.group_name == "outside"
    assert asset.tags
    assert asset.is_observable


def test_every_outside_asset_is_somebodys_input_and_every_recipe_names_its_own() -> None:
    graph = asset_graph()
    assert {name for asset in graph.values() for name in asset["outside"]} == set(outside_names())
    assert {name: sorted(recipe.outside) for name, recipe in RECIPES.items()} == {
        name: asset["outside"] for name, asset in graph.items()
    }


def test_the_graph_reads_from_left_to_right_by_group() -> None:
    graph = asset_graph()
    backwards = [
        f"{name} ({asset['group']}) is made of {upstream} ({graph[upstream]['group']})"
        for name, asset in graph.items()
        for upstream in asset["made_of"]
        if GROUPS.index(graph[upstream]["group"]) > GROUPS.index(asset["group"])
    ]
    assert backwards == []


def test_tables_have_blocking_checks_and_what_is_fitted_or_judged_has_checks_that_are_told() -> None:
    blocking = {"expectations": "blocking", "rows_add_up": "blocking"}
    finite = {"all_finite": "told"}
    validated = {"ratings", "movies", "links", "tags", "genome_scores", "genome_tags"}
    beyond = {
        **dict.fromkeys(validated, blocking),
        **dict.fromkeys([f"{kind.name}_model" for kind in SOURCES if kind.name != "als"], finite),
        **dict.fromkeys(["hybrid_model", "release_model"], finite),
        "als_model": {**finite, "beats_popularity": "told"},
        "item_features": {"no_empty_group": "told"},
        "evaluation": {"beats_popularity": "told", "not_fallen": "told"},
        "promotion": {"gate": "told"},
    }
    assert {name: asset["checks"] for name, asset in asset_graph().items()} == {
        name: {"stored": "told", **beyond.get(name, {})} for name in RECIPES
    }


@pytest.mark.parametrize("name", RECIPES)
def test_every_asset_links_to_its_own_function(name: str) -> None:
    (place,) = all_assets()[name].get_asset_spec().metadata["dagster/code_references"].code_references
    lines = Path(place.file_path).read_text(encoding="utf-8").splitlines()[place.line_number - 1 :]
    function = RECIPES[name].function.__name__
    assert next(line for line in lines if line.startswith("def ")).startswith(f"def {function}(")


def test_dagster_knows_the_same_dependencies_as_the_recipes() -> None:
    specs = {name: all_assets()[name].get_asset_spec() for name in RECIPES}
    deps = {name: {dep.asset_key.to_user_string() for dep in spec.deps} for name, spec in specs.items()}
    assert deps == {name: {*recipe.upstream, *recipe.outside} for name, recipe in RECIPES.items()}


def test_no_model_is_made_of_the_evaluation_which_alone_reads_the_test_part() -> None:
    graph = asset_graph()
    after = {name for name in graph if "evaluation" in _ancestors(graph, name)}
    assert after == {"registered_model", "promotion", "recommendations"}


def test_only_recommendations_follow_the_champion_and_only_the_release_the_tracking_store() -> None:
    observing = {name: set(recipe.observes) for name, recipe in RECIPES.items() if recipe.observes}
    assert observing == {
        "registered_model": {"tracking_store"},
        "promotion": {"tracking_store"},
        "recommendations": {"tracking_store", "champion"},
    }


def test_the_code_versions_that_dagster_compares_fold_in_parameters_and_upstream_code() -> None:
    configuration = Configuration.read(None)
    before = code_versions(configuration)

    split = configuration.split.replace(seed=12345)
    after = code_versions(configuration.model_copy(update={"split": split}))

    graph = asset_graph()
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {name for name in graph if name == "split" or "split" in _ancestors(graph, name)}
    shown = {asset.key.to_user_string(): asset for asset in build_assets(configuration)}
    assert {name: shown[name].get_asset_spec().code_version for name in RECIPES} == before


def _ancestors(graph, name: str) -> set[str]:
    found: set[str] = set()
    for upstream in graph[name]["made_of"]:
        found |= {upstream} | _ancestors(graph, upstream)
    return found


def test_recipes_are_in_order_whichever_module_was_imported_first() -> None:
    program = (
        "import assets.models, assets.graph; from assets.materialising import RECIPES; names = [*RECIPES]; "
        "assert len(names) == 28; "
        "assert all(names.index(u) < names.index(n) for n, r in RECIPES.items() for u in r.upstream), names"
    )
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
