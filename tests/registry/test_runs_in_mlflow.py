import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from recsys_core.errors import RegistryError
from registry.run_log import TrialRecord, flatten, metric_key
from registry.tracking import Tracking

PNG = b"\x89PNG\r\n\x1a\n" + b"rest"
ROOT = Path(__file__).parents[2]


def _status(tracking: Tracking, run_id: str) -> str:
    return tracking.client.get_run(run_id).info.status


def _children(tracking: Tracking, run_id: str) -> list:
    return list(tracking.client.search_runs([tracking.experiment_id], f"tags.`mlflow.parentRunId` = '{run_id}'"))


def test_importing_the_room_does_not_import_mlflow():
    program = "import sys, registry.tracking, registry.models, registry.promotion; print('mlflow' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env={"PYTHONPATH": str(ROOT)}
    )
    assert done.stdout.strip() == "False"


def test_a_dagster_run_has_one_parent_run_with_its_latest_tags(tracking, home):
    first = tracking.parent_run("dagster-1", tags={"data_fingerprint": "aa", "git_commit": "c1"})
    again = Tracking(home).parent_run("dagster-1", tags={"data_fingerprint": "bb"})
    assert first == again
    assert tracking.parent_run("dagster-2") != first
    tags = tracking.client.get_run(first).data.tags
    assert (tags["dagster_run_id"], tags["data_fingerprint"], tags["git_commit"]) == ("dagster-1", "bb", "c1")


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


def test_the_next_start_marks_what_a_killed_process_left_open(tracking):
    killed, alive, done = (tracking.parent_run(name) for name in ("killed", "alive", "done"))
    child = tracking.child_run(killed, "training")
    tracking.finish(done)
    assert tracking.close_abandoned(still_running={"alive"}) == [killed]
    statuses = [_status(tracking, run) for run in (killed, child, alive, done)]
    assert statuses == ["KILLED", "KILLED", "RUNNING", "FINISHED"]


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


def test_a_data_set_is_recorded_by_fingerprint_and_counts(tracking):
    log = tracking.log(tracking.parent_run("d1"))
    log.dataset("ratings", fingerprint="f" * 64, source="ratings.csv", n_rows=25_000_095, columns={"userId": "long"})
    (entry,) = tracking.client.get_run(log.run_id).inputs.dataset_inputs
    assert (entry.dataset.name, entry.dataset.digest) == ("ratings", "f" * 36)
    assert '"num_rows": 25000095' in entry.dataset.profile
    assert "f" * 64 in entry.dataset.profile
    assert [(tag.key, tag.value) for tag in entry.tags] == [("mlflow.data.context", "training")]


def test_trials_become_child_runs_once(tracking):
    parent = tracking.parent_run("d1")
    log = tracking.log(parent)
    trials = [
        TrialRecord(i, {"als": {"factors": 32 + i}}, {"ndcg@10": i / 10}, started_at=1_000 + i, ended_at=2_000 + i)
        for i in range(3)
    ]
    assert log.trials(trials[:2]) == 2
    assert log.trials([*trials, TrialRecord(3, {}, {"ndcg@10": float("nan")}, state="FAIL")]) == 2
    runs = {run.info.run_name: run for run in _children(tracking, parent)}
    assert sorted(runs) == [f"tuning trial {i}" for i in range(4)]
    second = runs["tuning trial 1"]
    assert second.data.params == {"als.factors": "33"}
    assert second.data.metrics == {"ndcg_at_10": 0.1}
    assert (second.info.start_time, second.info.end_time, second.info.status) == (1_001, 2_001, "FINISHED")
    assert (runs["tuning trial 3"].info.status, runs["tuning trial 3"].data.metrics) == ("FAILED", {})
    assert log.trials(trials, study="blend") == 3


def test_a_trial_whose_logging_was_cut_short_is_logged_again(tracking, monkeypatch):
    log = tracking.log(tracking.parent_run("d1"))
    trial = TrialRecord(0, {"a": 1}, {"ndcg@10": 0.2})

    def die(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(log.client, "set_terminated", die)
        with pytest.raises(KeyboardInterrupt):
            log.trials([trial])
    assert log.trials([trial]) == 1
    assert log.trials([trial]) == 0


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
