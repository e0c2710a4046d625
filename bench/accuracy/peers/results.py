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
