"""Which peers there are, and running one."""

import hashlib
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Final, NamedTuple

from bench.accuracy.peers.environments import make_environment, run_script
from bench.accuracy.peers.results import PeerResult, read_result

__all__ = ["PEERS", "Peer", "program_digest", "run_peer", "takes_features"]

_HERE: Final = Path(__file__).parent
ENVIRONMENTS: Final = Path(".recsys/bench/peers")
TIMEOUT: Final = 1_800.0


class Peer(NamedTuple):
    """One model of a library.

    folder  holds ``fit.py``, and ``requirements.txt`` where it needs an environment, which has the folder's name
    model   the script's ``--model``
    """

    folder: Path
    model: str

    @property
    def requirements(self) -> Path:
        return self.folder / "requirements.txt"


_MODELS: Final = {
    "implicit": ("default", "als", "knn"),
    "rectools": ("ease", "als_features"),
    "irspack": ("ials", "ials_features", "edlae"),
    "lenskit": ("ials", "userknn", "itemknn", "ease"),
    "lightfm": ("warp", "warp_features"),
}
PEERS: Final = {
    f"{library}_{model}": Peer(_HERE / library, model) for library, models in _MODELS.items() for model in models
}
"""Every peer that is run, by name."""


def takes_features(name: str) -> bool:
    """Whether the peer is given a job with features of items."""
    return name.endswith("_features")


def program_digest(name: str) -> str:
    """Hex digest of all that decides a peer's lists beside its job: its program, and the versions that it runs on."""
    peer = PEERS[name]
    versions = peer.requirements.read_bytes() if peer.requirements.exists() else version("implicit").encode()
    programs = (_HERE / "shared" / "peer_job.py", peer.folder / "fit.py")
    found = hashlib.sha256(name.encode() + versions + b"".join(path.read_bytes() for path in programs))
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
    installed, crashes, is not done after ``timeout`` seconds or leaves lists that break the job's rules.
    """
    peer = PEERS[name]
    out.mkdir(parents=True, exist_ok=True)
    python = Path(sys.executable)
    if peer.requirements.exists():
        python = make_environment(peer.requirements, environments / peer.folder.name)
    given = {"name": name, "model": peer.model, "job": job.resolve(), "out": out.resolve(), "trials": n_trials}
    arguments = [part for key, value in {**given, "seed": seed}.items() for part in (f"--{key}", str(value))]
    run_script(python, peer.folder / "fit.py", arguments, timeout=timeout)
    return read_result(job, out)
