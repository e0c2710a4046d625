"""A peer's own environment: made once from its pinned requirements, and its script run in it."""

import hashlib
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from threading import Lock
from typing import Any

from recsys_core.errors import RecsysError

__all__ = ["PeerError", "make_environment", "run_script"]

_SHARED = Path(__file__).with_name("shared")
_TAIL = 15
_INSTALL_SECONDS = 1_800.0
_MAKING = Lock()


class PeerError(RecsysError):
    """A peer that could not be installed, crashed, took too long, or left results that cannot be used."""


def make_environment(requirements: Path, folder: Path) -> Path:
    """The interpreter of the environment in ``folder``, which is made or made anew when ``requirements`` changed.

    Raises :class:`PeerError` with pip's own last words when it cannot be installed.
    """
    wanted = hashlib.sha256(requirements.read_bytes() + sys.version.encode()).hexdigest()
    python, ready = folder.resolve() / "bin" / "python", folder / "requirements.sha256"
    with _MAKING:  # peers of one library are run side by side
        if not (python.exists() and ready.exists() and ready.read_text(encoding="utf-8") == wanted):
            _run([sys.executable, "-m", "venv", "--clear", "--without-pip", str(folder)], "venv", _INSTALL_SECONDS)
            pip = [sys.executable, "-m", "pip", "--python", str(python), "--quiet", "--disable-pip-version-check"]
            what = f"pip install -r {requirements.parent.name}/{requirements.name}"
            _run([*pip, "install", "-r", str(requirements)], what, _INSTALL_SECONDS)
            ready.write_text(wanted, encoding="utf-8")
    return python


def run_script(python: Path, script: Path, arguments: list[str], *, timeout: float) -> None:
    """Run a peer's script on one thread; its standard error is shown when it fails.

    Raises :class:`PeerError` when it ends with another code than 0 or is not done within ``timeout`` seconds; it is
    ended then, with all that it started.
    """
    _run([str(python), str(script), *arguments], f"{script.parent.name}/{script.name}", timeout)


def _run(command: list[str], what: str, timeout: float) -> None:
    environment = {**os.environ, "PYTHONPATH": str(_SHARED), "PYTHONHASHSEED": "0"}
    environment |= dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    output: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}
    started = subprocess.Popen(command, **output, errors="replace", env=environment, start_new_session=True)
    try:
        _, said = started.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        raise PeerError(
            f"{what} was not done after {timeout:g} s and was ended; expected fewer trials or a longer timeout"
        ) from None
    finally:
        if started.poll() is None:
            os.killpg(started.pid, signal.SIGKILL)
            started.communicate()
    if started.returncode != 0:
        lines = [line for line in re.sub(r"\b\w+://\S+", "<address>", said).splitlines() if line.strip()]
        telling = [line for line in lines if not line.lstrip().startswith(("WARNING: ", "note:"))]  # pip's notices
        last = "\n".join(telling[-_TAIL:]) or "(nothing)"
        raise PeerError(f"{what} ended with code {started.returncode}; its last words:\n{last}")
