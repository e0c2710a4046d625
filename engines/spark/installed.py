"""Which state of this project a machine has: workers with another one would quietly do something else."""

import hashlib
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Final

__all__ = ["installed"]

_ROOMS: Final = ("engines", "recsys_core")
_LIBRARIES: Final = ("numpy", "scipy", "pyarrow")


@cache
def installed() -> str:
    """A digest of the program text that tasks run, and the libraries that decide what they compute, in one line."""
    root, text = Path(__file__).resolve().parents[2], hashlib.sha256()
    for path in sorted(path for room in _ROOMS for path in (root / room).rglob("*.py")):
        text.update(f"{path.relative_to(root)}\n".encode() + path.read_bytes())
    return ", ".join([text.hexdigest()[:12], *(f"{name} {version(name)}" for name in _LIBRARIES)])
