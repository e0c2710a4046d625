"""What bench.spark reads from Spark's log, and its page."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from bench.spark.__main__ import main
from bench.spark.event_log import logged_to, steps_of
from pipelines.settings import REPOSITORY
from tests.bench.test_pages_are_made import skeleton
from tests.corpus.healthy_folder import FEW_TRIALS
from tests.engines.spark import SPARK_ONLY

pytestmark = SPARK_ONLY
TWO_STEPS = """
import json, sys
import numpy as np
from scipy.sparse import random
from engines import EngineParameters, engine_for
from recsys_core.sources.als import ALSParameters
engine = engine_for(EngineParameters(name="spark", master="local[2]", options=json.loads(sys.argv[1])))
rows = random(20_000, 30, density=0.1, format="csr", dtype=np.float32, random_state=0)
rows.data += 1
start = tuple(np.zeros((n, 4), dtype=np.float32) for n in rows.shape)
engine.solvers.als(rows, start, ALSParameters(factors=4, iterations=3))
engine.solvers.ease(rows, 1.0)
"""


def test_steps_are_read_from_sparks_log(tmp_path: Path) -> None:
    command = [sys.executable, "-c", TWO_STEPS, json.dumps(logged_to(tmp_path))]
    subprocess.run(command, cwd=REPOSITORY, check=True, timeout=120, capture_output=True)
    als, gram = steps_of(tmp_path)
    assert (als.name, gram.name) == ("ALS of 60,000 ratings", "Gram matrix of 30 titles")
    assert als.iterations == 3
    assert als.began < als.ended < gram.began < gram.ended
    assert als.in_tasks > 0
    # Every vector of 20,000 people goes to both blocks, in each iteration.
    assert als.n_bytes > 3 * 20_000 * 2 * 4 * 4
    assert (gram.n_tasks, gram.n_bytes, gram.iterations) == (2, 0, 0)


@pytest.mark.slow
def test_the_command_writes_its_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.spark.__main__._TUNING", yaml.safe_load(FEW_TRIALS)["tuning"])
    main(["--ratings", "60000", "--movies", "1000", "--out", str(tmp_path / "spark.md")])
    written = (tmp_path / "spark.md").read_text(encoding="utf-8")
    assert skeleton(written) == skeleton((REPOSITORY / "docs" / "spark.md").read_text(encoding="utf-8"))
    assert len(re.findall(r"^\| ALS of \d\d,\d{3} ratings ", written, re.MULTILINE)) == 2
