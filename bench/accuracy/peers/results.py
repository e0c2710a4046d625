"""What a peer left behind, checked before anybody measures it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.accuracy.peers.environments import PeerError
from bench.accuracy.peers.shared.peer_job import read_job
from recsys_core.sparse_rows import filled

__all__ = ["PeerResult", "read_result"]

_TUNED = ("version", "parameters", "n_trials", "validation_ndcg", "seconds")


@dataclass(frozen=True, slots=True)
class PeerResult:
    """A tuned peer and its lists.

    folder           where ``lists_<view>.npy``, ``tuned.json`` and ``trials.json`` are
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


def read_result(name: str, job: Path, out: Path) -> PeerResult:
    """The result in ``out``; :class:`PeerError` when a file is missing or a list breaks a rule of the job."""
    asked = read_job(job)
    for view in asked.views:
        _check_lists(f"{name}, view {view}", out / f"lists_{view}.npy", asked.matrix(f"known_{view}"), asked.k)
    try:
        tuned = json.loads((out / "tuned.json").read_text(encoding="utf-8"))
        return PeerResult(name=name, folder=out, **{field: tuned[field] for field in _TUNED})
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PeerError(
            f"{name}: tuned.json in {out} cannot be used ({error!r}); expected {', '.join(_TUNED)}"
        ) from error


def _check_lists(where: str, path: Path, known: Any, k: int) -> None:
    try:
        lists = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise PeerError(f"{where}: {path.name} cannot be read ({error}); expected an int32 array") from error
    n_users, n_items = known.shape
    if lists.dtype != np.int32 or lists.shape != (n_users, k):
        raise PeerError(f"{where}: {lists.dtype} of shape {lists.shape}, expected int32 of shape {(n_users, k)}")
    empty, ordered = (lists == -1), np.sort(lists, axis=1)
    seen = filled(known)[np.arange(n_users)[:, None], np.clip(lists, 0, n_items - 1)]
    for what, bad in {
        "a number that is no column's": (lists < -1) | (lists >= n_items),
        "an item after the padding": empty[:, :-1] & ~empty[:, 1:],
        "an item twice": (ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] >= 0),
        "an item that was known": seen & ~empty,
    }.items():
        if bad.any():
            rows = np.flatnonzero(bad.any(axis=1))
            raise PeerError(f"{where}: {what} in the lists of {len(rows)} users (first: row {rows[0]})")
