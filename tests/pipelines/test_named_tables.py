"""A data set that names its tables, and names them otherwise later: nothing is made anew, and Dagster hears of it."""

import json
from collections.abc import Iterator

import dagster as dg
import pytest
from dagster._core.definitions.data_version import CachingStaleStatusResolver
from dagster._core.loader import LoadingContextForTest

from assets.materialising import RECIPES
from assets.materialising.planning import plan
from assets.materialising.world import World
from assets.workspace import Workspace
from pipelines import automation
from pipelines.automation import out_of_date
from pipelines.cli import main
from pipelines.definitions import build_definitions
from pipelines.run_history import RunHistory
from pipelines.running import look
from pipelines.settings import Settings
from tests.corpus.made_home import relabel

_DECLARED = """\
name: films
feedback: {{scale: [0.5, 5], step: 0.5}}
interactions: {{file: ratings.csv, columns: {{item_id: movieId}}{0}}}
items: {{file: movies.csv, columns: {{item_id: movieId}}{1}}}
"""


def declare(workspace: Workspace, interactions: str = "", items: str = "") -> None:
    names = [f", name: {name}" if name else "" for name in (interactions, items)]
    (workspace.data_path / "dataset.yaml").write_text(_DECLARED.format(*names), encoding="utf-8")


@pytest.fixture
def films(up_to_date: Workspace) -> Workspace:
    """An up-to-date home of a declared data set without names."""
    declare(up_to_date)
    relabel(up_to_date)
    assert plan(World(up_to_date)).stale == {}
    return up_to_date


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


def version(instance: dg.DagsterInstance, name: str) -> dict[str, str]:
    event = instance.get_latest_materialization_event(dg.AssetKey(name))
    return dict(event.asset_materialization.tags or {}) if event and event.asset_materialization else {}


def test_other_names_make_nothing_anew_and_dagster_is_told_of_them(
    films: Workspace, instance: dg.DagsterInstance
) -> None:
    look(instance, World(films))
    before = version(instance, "items")
    declare(films, "watched", "films")

    work = look(instance, World(films))

    assert work.stale == {}
    assert version(instance, "films")["dagster/data_version"] == before["dagster/data_version"]
    split, raw = version(instance, "split"), version(instance, "raw_watched")
    assert split["dagster/input_data_version/films"] == before["dagster/data_version"], "or Dagster calls it unsynced"
    assert raw["dagster/input_data_version/watched_csv"].startswith("ratings.csv ")
    (observed,) = instance.fetch_observations(dg.AssetKey("watched_csv"), limit=2).records
    assert observed.asset_observation is not None


def test_nothing_is_told_twice(films: Workspace, instance: dg.DagsterInstance) -> None:
    declare(films, "watched", "films")
    look(instance, World(films))
    keys = instance.all_asset_keys()
    before = [len(instance.fetch_materializations(key, limit=10).records) for key in keys]

    look(instance, World(films))

    assert [len(instance.fetch_materializations(key, limit=10).records) for key in keys] == before
    assert set(World(films).names.keys(RECIPES)) <= set(keys)


def test_dagster_finds_every_asset_in_step_after_a_change_of_names(
    films: Workspace, settings: Settings, instance: dg.DagsterInstance
) -> None:
    look(instance, World(films))
    declare(films, "watched", "films")
    look(instance, World(films))

    definitions = build_definitions(settings)
    graph = definitions.get_repository_def().asset_graph
    resolver = CachingStaleStatusResolver(instance, graph, LoadingContextForTest(instance))
    found = {name: resolver.get_status(dg.AssetKey(World(films).names(name))).value for name in RECIPES}
    assert found == dict.fromkeys(RECIPES, "FRESH")


def test_plans_and_causes_go_by_the_names(
    films: Workspace, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    declare(films, "watched", "films")
    path = films.data_path / "movies.csv"
    path.write_text(path.read_text(encoding="utf-8") + "999,Another One (1999),Drama\n", encoding="utf-8")

    with pytest.raises(SystemExit):
        main(["plan", "--home", str(settings.home), "--data", str(settings.data_dir), "--json", "--config",
              str(settings.config_file)])  # fmt: skip
    document = json.loads(capsys.readouterr().out)

    assert document["stale"]["films"] == ["raw_films was made anew"]
    assert document["stale"]["raw_films"][0].startswith("movies.csv changed (SHA-256 ")
    assert "films was made anew" in document["stale"]["split"]
    assert {"raw_watched", "watched", "films", "split"} <= {*document["assets"]}
    assert not {"raw_movies", "movies", "ratings"} & {*document["assets"]}
    assert plan(World(films)).causes[0].startswith("raw_films: movies.csv changed")


def test_the_sensor_waits_for_a_location_with_the_names_of_today(
    films: Workspace, settings: Settings, monkeypatch: pytest.MonkeyPatch, instance: dg.DagsterInstance
) -> None:
    monkeypatch.setattr(automation, "differs_on_disk", list)
    loaded = build_definitions(settings).get_repository_def()
    declare(films, "watched", "films")

    def says(repository: dg.RepositoryDefinition) -> str:
        context = dg.build_sensor_context(instance, resources={"workspace": films}, repository_def=repository)
        result = out_of_date(context)
        assert isinstance(result, dg.SkipReason)
        return result.skip_message or ""

    assert says(loaded) == "tables are called otherwise since the code was loaded: reload the code location"
    declare(films, "items", "interactions")
    assert says(loaded).endswith("reload the code location"), "the same names, of other tables"
    assert says(build_definitions(settings).get_repository_def()).startswith("input files changed; waiting")


def test_runs_of_assets_under_earlier_names_are_shown_still(films: Workspace, instance: dg.DagsterInstance) -> None:
    @dg.asset(name="movies")
    def earlier() -> None: ...

    done = dg.materialize([earlier], instance=instance)
    assert RunHistory(instance).shown() == {done.run_id}


def test_a_failed_check_names_the_table_as_people_do(films: Workspace, settings: Settings) -> None:
    declare(films, "watched", "films")
    path = films.data_path / "ratings.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([lines[0], *(f"{line.split(',')[0]},77777777,4.0,1" for line in lines[1:])]) + "\n")

    definitions = build_definitions(settings)
    with dg.DagsterInstance.ephemeral() as instance:
        job = definitions.resolve_job_def("data")
        selection = [dg.AssetKey(name) for name in ("raw_watched", "watched")]
        result = job.execute_in_process(instance=instance, raise_on_error=False, asset_selection=selection)
        from pipelines.failures import failures_of

        (failure, *_) = failures_of(instance, result.run_id)
    assert (failure.asset, failure.check) == ("watched", "expectations")
    assert failure.message.startswith("watched (ratings.csv): ")
    assert "is not known in films" in failure.message
