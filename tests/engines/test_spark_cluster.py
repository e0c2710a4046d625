"""A worker and its executor die in the middle of ALS: the factors are the same, bit for bit."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.engines.cluster import standalone_cluster
from tests.engines.spark import SPARK_ONLY

pytestmark = [*SPARK_ONLY, pytest.mark.slow]

DRIVER = """
import hashlib, json, os, signal, sys, threading, time
from engines import EngineParameters, engine_for
from engines.spark.session import Cluster
from recsys_core.dataset.schema import MOVIELENS
from recsys_core.sources.als import ALSParameters, fit_als
from recsys_core.testing.builders import planted_interactions

master, worker, shared = sys.argv[1], int(sys.argv[2]), sys.argv[3]
options = {"spark.executor.memory": "512m", "spark.driver.memory": "512m", "spark.driver.host": "127.0.0.1"}
asked = EngineParameters(name="spark", master=master, shared=shared, options=options)
known = planted_interactions(2_000, 500, 60_000)
parameters = ALSParameters(factors=8, regularization=5.0, iterations=8)

def fitted():
    solve = engine_for(asked).solvers.als
    model = fit_als(known.ratings, known.item_ids, parameters, feedback=MOVIELENS.feedback, solve=solve)
    print("fitted", file=sys.stderr, flush=True)
    return hashlib.sha256(model.item_factors.tobytes()).hexdigest()

tracker = Cluster(asked).session().sparkContext.statusTracker()
highest = lambda: max(tracker.getActiveStageIds(), default=-1)
undisturbed = [fitted()]
first = highest_seen = 0

def watch():
    global highest_seen
    while not done.is_set():
        highest_seen = max(highest_seen, highest())
        time.sleep(0.01)

done = threading.Event(); watcher = threading.Thread(target=watch); watcher.start()
undisturbed.append(fitted())
done.set(); watcher.join()
per_fit = highest_seen / 2
killed = []

def kill():
    while highest() < highest_seen + per_fit / 2:
        time.sleep(0.01)
    os.killpg(worker, signal.SIGKILL)
    killed.append(highest())

killer = threading.Thread(target=kill, daemon=True); killer.start()
disturbed = fitted()
print(json.dumps({"undisturbed": undisturbed, "disturbed": disturbed, "killed": killed, "per_fit": per_fit}))
"""


def test_factors_do_not_depend_on_a_worker_that_dies(tmp_path: Path) -> None:
    with standalone_cluster(tmp_path, 2) as cluster:
        command = [sys.executable, "-c", DRIVER, cluster.master, str(cluster.workers[0]), str(tmp_path)]
        run = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout)

    assert found["killed"]  # in the middle of the third
    assert {*found["undisturbed"]} == {found["disturbed"]}
