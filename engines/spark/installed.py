"""Which state of this project a machine has: workers with another one would quietly do something else."""

import hashlib
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Final

__all__ = ["digest_of", "installed"]

_ROOMS: Final = ("engines", "recsys_core")
_SHIPPED: Final = "shipped"  # files of other rooms, which an installed package alone has
_LIBRARIES: Final = ("numpy", "scipy", "pyarrow")


@cache
def installed() -> str:
    """A digest of the program text that tasks run, and the libraries that decide what they compute, in one line."""
    root = Path(__file__).resolve().parents[2]
    return ", ".join([digest_of(root), *(f"{name} {version(name)}" for name in _LIBRARIES)])


def digest_of(root: Path) -> str:
    """Of the rooms in ``root``, 12 hex digits: the same of a checkout and of what is installed from it."""
    text = hashlib.sha256()
    for path in sorted(path for room in _ROOMS for path in (root / room).rglob("*.py")):
        if path.parent.name != _SHIPPED:
            text.update(f"{path.relative_to(root)}\n".encode() + path.read_bytes())
    return text.hexdigest()[:12]
