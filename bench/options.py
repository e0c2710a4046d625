"""The options of commands of ``bench`` and ``docgen``, by the same names everywhere; what makes one small is its own.

--out        the page that it writes, or the folder of pictures
--data       the folder of CSV files that it measures on
--workspace  where it keeps what takes long, for the next call
--folds-to-run  of the folds into which people are divided, the first so many
"""

import argparse
from pathlib import Path

from pipelines.settings import REPOSITORY, SAMPLE_DATA

__all__ = ["N_FOLDS", "options", "place"]

N_FOLDS = 5


def options(
    module: str, about: str | None, out: str = "", *, data: bool = False, workspace: bool = False, folds: bool = False
) -> argparse.ArgumentParser:
    """A parser for `python -m module`; ``out`` is the default of ``--out``, below the repository, if it has one."""
    found = argparse.ArgumentParser(prog=f"python -m {module}", description=(about or "").strip().splitlines()[0])
    if out:
        found.add_argument("--out", type=Path, default=REPOSITORY / out, help=f"default: {out}")
    if data:
        found.add_argument("--data", type=Path, default=SAMPLE_DATA, help="folder of CSV files (default: data/sample)")
    if workspace:
        kept = REPOSITORY / ".recsys/bench"
        found.add_argument("--workspace", type=Path, default=kept, help="what takes long is kept here")
    if folds:
        some = range(1, N_FOLDS + 1)
        found.add_argument("--folds-to-run", type=int, default=N_FOLDS, choices=some, metavar="N", help="to be quicker")
    return found


def place(folder: Path) -> str:
    """What a page calls a folder: its path, below the repository where it lies in it."""
    return str(folder.relative_to(REPOSITORY) if folder.is_relative_to(REPOSITORY) else folder)
