import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from recsys_core.dataset.declaration import MOVIELENS
from recsys_core.errors import RegistryError
from recsys_core.tuning import Trial
from registry.data_sets import DataSet
from registry.run_log import flatten, metric_key
from registry.search_log import searching, trials_table
from registry.source import source_tags
from registry.tracking import Tracking

PNG = b"\x89PNG\r\n\x1a\n" + b"rest"
ROOT = Path(__file__).parents[2]


def _status(tracking: Tracking, run_id: str) -> str:
    return tracking.client.get_run(run_id).info.status


def test_importing_the_room_does_not_import_mlflow():
    program = "import sys, registry.tracking, registry.models, registry.promotion; print('mlflow' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env={"PYTHONPATH": str(ROOT)}
    )
    assert done.stdout.strip() == "False"


def test_a_dagster_run_has_one_parent_run_with_its_latest_tags(tracking, home):
    first = tracking.parent_run("dagster-1", tags={"data_fingerprint": "aa", "why": "c1"})
    again = Tracking(home).parent_run("dagster-1", tags={"data_fingerprint": "bb"})
    assert first == again
    assert tracking.parent_run("dagster-2") != first
    tags = tracking.client.get_run(first).data.tags
    assert (tags["dagster_run_id"], tags["data_fingerprint"], tags["why"]) == ("dagster-1", "bb", "c1")


def test_processes_that_start_together_on_a_fresh_home_share_the_parent_run(tmp_path):
    program = (
        "import sys, pathlib; from registry.tracking import Tracking;"
        "print(Tracking(pathlib.Path(sys.argv[1])).parent_run('dagster-1'))"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    started = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path / "new home")],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
            cwd=tmp_path,
        )
        for _ in range(2)
    ]
    answers = [process.communicate(timeout=120) for process in started]
    assert [process.returncode for process in started] == [0, 0], answers
    first, second = (out.strip() for out, _ in answers)
    assert first
    assert first == second


def test_nothing_is_written_outside_the_home(tmp_path, tracking, monkeypatch):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    run = tracking.parent_run("dagster-1")
    tracking.log(run).json("a", {"b": 1})
    assert list(elsewhere.iterdir()) == []
    assert list((tracking.folder / "artifacts").rglob("a.json"))


def test_a_child_run_is_found_again_by_its_name_below_its_parent(tracking):
    parent, other = tracking.parent_run("d1"), tracking.parent_run("d2")
    child = tracking.child_run(parent, "training", tags={"model": "als"})
    assert tracking.child_run(parent, "training") == child
    assert tracking.child_run(other, "training") != child
    assert tracking.child_run(parent, "evaluation") != child


def test_a_child_block_ends_finished_or_failed(tracking):
    parent = tracking.parent_run("d1")
    with tracking.child(parent, "good") as log:
        log.metrics({"loss": 0.5})
        good = log.run_id
        assert _status(tracking, good) == "RUNNING"
    bad = tracking.child_run(parent, "bad")
    with pytest.raises(ZeroDivisionError), tracking.child(parent, "bad"):
        raise ZeroDivisionError
    assert (_status(tracking, good), _status(tracking, bad)) == ("FINISHED", "FAILED")
    assert _status(tracking, parent) == "RUNNING"


def test_a_child_spans_the_work_that_it_tells_of(tracking):
    parent = tracking.parent_run("d1")
    with tracking.child(parent, "evaluation", started_at=1_000.5, ended_at=1_060.25) as log:
        log.metrics({"ndcg@10": 0.5})
    info = tracking.client.get_run(log.run_id).info
    assert (info.start_time, info.end_time, info.status) == (1_000_500, 1_060_250, "FINISHED")


@pytest.mark.parametrize("status", ["FINISHED", "FAILED", "KILLED"])
def test_a_dagster_run_that_is_over_closes_its_parent_and_the_open_children(tracking, home, status):
    ended, other = tracking.parent_run("ended"), tracking.parent_run("other")
    child, done = tracking.child_run(ended, "open"), tracking.child_run(ended, "done")
    tracking.finish(done)
    Tracking(home).end_run("ended", status)
    assert [_status(tracking, run) for run in (ended, child, done, other)] == [status, status, "FINISHED", "RUNNING"]
    tracking.end_run("ended", "FAILED")
    assert _status(tracking, ended) == status, "it was closed already"


def test_ending_a_run_that_wrote_nothing_makes_no_database_and_imports_no_mlflow(tmp_path):
    program = (
        "import sys, pathlib; from registry.tracking import Tracking; home = pathlib.Path(sys.argv[1]);"
        "Tracking(home).end_run('d1', 'FINISHED');"
        "Tracking(home, tracking_uri=f'sqlite:///{home}/own.db').end_run('d1', 'FINISHED');"
        "print('mlflow' in sys.modules, list(home.iterdir()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(ROOT)},
    )
    assert done.stdout.strip() == "False []"


def test_ending_a_run_elsewhere_makes_no_experiment(tracking, home):
    other = Tracking(home, tracking_uri=tracking.tracking_uri, experiment="other")
    tracking.parent_run("d1")
    other.end_run("d1", "FINISHED")
    assert tracking.client.get_experiment_by_name("other") is None


def test_a_parent_run_that_goes_on_is_open_again(tracking):
    run = tracking.parent_run("d1")
    tracking.finish(run, "KILLED")
    assert tracking.parent_run("d1") == run
    assert _status(tracking, run) == "RUNNING"


def test_parameters_are_flattened_and_cannot_change(tracking):
    log = tracking.log(tracking.parent_run("d1"))
    log.params({"als": {"factors": 64, "powers": [1, 2.5]}, "empty": {}})
    log.params({"als": {"factors": 64}})
    assert tracking.client.get_run(log.run_id).data.params == {"als.factors": "64", "als.powers": "[1, 2.5]"}
    with pytest.raises(RegistryError, match=r"als\.factors is logged as '64', now it is '32'"):
        log.params({"als": {"factors": 32}})


def test_more_parameters_than_one_call_takes_are_all_logged(tracking):
    log = tracking.log(tracking.parent_run("d1"))
    log.params({f"p{i}": i for i in range(250)})
    assert len(tracking.client.get_run(log.run_id).data.params) == 250


def test_flatten_keeps_every_leaf():
    assert flatten({"a": {"b": {"c": None}}, "d": (1, 2), "e": True}) == {"a.b.c": "None", "d": "[1, 2]", "e": "True"}


def test_metrics_get_names_that_mlflow_allows_and_leave_out_nan(tracking):
    log = tracking.log(tracking.parent_run("d1"))
    log.metrics({"ndcg@10": 0.25, "undefined": float("nan")}, prefix="hybrid.")
    assert tracking.client.get_run(log.run_id).data.metrics == {"hybrid.ndcg_at_10": 0.25}
    assert metric_key("recall@20") == "recall_at_20"


def test_figures_tables_and_json_can_be_read_back(tracking, tmp_path):
    log = tracking.log(tracking.parent_run("d1"))
    log.figure("plots/models", PNG)
    log.table("tables/models", {"model": ["als", "ease"], "ndcg@10": [0.3, 0.35]})
    log.json("summary", {"n": 1})
    root = Path(tracking.client.download_artifacts(log.run_id, "", str(tmp_path)))
    assert (root / "plots" / "models.png").read_bytes() == PNG
    assert '"n": 1' in (root / "summary.json").read_text()
    table = json.loads((root / "tables" / "models.json").read_text())
    assert table == {"columns": ["model", "ndcg@10"], "data": [["als", 0.3], ["ease", 0.35]]}


def test_a_table_logged_again_replaces_the_first_and_is_listed_once(tracking):
    log = tracking.log(tracking.parent_run("d1"))
    log.table("models", {"model": ["als"], "ndcg@10": [0.1]})
    log.table("models", {"model": ["als"], "ndcg@10": [0.2]})
    listed = json.loads(tracking.client.get_run(log.run_id).data.tags["mlflow.loggedArtifacts"])
    assert listed == [{"path": "models.json", "type": "table"}]
    with tracking.as_global():
        shown = tracking.client.load_table(tracking.experiment_id, "models.json", run_ids=[log.run_id])
    assert shown["ndcg@10"].tolist() == [0.2]


@pytest.mark.parametrize("name", ["../outside", "/absolute", ""])
def test_a_file_name_that_leaves_the_run_is_refused(tracking, name):
    log = tracking.log(tracking.parent_run("d1"))
    with pytest.raises(RegistryError, match="relative name"):
        log.file(name, b"x")


def test_a_figure_that_is_no_picture_is_refused(tracking):
    with pytest.raises(RegistryError, match="not a PNG"):
        tracking.log(tracking.parent_run("d1")).figure("a", b"<svg/>")


def test_a_table_with_ragged_columns_is_refused(tracking):
    with pytest.raises(RegistryError, match="different lengths"):
        tracking.log(tracking.parent_run("d1")).table("a", {"x": [1], "y": [1, 2]})


def test_a_declared_table_is_recorded_with_its_digest_and_schema(tracking):
    log = tracking.log(tracking.parent_run("d1"))
    ratings = DataSet.of_table(
        MOVIELENS.table("ratings"), fingerprint="f" * 64, source="d/ratings.csv", profile={"num_rows": 25_000_095}
    )
    links = DataSet.of_table(MOVIELENS.table("links"), fingerprint="a" * 64, source="d/links.csv", context="test")
    for _ in range(2):  # what is recorded already stays
        log.data_sets(ratings, links)
    entries = {entry.dataset.name: entry for entry in tracking.client.get_run(log.run_id).inputs.dataset_inputs}
    assert sorted(entries) == ["links", "ratings"]
    found = entries["ratings"].dataset
    assert (found.digest, json.loads(found.source)) == ("f" * 36, {"uri": "d/ratings.csv"})
    assert json.loads(found.profile) == {"num_rows": 25_000_095, "fingerprint": "f" * 64}
    types = [(column["name"], column["type"]) for column in json.loads(found.schema)["mlflow_colspec"]]
    assert types == [("user_id", "long"), ("item_id", "long"), ("rating", "double"), ("timestamp", "long")]
    required = {c["name"]: c["required"] for c in json.loads(entries["links"].dataset.schema)["mlflow_colspec"]}
    assert required == {"item_id": True, "imdb_id": False, "tmdb_id": False}
    contexts = {name: [tag.value for tag in entry.tags] for name, entry in entries.items()}
    assert contexts == {"ratings": ["training"], "links": ["test"]}


def _search(tracking, values: list[float], *, run: str = "d1", stage: str = "als") -> list[Trial]:
    """Tell the run of ``run`` of a search with these values."""
    trials = [Trial(stage, number, {"factors": 8 + number}, value) for number, value in enumerate(values)]
    with searching(tracking.log(tracking.parent_run(run))) as on_trial:
        for trial in trials:
            on_trial(trial, len(trials), max(trials[: trial.number + 1], key=lambda t: t.value))
    return trials


def _history(tracking, name: str, run: str = "d1") -> list[tuple[int, float]]:
    points = tracking.client.get_metric_history(tracking.parent_run(run), name)
    return sorted((point.step, point.value) for point in points)


def test_trials_are_steps_of_histories_and_no_runs(tracking):
    _search(tracking, [0.2, 0.1, 0.3])
    assert _history(tracking, "tuning/als.value") == [(0, 0.2), (1, 0.1), (2, 0.3)]
    assert _history(tracking, "tuning/als.best") == [(0, 0.2), (1, 0.2), (2, 0.3)]
    assert len(tracking.client.search_runs([tracking.experiment_id])) == 1


def test_a_search_that_is_taken_up_in_the_same_run_writes_no_step_twice(tracking):
    _search(tracking, [0.2, 0.1])
    _search(tracking, [0.2, 0.1, 0.3])
    assert _history(tracking, "tuning/als.value") == [(0, 0.2), (1, 0.1), (2, 0.3)]
    _search(tracking, [0.2, 0.1], run="another")
    assert _history(tracking, "tuning/als.value", "another") == [(0, 0.2), (1, 0.1)]


class SlowLog:
    """A run whose every call takes half a second, on the clock that the search has."""

    def __init__(self) -> None:
        self.now, self.busy, self.sent = 0.0, 0.0, []

    def _wait(self) -> None:
        self.now += 0.5
        self.busy += 0.5

    def metric_names(self) -> set[str]:
        self._wait()
        return set()

    def points(self, points) -> None:
        self._wait()
        self.sent.append(len(points))


def test_at_most_a_fiftieth_of_a_search_is_spent_writing_and_nothing_is_lost() -> None:
    log = SlowLog()
    with searching(log, clock=lambda: log.now) as on_trial:  # type: ignore[arg-type]
        for number in range(3_000):
            log.now += 0.1
            trial = Trial("blend", number, {}, 0.5)
            on_trial(trial, 3_000, trial)
        worked = log.now
    asked_first_and_written_last = 1.0
    assert (log.busy - asked_first_and_written_last) / worked < 1 / 50
    assert len(log.sent) > 5, "written while it goes on"
    assert sum(log.sent) == 2 * 3_000


def test_the_table_of_trials_has_every_parameter_of_every_stage() -> None:
    trials = [Trial("ease", 0, {"regularization": 100.0}, 0.1, 1.23456), Trial("gate", 0, {"kappa": 4}, 0.2)]
    assert trials_table(trials) == {
        "stage": ["ease", "gate"],
        "trial": [0, 0],
        "validation_ndcg@10": [0.1, 0.2],
        "seconds": [1.235, 0.0],
        "regularization": [100.0, None],
        "kappa": [None, 4],
    }


def test_a_run_has_the_commit_in_mlflows_own_tag(tracking):
    commit = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, cwd=ROOT, check=False)
    if commit.returncode:
        pytest.skip("not a checkout")
    source_tags.cache_clear()
    tags = tracking.client.get_run(tracking.parent_run("d1")).data.tags
    assert tags["mlflow.source.git.commit"] == commit.stdout.strip()
    assert tags["mlflow.source.git.dirty"] in {"true", "false"}


def test_code_below_another_checkout_has_no_commit(tmp_path, monkeypatch):
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    (tmp_path / "installed").mkdir()
    monkeypatch.setattr("registry.source._ROOT", tmp_path / "installed")
    source_tags.cache_clear()
    assert source_tags() == {}
    source_tags.cache_clear()


def test_a_database_given_by_its_address_keeps_its_files_in_the_home(tracking, home, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    given = Tracking(home, tracking_uri=tracking.tracking_uri)
    given.log(given.parent_run("d1")).json("a", {})
    assert list((home / "mlflow" / "artifacts").rglob("a.json"))
    assert not (tmp_path / "mlruns").exists()


def test_an_empty_address_means_the_embedded_store(home):
    assert Tracking(home, tracking_uri="").tracking_uri == Tracking(home).tracking_uri


def test_a_damaged_database_is_named_at_once(tmp_path):
    (tmp_path / "mlflow").mkdir()
    (tmp_path / "mlflow" / "mlflow.db").write_text("this is not a database" * 100)
    with pytest.raises(RegistryError, match=r"mlflow\.db: cannot be used as the tracking database"):
        _ = Tracking(tmp_path).client


def test_an_empty_dagster_run_id_is_refused(tracking):
    with pytest.raises(RegistryError, match="id of its Dagster run"):
        tracking.parent_run("")


def test_the_global_address_is_set_back(tracking, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:///theirs.db")
    with tracking.as_global() as mlflow:
        assert mlflow.get_tracking_uri() == tracking.tracking_uri
    assert mlflow.get_tracking_uri() == "sqlite:///theirs.db"
    mlflow.set_tracking_uri(None)


def test_a_server_that_is_not_there_is_named_at_once(tmp_path):
    with socket.socket() as taken:  # bound and not listening: refused, and nobody else gets the port
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(RegistryError, match=f"{address} does not answer"):
            Tracking(tmp_path, tracking_uri=address).parent_run("d1")
