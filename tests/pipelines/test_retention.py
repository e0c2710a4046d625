"""A home keeps what the policy says and what is in use; the rest goes with its bytes, and nothing misses it."""

import json
import logging
import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from filelock import FileLock

from assets.materialising import RECIPES
from assets.materialising.planning import plan
from assets.materialising.store import Pins, Store
from assets.materialising.world import World
from pipelines.checking import check_everything
from pipelines.cli import main
from pipelines.instance import open_instance
from pipelines.retention import Cleaned, clean, clean_after_run
from pipelines.run_history import RunHistory
from pipelines.settings import Settings
from recsys_core.errors import RecsysError
from recsys_core.retention import RetentionParameters
from recsys_core.storage import remove_directory
from registry.interface import input_example
from registry.models import ModelRegistry
from registry.moved_home import opened
from registry.promotion import Promotions
from tests.corpus.made_home import another_version

pytestmark = pytest.mark.xdist_group("mlflow")

ROOT = Path(__file__).parents[2]
N_VERSIONS = 6
POLICY = RetentionParameters(versions=1, values=1, runs=0)
LATER = datetime.now(UTC) + timedelta(days=2)


@dg.op
def work() -> None:
    pass


@dg.job(executor_def=dg.in_process_executor)
def some_job() -> None:
    work()


@pytest.fixture(scope="module")
def busy_home(made_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The made home, and in it five more versions, each of a run of its own, of Dagster and of MLflow. Only to copy."""
    folder = tmp_path_factory.mktemp("busy")
    shutil.copytree(made_home, folder, dirs_exist_ok=True)
    settings = Settings(folder / "home", folder / "data", config_file=folder / "small.yaml")
    workspace = settings.workspace()
    tracking, store = workspace.tracking(), Store(workspace.store_directory)
    registry = ModelRegistry(tracking)
    example = input_example(0, [101])
    with open_instance(settings) as instance:
        for number in range(1, N_VERSIONS):
            run_id = some_job.execute_in_process(instance=instance).run_id
            parent = tracking.parent_run(run_id)
            tracking.child_run(tracking.child_run(parent, "tuning"), "a trial")
            registry.log_evaluation_model(parent, _folder_of(store, "hybrid_model"))
            bundle = folder / f"bundle-{number}"
            shutil.copytree(_folder_of(store, "release_model"), bundle)
            (bundle / "bundle.json").write_text(json.dumps({"name": str(number)}))
            registry.register_bundle(
                bundle,
                parent,
                data_fingerprint="data",
                metrics={},
                example=example,
                dagster_run_id=run_id,
                python_model=ROOT / "tests/registry/data/fake_pyfunc_model.py",
            )
            another_version(workspace, "als_model")
            store.folder("als_model").joinpath("current.json").write_text(_current(made_home))
    return folder


@pytest.fixture
def settings(busy_home: Path, tmp_path: Path) -> Settings:
    for name in ("home", "data"):
        shutil.copytree(busy_home / name, tmp_path / name, symlinks=True)
    shutil.copy(busy_home / "small.yaml", tmp_path)
    for folder in (tmp_path / "home" / "store" / ".pins").glob("*"):
        os.utime(folder, (0, 0))  # a minute is over
    return Settings(tmp_path / "home", tmp_path / "data", config_file=tmp_path / "small.yaml")


def _folder_of(store: Store, name: str) -> Path:
    record = store.current(name)
    assert record is not None
    return store.directory(name, record.origin.version)


def _current(made_home: Path) -> str:
    return (Store(made_home / "home" / "store").folder("als_model") / "current.json").read_text()


def size(home: Path) -> int:
    """Bytes of all files but the databases that stay, and pins."""
    shared = {"index", "mlflow", "runs", "schedules"}
    files = (path for path in home.rglob("*") if path.is_file() and ".pins" not in path.parts)
    return sum(path.stat().st_size for path in files if path.name.split(".")[0] not in shared)


def by_kind(cleaned: Cleaned) -> dict[str, int]:
    return {found.kind: found.n for found in cleaned.freed}


def contents(home: Path) -> dict[str, int]:
    """Every file but those that are only opened by looking."""
    files = (path for path in home.rglob("*") if path.is_file() and path.suffix not in {".db", ".lock", ".db-wal"})
    return {path.relative_to(home).as_posix(): path.stat().st_size for path in files}


def do_clean(settings: Settings, policy: RetentionParameters = POLICY, *, dry_run: bool = False) -> Cleaned:
    return clean(settings, policy, dry_run=dry_run, now=LATER)


def test_six_versions_become_three_and_the_home_is_as_good_as_before(settings: Settings) -> None:
    promotions = Promotions(settings.workspace().tracking())
    promotions.promote("2", reason="test", at=LATER - timedelta(days=1), actor="test")
    registry = ModelRegistry(promotions.tracking)
    assert [found.version for found in registry.versions.all()] == ["6", "5", "4", "3", "2", "1"]
    before = size(settings.home)

    dry = do_clean(settings, dry_run=True)
    done = do_clean(settings)

    assert dry.freed == done.freed
    assert by_kind(done) == {
        "values": 4, "searches": 0, "model versions": 3, "MLflow runs": 9,
        "evaluation twins": 0, "Dagster runs": 3, "databases": 0,
    }  # fmt: skip
    freed = done.as_dict()["bytes"]
    assert freed == pytest.approx(before - size(settings.home), rel=0.01), "what is said to be freed is freed"
    assert len([*(settings.home / "mlflow/artifacts/models").iterdir()]) == 3
    assert [found.version for found in registry.versions.all()] == ["6", "2", "1"]
    assert [found.version for found in registry.versions.all() if found.aliases] == ["2", "1"]
    assert not any(check_everything(settings).values())
    assert promotions.rollback(at=LATER, actor="test").version == "1"
    assert plan(World(settings.workspace())).stale == {}, "with the champion that it was before"
    assert len({entry.id for entry in promotions.log.entries()}) == 3
    assert by_kind(do_clean(settings)) == dict.fromkeys(by_kind(done), 0), "nothing is left to do"


def test_runs_that_stay_lose_the_twins_of_versions_that_do_not(settings: Settings) -> None:
    done = do_clean(settings, POLICY.replace(runs=30))
    assert by_kind(done) == {
        "values": 4, "searches": 0, "model versions": 4, "MLflow runs": 0,
        "evaluation twins": 4, "Dagster runs": 0, "databases": 0,
    }  # fmt: skip
    assert len([*(settings.home / "mlflow/artifacts").glob("*/artifacts/evaluation_model")]) == 2
    assert not any(check_everything(settings).values())
    assert ModelRegistry(settings.workspace().tracking()).evaluation_model_path("6").is_dir()
    assert not any(by_kind(do_clean(settings, POLICY.replace(runs=30))).values())


def test_pages_keep_their_latest_events_and_no_trace_is_left_of_runs_that_went(settings: Settings) -> None:
    with open_instance(settings) as instance:
        keys = [dg.AssetKey(name) for name in RECIPES]
        before = {record.asset_entry.asset_key: record.asset_entry for record in instance.get_asset_records(keys)}
        runs = RunHistory(instance).newest_first()
        made_by = RunHistory(instance).shown()
    assert len(made_by) == 1
    assert len(runs) == N_VERSIONS

    do_clean(settings, RetentionParameters(versions=0, runs=0))

    with open_instance(settings) as instance:
        history = RunHistory(instance)
        assert {*history.newest_first()} == made_by
        assert history.shown() == made_by
        after = {record.asset_entry.asset_key: record.asset_entry for record in instance.get_asset_records(keys)}
        assert after == before
        gone = {*runs} - made_by
        assert not any(history.paths(run_id) for run_id in gone)
        assert not [path for path in settings.dagster_home.rglob("*") if any(run in path.name for run in gone)]


def test_versions_that_an_experiment_names_stay(settings: Settings, tmp_path: Path) -> None:
    declared = tmp_path / "experiments.yaml"
    arms = "[{name: a, model: champion, share: 0.5}, {name: b, model: 3, share: 0.5}]"
    text = f"experiments: [{{name: one, control: a, arms: {arms}, ends: %s}}]"
    registry = ModelRegistry(settings.workspace().tracking())

    declared.write_text(text % (LATER + timedelta(days=1)).isoformat())
    with_experiment = Settings(settings.home, settings.data_dir, experiments_file=declared)
    do_clean(with_experiment)
    assert [found.version for found in registry.versions.all()] == ["6", "3", "1"]

    declared.write_text(text % (LATER - timedelta(days=1)).isoformat())
    do_clean(with_experiment)
    assert [found.version for found in registry.versions.all()] == ["6", "1"], "the experiment is over"


def test_experiments_that_cannot_be_read_are_a_reason_to_remove_nothing(settings: Settings, tmp_path: Path) -> None:
    before = contents(settings.home)
    with pytest.raises(RecsysError, match=r"nowhere\.yaml.*cannot be read"):
        do_clean(Settings(settings.home, settings.data_dir, experiments_file=tmp_path / "nowhere.yaml"))
    assert contents(settings.home) == before


def test_values_that_a_run_goes_on_with_stay_with_the_run_itself(settings: Settings) -> None:
    store = Store(settings.home / "store")
    oldest = store.versions("als_model")[-1]
    with open_instance(settings) as instance:
        going_on = instance.create_run_for_job(some_job, status=dg.DagsterRunStatus.STARTED).run_id
    Pins(store.root, going_on).first("als_model", oldest)
    os.utime(store.root / ".pins" / going_on, (0, 0))

    done = do_clean(settings, RetentionParameters(versions=0, runs=0))

    assert by_kind(done)["model versions"] == 0, "the run may be taking up one of them again"
    assert done.notes == ["a run goes on: model versions stay until it is over"]
    assert store.record("als_model", oldest) is not None
    assert Pins(store.root, going_on).get("als_model") == oldest
    with open_instance(settings) as instance:
        assert going_on in RunHistory(instance).newest_first()


def test_events_that_a_killed_clean_up_left_go_with_the_next_one(settings: Settings) -> None:
    with open_instance(settings) as instance:
        history = RunHistory(instance)
        run_id = history.newest_first()[0]
        instance._run_storage.delete_run(run_id)
        (shard,) = [path for path in history.paths(run_id) if path.suffix == ".db"]
        assert history.leftovers(history.newest_first()) == [], "it may be of a run that is only now being made"
        for path in history.paths(run_id):
            os.utime(path, (0, 0))
        assert history.leftovers(history.newest_first()) == [run_id]
    do_clean(settings, RetentionParameters())
    assert not shard.exists()


@pytest.mark.parametrize("n_done", [0, 3, 7, 15])
def test_a_clean_up_killed_anywhere_is_finished_by_the_next_one(
    settings: Settings, n_done: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After so many removals, of whichever kind, there is no other."""
    left = n_done

    def then_die(remove: Callable[..., None]) -> Callable[..., None]:
        def called(*arguments: object) -> None:
            nonlocal left
            if left == 0:
                raise KeyboardInterrupt
            left -= 1
            remove(*arguments)

        return called

    with monkeypatch.context() as patched:
        patched.setattr("pipelines.retention.remove_directory", then_die(remove_directory))
        patched.setattr("registry.retention.remove_directory", then_die(remove_directory))
        patched.setattr(RunHistory, "remove", then_die(RunHistory.remove))
        with pytest.raises(KeyboardInterrupt):
            do_clean(settings)
    assert plan(World(settings.workspace())).stale == {}
    assert not any(check_everything(settings).values())
    do_clean(settings)
    assert len([*(settings.home / "mlflow/artifacts/models").iterdir()]) == 2
    with opened(settings.home / "mlflow/mlflow.db") as connection:
        assert connection.execute("SELECT count(*) FROM logged_models").fetchone() == (2,)
    assert len(Store(settings.home / "store").versions("als_model")) == 2
    with open_instance(settings) as instance:
        assert len(RunHistory(instance).newest_first()) == 2
    assert not any(by_kind(do_clean(settings)).values())


def test_a_dry_run_removes_nothing(settings: Settings) -> None:
    before = contents(settings.home)
    do_clean(settings, dry_run=True)
    assert contents(settings.home) == before


def test_a_home_of_data_alone_has_no_models_to_remove(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    cleaned = clean(Settings(tmp_path / "home", tmp_path), RetentionParameters())
    assert sum(found.n for found in cleaned.freed) == 0
    assert not (tmp_path / "home" / "mlflow" / "mlflow.db").exists()


def test_while_another_process_cleans_nothing_is_done(settings: Settings) -> None:
    before = contents(settings.home)
    with FileLock(settings.home / "clean.lock"):
        done = do_clean(settings)
    assert done.freed == []
    assert done.notes == [f"another process is cleaning {settings.home}"]
    assert contents(settings.home) == before


def test_a_fault_at_the_end_of_a_run_is_one_warning(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    (settings.home / "promotion_log.jsonl").write_text("{}\n")
    with caplog.at_level(logging.WARNING, "recsys"):
        clean_after_run(settings, POLICY)
    told = [record.getMessage() for record in caplog.records if "stay in" in record.getMessage()]
    assert len(told) == 1
    assert "promotion_log.jsonl, line 1" in told[0]
    assert "\n" not in told[0]


def test_the_command_says_in_words_and_as_json_what_would_go(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert settings.config_file is not None
    settings.config_file.write_text("retention: {runs: 0}\n")
    where = ["--home", str(settings.home), "--config", str(settings.config_file)]
    with pytest.raises(SystemExit) as ended:
        main(["clean", "--dry-run", "--json", *where])
    assert ended.value.code in {None, 0}
    document = json.loads(capsys.readouterr().out)
    assert document["dry_run"] is True
    assert {found["kind"]: found["n"] for found in document["freed"]}["values"] == 4
    assert document["bytes"] == sum(found["bytes"] for found in document["freed"])
    with pytest.raises(SystemExit):
        main(["clean", *where])
    words = capsys.readouterr().out.splitlines()
    assert words[0].split()[:2] == ["4", "values"]
    assert words[-1].endswith(" MB freed")
