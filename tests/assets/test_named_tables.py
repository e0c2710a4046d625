"""What Dagster shows of a data set that names its tables: its names, and the same graph as ever."""

from functools import cache
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.definitions.utils import DISALLOWED_NAMES
from hypothesis import assume, given
from hypothesis import strategies as st

from assets.configuration import Configuration
from assets.graph import build_assets
from assets.materialising import RECIPES
from assets.materialising.names import AS_IN_CODE, AssetNames
from assets.materialising.outside import outside_names
from assets.materialising.world import code_versions
from pipelines.jobs import JOBS
from recsys_core.dataset.declaration import MOVIELENS, Declaration, FeedbackDeclaration, dataset_of
from recsys_core.dataset.declared_tables import TableDeclaration
from recsys_core.dataset.roles import ROLES, TABLE_NAMES
from recsys_core.dataset.schema import DatasetSpec
from recsys_core.dataset.table_names import fault_of_name
from recsys_core.errors import ParameterError
from tests.assets.asset_graph import asset_graph

OF_CODE = (*RECIPES, *outside_names())
OF_TABLES = AssetNames.of(MOVIELENS).shown.keys()


def named(interactions: str = "", items: str = "") -> DatasetSpec:
    tables = {
        "interactions": TableDeclaration(file="sold-*.csv", name=interactions),
        "items": TableDeclaration(file="Books.csv", name=items),
    }
    return dataset_of(Declaration(name="shop", feedback=FeedbackDeclaration(kind="events"), **tables))


@cache
def bookshop() -> dict[str, Any]:
    built = build_assets(Configuration.read(None), named("sold", "books"))
    return {asset.key.to_user_string(): asset for asset in built}


def page(asset: Any) -> Any:
    """What Dagster shows of an asset, made or observed."""
    return asset.get_asset_spec() if isinstance(asset, dg.AssetsDefinition) else asset


def test_a_bookshop_sees_its_own_tables() -> None:
    of_tables = {
        "raw": {"raw_sold", "raw_books", "raw_links", "raw_tags", "raw_genome_scores", "raw_genome_tags"},
        "validated": {"sold", "books", "links", "tags", "genome_scores", "genome_tags"},
        "outside": {"sold_csv", "books_csv", "links_csv", "tags_csv", "genome_scores_csv", "genome_tags_csv"},
    }
    groups = {name: page(asset).group_name for name, asset in bookshop().items()}
    observed = {"tracking_store", "champion"}
    assert {group: {n for n, g in groups.items() if g == group} - observed for group in of_tables} == of_tables
    others = {name for name in groups if groups[name] not in of_tables} | observed
    assert others == set(OF_CODE) - OF_TABLES


def test_dependencies_and_checks_go_by_the_same_names() -> None:
    specs = {name: bookshop()[name].get_asset_spec() for name in ("raw_books", "books", "sold", "split")}
    deps = {name: {dep.asset_key.to_user_string() for dep in spec.deps} for name, spec in specs.items()}
    assert deps == {
        "raw_books": {"books_csv"},
        "books": {"raw_books"},
        "sold": {"raw_sold", "books"},
        "split": {"user_item_matrix", "books"},
    }
    checks = {(check.asset_key.to_user_string(), check.name) for check in bookshop()["books"].check_specs}
    assert checks == {("books", "expectations"), ("books", "rows_add_up"), ("books", "stored")}


def test_pages_say_what_is_declared_and_nothing_of_films() -> None:
    told = {name: bookshop()[name].get_asset_spec().description for name in ("raw_books", "raw_sold", "raw_links")}
    assert told["raw_books"].startswith("Books.csv as it is: the catalogue. One row a line")
    assert told["raw_sold"].startswith("sold-*.csv as it is: what one user did with one item. ")
    assert told["raw_links"].startswith("Not declared, so without rows: ids of the item at IMDb and TMDB. ")
    pages = [page(asset) for asset in bookshop().values()]
    words = [found.description or "" for found in pages if found.group_name in ("raw", "validated", "outside")]
    assert len(words) == 3 * 6 + 2
    assert [text for text in words if "movie" in text.lower()] == []


def test_the_graph_is_that_of_movielens_under_other_names() -> None:
    names = AssetNames.of(named("sold", "books"))
    for name, asset in asset_graph().items():
        spec = bookshop()[names(name)].get_asset_spec()
        assert {dep.asset_key.to_user_string() for dep in spec.deps} == {
            names(other) for other in (*asset["made_of"], *asset["outside"])
        }
        assert (spec.group_name, sorted(spec.kinds)) == (asset["group"], asset["kinds"])


def test_movielens_has_the_names_of_code() -> None:
    assert {name: AssetNames.of(MOVIELENS)(name) for name in OF_CODE} == {name: name for name in OF_CODE}
    assert [AS_IN_CODE(name) for name in OF_CODE] == [*OF_CODE]


def test_names_count_in_no_code_version() -> None:
    configuration = Configuration.read(None)
    assert code_versions(configuration, named("sold", "books")) == code_versions(configuration, named())


@pytest.mark.parametrize("name", sorted({*OF_CODE} - OF_TABLES))
def test_no_table_can_be_called_like_another_asset(name: str) -> None:
    assert "something else in the pipeline" in fault_of_name(name), f"{name} is missing in table_names.py"


@pytest.mark.parametrize("name", sorted({*DISALLOWED_NAMES, *(job.name for job in JOBS), "bring_up_to_date"}))
def test_no_table_can_be_called_by_a_word_of_dagster_or_like_a_job(name: str) -> None:
    assert fault_of_name(name)


_NAMES = st.from_regex(r"\A[A-Za-z_][A-Za-z0-9_]{0,12}\Z") | st.sampled_from(
    sorted({*ROLES, *TABLE_NAMES, *OF_CODE, "raw_raw", "csv"})
)


@given(_NAMES, _NAMES)
def test_whatever_is_taken_for_a_name_gives_every_asset_its_own(interactions: str, items: str) -> None:
    try:
        dataset = named(interactions, items)
    except ParameterError:
        assume(False)
    names = AssetNames.of(dataset)
    keys = [key.to_user_string().casefold() for key in names.keys(OF_CODE)]
    assert len({*keys}) == len(keys)


def test_a_location_with_the_oddest_names_is_whole(tmp_path: Path) -> None:
    built = build_assets(Configuration.read(None), named("items", "movies"))
    dg.Definitions.validate_loadable(dg.Definitions(assets=built, jobs=JOBS, resources=_RESOURCES))


_RESOURCES = {name: dg.ResourceDefinition.hardcoded_resource(None) for name in ("workspace", "parameters")}
