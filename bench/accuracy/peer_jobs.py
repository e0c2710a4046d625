"""What a peer is given, and the judgement of what it gives back.

A peer sees the same ratings as our models: the rounds of validation to tune on, everything outside the test part to fit
on, and what each view knows of the test users. One that takes features of titles gets all that the hybrid has in each
of these places. It never sees a test target.
"""

import hashlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix, save_npz

from bench.accuracy.folds import FinalPart, Rounds
from bench.accuracy.judging import LIST_LENGTH, judged_lists, moved
from bench.accuracy.peers import PeerError, PeerResult, program_digest, read_result, run_peer, takes_features
from bench.accuracy.settings import Settings
from recsys_core.dataset.numbering import positions_in
from recsys_core.evaluation import Evaluation, UserMetrics
from recsys_core.storage import atomic_directory, write_json

__all__ = ["job_matrices", "judged_peers", "run_peers", "with_models", "write_jobs"]


def job_matrices(rounds: Rounds, part: FinalPart, *, features: bool) -> dict[str, csr_matrix]:
    """All matrices of a job, float32 CSR, by the name of their file: see :mod:`bench.accuracy.peers.shared.peer_job`.

    Columns of ratings, and rows of features, are the titles of ``part.train``.
    """
    columns = part.train.item_ids
    matrices = {"train": part.train.ratings}
    known_of = {"": part.features}
    for number, (split, known) in enumerate(rounds):
        validation, prefix = split.validation, f"round{number}_"
        matrices[f"{prefix}train"] = split.train.with_items(columns).ratings
        matrices[f"{prefix}known"] = validation.history.with_items(columns).ratings
        places = positions_in(columns, split.train.item_ids)
        matrices[f"{prefix}targets"] = moved(validation.targets, places, len(columns))
        known_of[prefix] = known
    if features:
        for prefix, known in known_of.items():
            matrices[f"{prefix}features"] = known.select(columns).side_by_side(dict.fromkeys(known.groups, 1.0))
    return matrices | {f"known_{name}": view.history.ratings for name, view in part.views.items()}


def write_jobs(workspace: Path, rounds: Rounds, part: FinalPart, seed: int) -> dict[bool, Path]:
    """The folders below ``workspace`` of the job without features of titles (False), and of the one with them (True).

    Each is named by a digest of its content, and written once.
    """
    jobs = {}
    for features in (False, True):
        matrices = job_matrices(rounds, part, features=features)
        asked = {"k": LIST_LENGTH, "views": list(part.views), "seed": seed}
        asked |= {"n_rounds": len(rounds), "features": features}
        found = hashlib.sha256(json.dumps(asked).encode() + part.train.item_ids.tobytes())
        for name, matrix in matrices.items():
            found.update(name.encode() + b"".join(a.tobytes() for a in (matrix.indptr, matrix.indices, matrix.data)))
        jobs[features] = job = workspace / f"job-{found.hexdigest()[:12]}"
        if not job.exists():
            with atomic_directory(job) as directory:
                for name, matrix in matrices.items():
                    save_npz(directory / f"{name}.npz", matrix)
                np.save(directory / "item_ids.npy", part.train.item_ids)
                write_json(directory / "job.json", asked)
    return jobs


def run_peers(
    names: Sequence[str], jobs: Mapping[bool, Path], *, n_trials: int, seed: int, on_peer: Callable[[str], None]
) -> tuple[dict[str, PeerResult], dict[str, str]]:
    """Every peer on the one of ``jobs`` that is of its kind, as many side by side as there are cores.

    What they left, and why others left nothing, by name. A result lies beside its job under a name that says what made
    it: the job's content, the number of trials, the seed, and the peer's own program and requirements. As long as these
    stay it is taken up again, whatever becomes of us.
    """

    def result(name: str) -> PeerResult | PeerError:
        job = jobs[takes_features(name)]
        out = job.parent / f"{job.name}-{name}-{n_trials}-{seed}-{program_digest(name)}"
        try:
            if not out.exists():
                with atomic_directory(out) as directory:
                    run_peer(name, job, directory, n_trials, seed)
            return read_result(job, out)
        except PeerError as error:
            return error

    results, failures = {}, {}
    with ThreadPoolExecutor(len(os.sched_getaffinity(0)), thread_name_prefix="peer") as pool:
        for name, found in zip(names, pool.map(result, names), strict=True):
            if isinstance(found, PeerResult):
                results[name] = found
                on_peer(f"{name}: {found.seconds:.0f} s")
            else:
                failures[name] = str(found)
                on_peer(f"{name}: {found}")
    return results, failures


def judged_peers(results: Mapping[str, PeerResult], part: FinalPart, settings: Settings) -> dict[str, UserMetrics]:
    """The slices of every view, for all peers that left lists."""
    slices: dict[str, UserMetrics] = {}
    for name, view in part.views.items():
        lists = {peer: result.lists(name) for peer, result in results.items()}
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
