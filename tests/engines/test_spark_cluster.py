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
from recsys_core.dataset.declaration import MOVIELENS
from recsys_core.sources.als import ALSParameters, fit_als
from recsys_core.testing.builders import planted_interactions

master, worker, shared = sys.argv[1], int(sys.argv[2]), sys.argv[3]
options = {"spark.executor.memory": "512m", "spark.driver.memory": "512m", "spark.driver.host": "127.0.0.1"}
asked = EngineParameters(name="spark", master=master, shared=shared, options=options)
known = planted_interactions(600, 200, 12_000)
parameters = ALSParameters(factors=8, regularization=5.0, iterations=6)
solve = engine_for(asked).solvers.als
tracker = Cluster(asked).session().sparkContext.statusTracker()
stages, done, killed = [0], threading.Event(), []

def fitted():
    model = fit_als(known.ratings, known.item_ids, parameters, feedback=MOVIELENS.feedback, solve=solve)
    return hashlib.sha256(model.item_factors.tobytes()).hexdigest()

def watch(kill_after=None):
    while not done.is_set():
        stages.append(max(tracker.getActiveStageIds(), default=0))
        if kill_after is not None and stages[-1] > kill_after:
            os.killpg(worker, signal.SIGKILL)
            killed.append(stages[-1])
            return
        time.sleep(0.01)

watcher = threading.Thread(target=watch)
watcher.start()
undisturbed = fitted()
done.set()
watcher.join()
n_stages = max(stages)
done.clear()
threading.Thread(target=watch, args=[n_stages * 3 / 2], daemon=True).start()
disturbed = fitted()
print(json.dumps({"undisturbed": undisturbed, "disturbed": disturbed, "killed": killed}))
"""


@pytest.mark.timeout(600)
def test_factors_do_not_depend_on_a_worker_that_dies(tmp_path: Path) -> None:
    with standalone_cluster(tmp_path, 2) as cluster:
        command = [sys.executable, "-c", DRIVER, cluster.master, str(cluster.workers[0]), str(tmp_path)]
        run = subprocess.run(command, capture_output=True, text=True, timeout=500, check=False)
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout)

    assert len(found["killed"]) == 1
    assert found["disturbed"] == found["undisturbed"]
