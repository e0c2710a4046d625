"""Freed memory goes back to the machine; in a process of its own, for every test before has left its own behind."""

import subprocess
import sys

import pytest

from recsys_core import memory

FREED_UNDER_SOMETHING_THAT_STAYS = """
import resource
from pathlib import Path
from recsys_core.memory import return_freed_memory

def resident_mib():
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 2**20

blocks = [bytearray(100_000) for _ in range(2_000)]  # 190 MiB, in pieces below what is returned at once
last = blocks.pop()
blocks.clear()
before = resident_mib()
return_freed_memory()
print(before - resident_mib())
"""


@pytest.mark.skipif(memory._malloc_trim() is None, reason="the C library has no malloc_trim")
def test_freed_memory_is_returned() -> None:
    command = [sys.executable, "-c", FREED_UNDER_SOMETHING_THAT_STAYS]
    assert float(subprocess.run(command, capture_output=True, text=True, check=True).stdout) > 150


def test_without_malloc_trim_nothing_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_malloc_trim", lambda: None)
    memory.return_freed_memory()
