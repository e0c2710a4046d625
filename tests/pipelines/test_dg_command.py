"""Dagster's own command `dg` on this project, as its documentation has it: pyproject.toml says where everything is."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from assets.materialising import RECIPES
from pipelines.settings import REPOSITORY

pytestmark = pytest.mark.slow


def dg(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: text for name, text in os.environ.items() if name != "DAGSTER_HOME"}
    environment |= {"RECSYS_HOME": str(home), "DAGSTER_DISABLE_TELEMETRY": "1", "VIRTUAL_ENV": sys.prefix}
    command = [str(Path(sys.executable).with_name("dg")), *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=REPOSITORY, check=False)


def test_dg_checks_and_lists_the_definitions(tmp_path: Path) -> None:
    checked = dg(tmp_path, "check", "defs")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    listed = dg(tmp_path, "list", "defs", "--json")
    assert listed.returncode == 0, listed.stderr
    found = {asset["asset_key"] for asset in json.loads(listed.stdout)["assets"]}
    assert found >= set(RECIPES)
    assert list(tmp_path.iterdir()) == [], "looking makes nothing"
