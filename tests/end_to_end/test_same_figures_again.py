"""Evaluations can be repeated nearly to the last digit on another number of threads.

To the last one on the same number: test_killed_runs_end_like_whole_ones.py.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipelines.settings import SAMPLE_DATA

_SMALLER = "tuning: {als: {factors: 16, iterations: 3}, ease: {max_items: 1000}}\nevaluation: {n_bootstrap: 50}\n"
_TOLERANCE = 2e-3  # of a mean over users: another order of summation can swap neighbours in a list, no more

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1_200), pytest.mark.xdist_group("same figures")]


def evaluated(threads: int, home: Path) -> dict[str, Any]:
    variables = {name: str(threads) for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")}
    config = home / "smaller.yaml"
    config.write_text(_SMALLER, encoding="utf-8")
    command = [sys.executable, "-m", "pipelines.cli", "evaluate", "--data", str(SAMPLE_DATA), "--config", str(config)]
    command += ["--trials", "4", "--json"]
    done = subprocess.run(
        command,
        env={**os.environ, **variables, "RECSYS_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def numbers(document: Any, path: str = "") -> Iterator[tuple[str, float]]:
    if isinstance(document, dict):
        for key, value in document.items():
            yield from numbers(value, f"{path}/{key}")
    elif isinstance(document, int | float):
        yield path, float(document)


def test_another_number_of_threads_gives_nearly_the_same_digits(tmp_path: Path) -> None:
    first, other = (evaluated(threads, tmp_path) for threads in (1, 2))
    ours, theirs = dict(numbers(first["models"])), dict(numbers(other["models"]))
    assert ours.keys() == theirs.keys()
    means = [path for path in ours if path.endswith("/mean") and "/hybrid/" in path]
    assert len(means) > 10
    assert max(abs(ours[path] - theirs[path]) for path in means if "novelty" not in path) <= _TOLERANCE
