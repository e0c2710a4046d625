"""bench/gpu.py at a small size on processors, as a script among nothing but what it packs."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from bench import gpu


def test_a_pack_has_the_script_and_what_it_measures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gpu.main(["--pack", str(tmp_path)])
    assert (tmp_path / "bench" / "gpu.py").is_file()
    assert {path.name for path in (tmp_path / "engines" / "gpu").iterdir()} == {"als.py", "ease.py", "top_k.py"}
    assert (tmp_path / "packages" / "implicit" / "gpu" / "__init__.py").is_file()
    assert (tmp_path / "packages" / "threadpoolctl.py").is_file()
    *_, size = capsys.readouterr().out.split("\n")[-2].split(": ")
    assert int(size.removesuffix(" MiB")) < 64


@pytest.mark.parametrize(
    ("step", "said"),
    [(ImportError("no rmm\nat all"), "no rmm"), (MemoryError(), "MemoryError")],
)
def test_what_cannot_be_run_is_not_measured_and_says_why(step: Exception, said: str) -> None:
    def fail() -> None:
        raise step

    assert gpu._seconds(lambda: fail, 1) == f"not measured: {said}"


def test_a_small_measurement_on_processors_is_a_table(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="PyTorch is not installed (the extra gpu)")
    gpu.main(["--pack", str(tmp_path)])
    asked = ["--device", "cpu", "--ratings", "200000", "--times", "1"]
    script = [sys.executable, str(tmp_path / "bench" / "gpu.py"), *asked]
    done = subprocess.run(script, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    head, _, als, ease, lists, _, versions = done.stdout.splitlines()
    assert re.match(r"\| 1\d\d,\d{3} ratings, processors", head)
    assert als == "| ALS, 64 factors, 15 iterations | not measured: implicit's CUDA solver needs a GPU |"
    assert re.fullmatch(r"\| EASE of 160 titles \| \d+\.\d\d \|", ease)
    assert re.fullmatch(r"\| top-20 for 1,300 people, 499 titles \| \d+\.\d\d \|", lists)
    assert versions.startswith("- versions: Python ")
