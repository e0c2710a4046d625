"""Where PySpark is installed, too, Great Expectations is imported without it."""

import os
import subprocess
import sys
from pathlib import Path

PROGRAM = """
from recsys_core.validating.running import import_great_expectations
print(import_great_expectations().__name__)
import pyspark
"""


def test_a_program_without_a_file_goes_on_and_may_import_pyspark_afterwards(tmp_path: Path) -> None:
    (tmp_path / "pyspark").mkdir()
    (tmp_path / "pyspark" / "__init__.py").write_text("import sys\nsys.exit('imported')\n")
    path = os.pathsep.join([str(tmp_path), *sys.path])
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout.strip(), done.stderr.strip().splitlines()[-1:]) == ("great_expectations", ["imported"])
