"""Spark keeps the contract of engines; what it cannot do it says in one line."""

import errno
import os
import re
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from engines import Engine, EngineParameters, engine_for
from engines.spark import SparkEngine
from engines.spark import engine as spark_engine
from engines.spark.als import mllib_ratings
from engines.spark.installed import digest_of
from engines.spark.session import Cluster
from engines.spark.tasks import GramTask, gram
from recsys_core.blockwise import side_by_side
from recsys_core.errors import EngineError, ParameterError
from recsys_core.sources.als import ALSParameters
from recsys_core.storage import save_csr
from tests.engines.contract import RATINGS, EngineContract, Shares
from tests.engines.spark import SPARK_ONLY, shares_of_mllib

pytestmark = SPARK_ONLY
LOCAL = EngineParameters(name="spark", master="local[2]", options={"spark.driver.memory": "1g"})


class TestSparkEngine(EngineContract):
    @pytest.fixture
    def engine(self, monkeypatch: pytest.MonkeyPatch) -> Engine:
        monkeypatch.setattr(spark_engine, "FEWEST_USERS", 7)
        return SparkEngine(LOCAL, piece_bytes=500)

    def shares(self, confidence: csr_matrix) -> Shares:
        return shares_of_mllib(confidence)


def test_a_small_file_and_few_rows_need_no_session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engines.spark.session._open_session", lambda _: pytest.fail("a session was opened"))
    path = tmp_path / "ratings.csv"
    path.write_text("userId,movieId,rating,timestamp\n1,2,3,4\n")
    engine = SparkEngine(LOCAL)

    assert engine.read(path, RATINGS, tmp_path).n_rows == 1
    assert engine.solvers.ease is not None
    assert engine.solvers.ease(csr_matrix(np.eye(3, 5, dtype=np.float32)), 1.0).shape == (5, 5)


def test_confidence_becomes_ratings_that_mean_the_same_to_mllib() -> None:
    """Its confidence is 1 + |r|, its preference 1 where r > 0; c = -1 is an unobserved pair."""
    confidence = np.array([[3.5, -2, -1, 0], [1, 4, 0, 0], [0, -3, 0, 0], [2, 0, 0, -5]], dtype=np.float32)

    users, items, ratings = mllib_ratings(csr_matrix(confidence))

    found = np.zeros((4, 4))
    found[users, items] = np.where(ratings > 0, 1 + np.abs(ratings), -1 - np.abs(ratings))
    expected = confidence.copy()
    expected[0, 2] = 0  # as good as unobserved
    expected[2] = expected[:, 3] = 0  # nothing is liked: their factors are zero
    np.testing.assert_array_equal(found, expected)
    with pytest.raises(ParameterError, match="MLlib's ALS knows no confidence below 1"):
        mllib_ratings(csr_matrix(np.array([[2.0, -0.5]], dtype=np.float32)))


def test_an_engine_without_pyspark_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    with pytest.raises(EngineError, match=r"PySpark is not installed here.*\[spark\]' .*, and Java 17"):
        engine_for(LOCAL).solvers.als(*_problem())  # type: ignore[misc]


ELSEWHERE = """
import sys
from engines import EngineParameters, engine_for
from recsys_core.errors import EngineError
from tests.engines.test_spark_engine import _problem
try:
    engine_for(EngineParameters(name="spark", master=sys.argv[1])).solvers.als(*_problem())
except EngineError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("master", "java", "said"),
    [
        (
            "spark://127.0.0.1:1",
            True,
            r"no master answers at spark://127\.0\.0\.1:1 \(127.+ refused\); start it",
        ),
        ("local[2]", False, r"there is no Java here.*pip install '\.\[spark\]' in the project's folder, and Java 17"),
        ("mesos://somewhere", True, r"no session at mesos://somewhere: .*; check engine.master"),
    ],
)
def test_no_session_is_one_line(master: str, java: bool, said: str, tmp_path: Path, monkeypatch: Any) -> None:
    if not java:
        monkeypatch.setenv("PATH", str(tmp_path))
        monkeypatch.delenv("JAVA_HOME", raising=False)
    command = [sys.executable, "-c", ELSEWHERE, master]
    run = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert re.search(said, run.stdout), run
    assert run.stdout.count("\n") == 1


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("dying", r".+; if memory was short, give it more \(engine\.options, spark\.driver\.memory\)"),
        ("full", "OSError: .*No space"),
    ],
)
def test_a_task_that_fails_is_one_line(what: str, said: str) -> None:
    cluster = Cluster(LOCAL)
    with pytest.raises(EngineError, match=rf"Spark at local\[2\] did not finish {what} twice: {said}") as e:
        cluster.map(f"{what} twice", {"dying": _die, "full": _fail}[what], [1, 2])
    assert "\n" not in str(e.value)


def _die(_: int) -> None:
    os._exit(1)


def _fail(_: int) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_worker_with_another_state_of_the_project_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engines.spark.session.installed", lambda: "older, numpy 1.0")
    with pytest.raises(
        EngineError, match=r"has another state of this project \(.+ numpy .+\) than this machine \(older, numpy 1\.0\)"
    ):
        Cluster(LOCAL).map("asking", _other_threads, [1, 2])


def test_a_task_keeps_to_one_core() -> None:
    """Of a cluster's machine every core has a task: threads of several would wait for one another."""
    assert Cluster(LOCAL).map("counting", _other_threads, [1, 2]) == [0, 0]


def _other_threads(_: int) -> int:
    return len(set(side_by_side(lambda _: threading.get_ident(), range(4))) - {threading.get_ident()})


def test_what_a_worker_leaves_can_be_removed_by_whoever_asked_for_it(tmp_path: Path) -> None:
    save_csr(tmp_path / "rows.npz", csr_matrix(np.eye(2, dtype=np.float32)))
    for mode, of_folder, of_file in ((0o700, 0o755, 0o644), (0o777, 0o777, 0o666)):
        shared = tmp_path / f"{mode:o}"
        shared.mkdir()
        shared.chmod(mode)
        made = gram(GramTask(tmp_path / "rows.npz", shared / "made"))
        assert made.parent.stat().st_mode & 0o777 == of_folder
        assert made.stat().st_mode & 0o777 & of_file == of_file


def test_a_checkout_and_what_is_installed_from_it_are_one_state_and_another_text_is_another(tmp_path: Path) -> None:
    for name in ("engines/choosing.py", "recsys_core/shipped/__init__.py"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text("one = 1\n")
    checkout = digest_of(tmp_path)
    (tmp_path / "recsys_core/shipped/app.py").write_text("page = 1\n")  # the wheel brings the page along
    assert digest_of(tmp_path) == checkout
    (tmp_path / "engines/choosing.py").write_text("one = 2\n")
    assert digest_of(tmp_path) != checkout


ANEW = """
import sys
from pyspark import SparkContext
from engines import EngineParameters
from engines.spark.session import Cluster
from engines.spark.tasks import GramTask, gram
from recsys_core.blockwise import side_by_side
cluster = Cluster(EngineParameters(name="spark", master="local[1]"))
print(cluster.map("one", len, ["a"]))
if sys.argv[1] == "killed":
    SparkContext._gateway.proc.kill()
    SparkContext._gateway.proc.wait()
else:
    cluster.session().sparkContext._jsc.sc().stop()
print(cluster.map("two", len, ["ab"]))
"""


@pytest.mark.parametrize("how", ["killed", "stopped"])
def test_a_session_that_has_ended_is_opened_anew(how: str) -> None:
    """A run asks for it hours apart; a cluster may have ended the application meanwhile."""
    done = subprocess.run([sys.executable, "-c", ANEW, how], capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout.split() == ["[1]", "[2]"], done.stderr


def _problem() -> tuple[csr_matrix, tuple[Any, Any], ALSParameters]:
    nothing = np.zeros((2, 4), dtype=np.float32)
    return csr_matrix(np.eye(2, dtype=np.float32) * 2), (nothing, nothing), ALSParameters(factors=4, iterations=1)
