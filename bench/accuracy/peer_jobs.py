"""What a peer is given, and the judgement of what it gives back.

A peer sees the same ratings as our models: the first round of validation to tune on, everything outside the test part
to fit on, and what each view knows of the test users. It never sees a test target.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, save_npz

from bench.accuracy.folds import FinalPart
from bench.accuracy.judging import LIST_LENGTH, judged_lists
from bench.accuracy.peers import PeerError, PeerResult, run_peer
from bench.accuracy.peers.results import read_result
from bench.accuracy.settings import Settings, digest_of_files
from recsys_core.dataset.interactions import Split, positions_in
from recsys_core.evaluation import Evaluation, UserMetrics
from recsys_core.storage import atomic_directory, write_json

__all__ = ["PeerRun", "job_matrices", "judged_peers", "run_peers", "with_models", "write_job"]

PEERS_FOLDER = Path(__file__).resolve().parent / "peers"
OnPeer = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class PeerRun:
    """The peers that left lists, and why others did not, by name."""

    results: dict[str, PeerResult]
    failures: dict[str, str]


def job_matrices(tuning: Split, part: FinalPart) -> dict[str, csr_matrix]:
    """All matrices of a job, float32 CSR on the columns of ``part.train``, by the name of their file."""
    columns = part.train.item_ids
    validation = tuning.validation
    matrices = {
        "tuning_train": tuning.train.with_items(columns).ratings,
        "tuning_known": validation.history.with_items(columns).ratings,
        "tuning_targets": _moved(validation.targets, tuning.train.item_ids, columns),
        "train": part.train.ratings,
    }
    return matrices | {f"known_{name}": view.history.ratings for name, view in part.views.items()}


def write_job(workspace: Path, tuning: Split, part: FinalPart, seed: int) -> Path:
    """The job's folder below ``workspace``, named by a digest of its content; written once."""
    matrices = job_matrices(tuning, part)
    found = hashlib.sha256(f"{seed} {LIST_LENGTH}".encode() + part.train.item_ids.tobytes())
    for name, matrix in matrices.items():
        found.update(name.encode() + b"".join(a.tobytes() for a in (matrix.indptr, matrix.indices, matrix.data)))
    job = workspace / f"job-{found.hexdigest()[:12]}"
    if not job.exists():
        with atomic_directory(job) as directory:
            for name, matrix in matrices.items():
                save_npz(directory / f"{name}.npz", matrix)
            np.save(directory / "item_ids.npy", part.train.item_ids)
            write_json(directory / "job.json", {"k": LIST_LENGTH, "views": list(part.views), "seed": seed})
    return job


def run_peers(names: Sequence[str], job: Path, *, n_trials: int, seed: int, on_peer: OnPeer) -> PeerRun:
    """Every peer on one job. Finished ones lie beside the job and are taken up again; failures are reported."""
    run = PeerRun({}, {})
    version = digest_of_files(sorted(PEERS_FOLDER.rglob("*.py")) + sorted(PEERS_FOLDER.rglob("*.txt")))[:8]
    for name in names:
        out = job.parent / f"{job.name}-{name}-{n_trials}-{seed}-{version}"
        try:
            if not out.exists():
                with atomic_directory(out) as directory:
                    run_peer(name, job, directory, n_trials, seed)
            run.results[name] = read_result(name, job, out)
            on_peer(f"{name}: {run.results[name].seconds:.0f} s")
        except PeerError as error:
            run.failures[name] = str(error)
            on_peer(f"{name}: {error}")
    return run


def judged_peers(run: PeerRun, part: FinalPart, settings: Settings) -> dict[str, UserMetrics]:
    """The slices of every view, for all peers that left lists."""
    slices: dict[str, UserMetrics] = {}
    if run.results:
        for name, view in part.views.items():
            lists = {peer: result.lists(name) for peer, result in run.results.items()}
            slices |= judged_lists(name, view, lists, part, settings.seed)
    return slices


def with_models(evaluation: Evaluation, more: dict[str, UserMetrics]) -> Evaluation:
    """``evaluation`` with further models in some slices, on the same users."""
    slices = dict(evaluation.slices)
    for name, extra in more.items():
        own = slices[name]
        if not np.array_equal(own.user_ids, extra.user_ids):
            raise PeerError(f"{name}: peers were judged on other users than our models; expected the same, in order")
        slices[name] = replace(own, values=own.values | extra.values, overall=own.overall | extra.overall)
    models = tuple(dict.fromkeys([*evaluation.models, *(model for part in more.values() for model in part.values)]))
    return replace(evaluation, models=models, slices=slices)


def _moved(matrix: csr_matrix, from_ids: NDArray[np.int64], to_ids: NDArray[np.int64]) -> csr_matrix:
    """The same entries on other columns, all of which exist."""
    columns = positions_in(to_ids, from_ids).astype(np.int32)[matrix.indices]
    moved = csr_matrix((matrix.data.copy(), columns, matrix.indptr), shape=(matrix.shape[0], len(to_ids)))
    moved.sort_indices()
    return moved
