"""Which peers there are, and running one."""

import hashlib
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from bench.accuracy.peers.environments import make_environment, run_script
from bench.accuracy.peers.in_process import IN_PROCESS
from bench.accuracy.peers.results import PeerResult, read_result
from recsys_core.errors import ParameterError

__all__ = ["FOREIGN", "PEERS", "Foreign", "program_digest", "run_peer", "takes_features"]

_HERE = Path(__file__).parent
ENVIRONMENTS = Path(".recsys/bench/peers")
TIMEOUT = 1_800.0


class Foreign(NamedTuple):
    """A peer with an environment of its own."""

    folder: Path
    """Holds ``fit.py`` and ``requirements.txt``; its name is the environment's."""
    model: str
    """Which of the library's models: the script's ``--model``."""


_MODELS = {
    "rectools": ("ease", "als_features"),
    "irspack": ("ials", "ials_features", "edlae"),
    "lenskit": ("ials", "userknn", "itemknn", "ease"),
    "lightfm": ("warp", "warp_features"),
}
FOREIGN: dict[str, Foreign] = {
    f"{library}_{model}": Foreign(_HERE / library, model) for library, models in _MODELS.items() for model in models
}
PEERS: tuple[str, ...] = (*IN_PROCESS, *FOREIGN)
"""Every peer that is run."""


def takes_features(name: str) -> bool:
    """Whether the peer is given a job with features of items."""
    return name.endswith("_features")


def program_digest(name: str) -> str:
    """Hex digest of all that decides a peer's lists beside its job: its program, and the versions that it runs on."""
    shared = _HERE / "shared" / "peer_job.py"
    if name in FOREIGN:
        own = [FOREIGN[name].folder / "fit.py", FOREIGN[name].folder / "requirements.txt"]
    else:
        own = [_HERE / "in_process.py"]
    versions = "" if name in FOREIGN else version("implicit")
    found = hashlib.sha256(f"{name} {versions}".encode() + b"".join(path.read_bytes() for path in (shared, *own)))
    return found.hexdigest()[:8]


def run_peer(
    name: str,
    job: Path,
    out: Path,
    n_trials: int,
    seed: int,
    *,
    environments: Path = ENVIRONMENTS,
    timeout: float = TIMEOUT,
) -> PeerResult:
    """Tune the peer ``name`` with ``n_trials`` configurations on ``job``, fit it, and write its lists into ``out``.

    Same job, seed and library versions give the same lists. Raises :class:`PeerError` when the peer cannot be
    installed, crashes, is not done after ``timeout`` seconds (peers with their own environment only) or leaves lists
    that break the job's rules; :class:`ParameterError` for an unknown name or fewer than one trial.
    """
    if name not in (*IN_PROCESS, *FOREIGN):
        raise ParameterError(f"there is no peer {name!r}; expected one of {', '.join(PEERS)}")
    if n_trials < 1:
        raise ParameterError(f"n_trials is {n_trials}, expected at least 1 (the library's defaults)")
    out.mkdir(parents=True, exist_ok=True)
    if name in IN_PROCESS:
        IN_PROCESS[name](job, out, n_trials, seed)
    else:
        folder, model = FOREIGN[name]
        python = make_environment(folder / "requirements.txt", environments / folder.name)
        given = {"name": name, "model": model, "job": job.resolve(), "out": out.resolve(), "trials": n_trials}
        arguments = [part for key, value in {**given, "seed": seed}.items() for part in (f"--{key}", str(value))]
        run_script(python, folder / "fit.py", arguments, timeout=timeout)
    return read_result(name, job, out)
