"""Which peers there are, running one, and what it left behind, checked before anybody measures it."""

import hashlib
import json
import sys
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.accuracy.peers.environments import PeerError, make_environment, run_script
from bench.accuracy.peers.shared.peer_job import read_job
from recsys_core.sparse_rows import filled

__all__ = ["PEERS", "Peer", "PeerResult", "program_digest", "read_result", "run_peer", "takes_features"]

_HERE: Final = Path(__file__).parent
ENVIRONMENTS = Path(".recsys/bench/peers")
TIMEOUT = 1_800.0


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


@dataclass(frozen=True, slots=True)
class PeerResult:
    """A tuned peer and its lists.

    folder           where ``lists_<view>.npy`` and ``tuned.json`` are
    parameters       the best configuration found
    n_trials         how many were tried, the library's defaults included
    validation_ndcg  its NDCG@10 on the validation users of all rounds
    seconds          CPU time of tuning, fitting and answering
    """

    name: str
    version: str
    parameters: dict[str, Any]
    n_trials: int
    validation_ndcg: float
    seconds: float
    folder: Path

    def lists(self, view: str) -> NDArray[np.int32]:
        """int32 of shape (n_users, k): column numbers, best first, padded with -1."""
        found: NDArray[np.int32] = np.load(self.folder / f"lists_{view}.npy", allow_pickle=False)
        return found


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


def run_peer(name: str, job: Path, out: Path, n_trials: int, seed: int) -> PeerResult:
    """Tune the peer ``name`` with ``n_trials`` configurations on ``job``, fit it, and write its lists into ``out``.

    Same job, seed and library versions give the same lists. Raises :class:`PeerError` when the peer cannot be
    installed, crashes, is not done after ``TIMEOUT`` seconds or leaves lists that break the job's rules.
    """
    peer = PEERS[name]
    out.mkdir(parents=True, exist_ok=True)
    python = Path(sys.executable)
    if peer.requirements.exists():
        python = make_environment(peer.requirements, ENVIRONMENTS / peer.folder.name)
    given = {"name": name, "model": peer.model, "job": job.resolve(), "out": out.resolve(), "trials": n_trials}
    arguments = [part for key, value in {**given, "seed": seed}.items() for part in (f"--{key}", str(value))]
    run_script(python, peer.folder / "fit.py", arguments, timeout=TIMEOUT)
    return read_result(job, out)


def read_result(job: Path, out: Path) -> PeerResult:
    """The result in ``out``; :class:`PeerError` when a list breaks a rule of the job."""
    asked = read_job(job)
    result = PeerResult(**json.loads((out / "tuned.json").read_text(encoding="utf-8")), folder=out)
    for view in asked.views:
        known, lists = asked.matrix(f"known_{view}"), result.lists(view)
        where, expected = f"{result.name}, view {view}", (known.shape[0], asked.k)
        if lists.dtype != np.int32 or lists.shape != expected:
            raise PeerError(f"{where}: {lists.dtype} of shape {lists.shape}, expected int32 of shape {expected}")
        empty, ordered = (lists == -1), np.sort(lists, axis=1)
        seen = filled(known)[np.arange(len(lists))[:, None], np.clip(lists, 0, known.shape[1] - 1)]
        for what, bad in {
            "a number that is no column's": (lists < -1) | (lists >= known.shape[1]),
            "an item after the padding": empty[:, :-1] & ~empty[:, 1:],
            "an item twice": (ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] >= 0),
            "an item that was known": seen & ~empty,
        }.items():
            if bad.any():
                rows = np.flatnonzero(bad.any(axis=1))
                raise PeerError(f"{where}: {what} in the lists of {len(rows)} users (first: row {rows[0]})")
    return result
