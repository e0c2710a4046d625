"""A table-level fault stops everything made from the table, in that run and in the next, and says why."""

import shutil
from pathlib import Path

import dagster as dg
import pyarrow.parquet as pq
import pytest

from assets.materialising.planning import plan
from assets.materialising.store import Store
from assets.materialising.world import World
from assets.workspace import Workspace
from pipelines.running import run_pipeline
from pipelines.settings import Settings
from pipelines.workers import _Marking
from recsys_core.dataset.table_folders import CleanTable
from recsys_core.sources.table import SOURCES
from tests.corpus.healthy_folder import HEALTHY_ROWS, edit_lines, lines_of, write_healthy_folder

pytestmark = pytest.mark.xdist_group("great_expectations")


@pytest.fixture(scope="module")
def healthy_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("healthy")
    write_healthy_folder(folder / "data")
    outcome = run_pipeline(Settings(home=folder / "home", data_dir=folder / "data"), only="data")
    assert outcome.failed == []
    return folder / "home"


@pytest.fixture
def after_a_run(settings: Settings, healthy_home: Path) -> Settings:
    """The healthy folder and a home in which its data part was run."""
    shutil.copytree(healthy_home, settings.home)
    return settings


def store_of(settings: Settings) -> Store:
    return Store(settings.workspace().store_directory)


def stored_version(settings: Settings, name: str) -> str:
    record = store_of(settings).current(name)
    assert record is not None
    return record.origin.version


def scale_ratings(settings: Settings, n_rows: int) -> None:
    header, *rows = lines_of(settings.data_dir / "ratings.csv")
    for number in range(n_rows):
        user, movie, _, moment = rows[number].split(",")
        rows[number] = f"{user},{movie},80,{moment}"
    edit_lines(settings.data_dir / "ratings.csv", [header, *rows])


def test_a_healthy_folder_passes_and_every_row_is_counted(after_a_run: Settings) -> None:
    assert plan(World(after_a_run.workspace())).stale.keys() == {
        *(f"{kind.name}_model" for kind in SOURCES),
        "hybrid_weights",
        "hybrid_model",
        "evaluation",
        "release_model",
        "registered_model",
        "promotion",
        "recommendations",
    }
    for name, n_rows in HEALTHY_ROWS.items():
        table = store_of(after_a_run).load(name, CleanTable)
        assert (table.summary["n_in"], table.n_rows, table.summary["n_rejected"]) == (n_rows, n_rows, 0)
    assert list(store_of(after_a_run).root.glob(".writing-*")) == []


def test_a_fault_stops_what_is_made_of_the_table_and_names_expectation_column_count_and_examples(
    after_a_run: Settings,
) -> None:
    before = {name: stored_version(after_a_run, name) for name in ("user_item_matrix", "split", "item_features")}
    scale_ratings(after_a_run, 62)

    outcome = run_pipeline(after_a_run, only="data")

    (failure,) = outcome.failed
    assert (failure.asset, failure.check) == ("ratings", "expectations")
    message = failure.message or ""
    words = ["ratings.csv", "62 of 615", "expect_column_values_to_be_in_set on rating", "62 rows", "rating 80.0"]
    assert [word for word in words if word not in message] == []
    assert [f"(line {number})" in message for number in (2, 3, 4, 5)] == [True, True, True, False]
    assert set(outcome.seconds) == {"raw_ratings", "ratings"}
    assert {name: stored_version(after_a_run, name) for name in before} == before

    table = store_of(after_a_run).load("ratings", CleanTable)
    assert not table.usable, "it is kept for inspection with its rejected rows"
    rejected = pq.read_table(table.rejected_path).to_pylist()
    assert [row["line"] for row in rejected] == list(range(2, 64))
    assert {row["file"] for row in rejected} == {"ratings.csv"}
    assert list(after_a_run.workspace().docs_directory.rglob("index.html"))


def test_an_unchanged_fault_stops_the_next_run_too_and_a_mended_file_goes_through(after_a_run: Settings) -> None:
    path = after_a_run.data_dir / "ratings.csv"
    healthy = path.read_bytes()
    scale_ratings(after_a_run, 62)
    first = run_pipeline(after_a_run, only="data")

    again = run_pipeline(after_a_run, only="data")

    assert again.failed == first.failed
    assert set(again.seconds) == {"ratings"}, "the raw table is up to date"
    path.write_bytes(healthy)
    mended = run_pipeline(after_a_run, only="data")
    assert mended.failed == []
    assert store_of(after_a_run).load("ratings", CleanTable).usable


def test_two_faults_are_told_together_and_a_table_beside_them_is_made_all_the_same(after_a_run: Settings) -> None:
    scale_ratings(after_a_run, 62)
    tags = after_a_run.data_dir / "tags.csv"
    edit_lines(tags, lines_of(tags)[:-1])
    edit_lines(after_a_run.data_dir / "genome_scores.csv", ["movieId,tagId,relevance", "101,1,7.5", "104,1,8.5"])

    outcome = run_pipeline(after_a_run, only="data")

    assert {failure.asset for failure in outcome.failed} == {"ratings", "genome_scores"}
    assert store_of(after_a_run).load("tags", CleanTable).n_rows == HEALTHY_ROWS["tags"] - 1


def test_a_limit_in_the_configuration_lets_the_same_rows_through(after_a_run: Settings, tmp_path: Path) -> None:
    scale_ratings(after_a_run, 62)
    (tmp_path / "config.yaml").write_text("validation: {max_rejected_share: 0.2}\n")

    outcome = run_pipeline(
        Settings(after_a_run.home, after_a_run.data_dir, config_file=tmp_path / "config.yaml"), only="data"
    )

    assert outcome.failed == []
    table = store_of(after_a_run).load("ratings", CleanTable)
    assert (table.n_rows, table.summary["n_rejected"]) == (615 - 62, 62)


def test_an_unreadable_file_fails_the_raw_asset_with_its_message(after_a_run: Settings) -> None:
    (after_a_run.data_dir / "movies.csv").write_bytes(b"")

    (failure,) = run_pipeline(after_a_run, only="data").failed

    assert (failure.asset, failure.check) == ("raw_movies", None)
    assert "movies.csv" in (failure.message or "")
    assert "is empty" in (failure.message or "")


def test_an_unexpected_error_is_one_line_that_says_so(after_a_run: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a bug\nwith a second line")

    monkeypatch.setattr("engines.local.LocalEngine.interactions", broken)
    scale_ratings(after_a_run, 1)

    (failure,) = run_pipeline(after_a_run, only="data").failed

    assert failure.asset == "user_item_matrix"
    assert failure.message == (
        "unexpected error: ZeroDivisionError: a bug; the run's page in the Dagster UI has the details"
    )


def test_every_table_page_has_row_count_schema_preview_and_data_docs(healthy_home: Path) -> None:
    with dg.DagsterInstance.from_config(str(healthy_home / "dagster")) as instance:
        for name, n_rows in HEALTHY_ROWS.items():
            event = instance.get_latest_materialization_event(dg.AssetKey(name))
            assert event is not None
            assert event.asset_materialization is not None
            metadata = event.asset_materialization.metadata
            assert metadata["dagster/row_count"].value == n_rows
            assert metadata["dagster/column_schema"].value.columns
            assert metadata["preview"].records
            assert str(metadata["data_docs"].value).startswith("file:///")


def test_a_run_that_fails_before_any_asset_is_a_failure(after_a_run: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise OSError("no resource today")

    monkeypatch.setattr(_Marking, "execute", broken)
    scale_ratings(after_a_run, 1)

    (failure,) = run_pipeline(after_a_run, only="data").failed

    assert failure.asset is failure.check is None
    assert "OSError: no resource today" in (failure.message or "")


def test_a_workspace_for_another_home_shares_nothing(tmp_path: Path, data_dir: Path) -> None:
    one = Workspace(home=str(tmp_path / "one"), data_dir=str(data_dir))
    two = Workspace(home=str(tmp_path / "two"), data_dir=str(data_dir))
    assert one.store_directory != two.store_directory
    assert one.docs_directory != two.docs_directory
