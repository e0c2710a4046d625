"""The commit that a run's code comes from, in MLflow's own tags."""

import subprocess
from functools import cache
from pathlib import Path

__all__ = ["source_tags"]

_ROOT = Path(__file__).resolve().parents[1]
_SECONDS = 10.0


@cache
def source_tags() -> dict[str, str]:
    """The commit of this checkout, and whether more than documents differs from it; empty where it is no checkout.

    Asked once in a process, whose code is not read again either.
    """
    try:
        top, commit = _git("rev-parse", "--show-toplevel", "HEAD").splitlines()
        if Path(top) != _ROOT:  # installed somewhere below a checkout of something else
            return {}
        dirty = bool(_git("status", "--porcelain", "--untracked-files=no", "--", ".", ":!docs"))
    except (OSError, ValueError, subprocess.SubprocessError):
        return {}
    return {"mlflow.source.git.commit": commit, "mlflow.source.git.dirty": str(dirty).lower()}


def _git(*arguments: str) -> str:
    return subprocess.run(
        ["git", "-C", str(_ROOT), *arguments], capture_output=True, text=True, timeout=_SECONDS, check=True
    ).stdout
