"""All folds, the temporal window and the peers, one after the other; what is finished is never made again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from bench.accuracy.data import Bundle
from bench.accuracy.folds import final_part, rounds_of
from bench.accuracy.measuring import Measured, measure_fold
from bench.accuracy.peer_jobs import judged_peers, run_peers, with_models, write_job
from bench.accuracy.settings import Settings
from bench.accuracy.temporal import measure_temporal, temporal_part
from recsys_core.evaluation import Evaluation, only, pool
from recsys_core.storage import atomic_directory

__all__ = ["Everything", "measure_everything", "measured_folds"]

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Everything:
    """All figures of a run.

    folds, temporal     our models, fold by fold and in the temporal window
    pooled, in_time     all users of all folds together; the temporal window; with the peers in both
    peers               the results of every peer, one for each job
    failures            why a peer has no figures, by name
    """

    folds: list[Measured]
    temporal: Measured
    pooled: Evaluation
    in_time: Evaluation
    peers: dict[str, list[Any]] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)


def measured_folds(
    bundle: Bundle, settings: Settings, folds: Sequence[int], workspace: Path, say: Say, *, among_all: bool = True
) -> list[Measured]:
    """One :class:`Measured` for each of ``folds``; those that lie in ``workspace`` are read."""
    found = []
    for fold in folds:
        key = settings.key(bundle.fingerprint, fold, among_all)
        journal = _journal(bundle, settings, workspace, f"fold-{fold}")
        measured = _kept(
            workspace / f"fold-{fold}-{key}",
            partial(measure_fold, bundle, settings, fold, journal, among_all=among_all),
        )
        ndcg = measured.evaluation.slices["warm"].column("hybrid", "ndcg@10").mean()
        say(f"fold {fold}: hybrid {ndcg:.4f} (warm), seconds {measured.notes['seconds']}")
        found.append(measured)
    return found


def measure_everything(
    bundle: Bundle,
    settings: Settings,
    *,
    folds: Sequence[int],
    peers: Sequence[str],
    peer_trials: int,
    workspace: Path,
    say: Say,
) -> Everything:
    """Run what is not in ``workspace`` yet. Without ``peers`` only our own models are compared."""
    measured = measured_folds(bundle, settings, folds, workspace, say)
    temporal = _kept(
        workspace / f"temporal-{settings.key(bundle.fingerprint)}",
        lambda: measure_temporal(bundle, settings, _journal(bundle, settings, workspace, "temporal")),
    )
    say(f"temporal: seconds {temporal.notes['seconds']}")
    if not peers:
        return Everything(measured, temporal, pool([m.evaluation for m in measured]), temporal.evaluation)
    runs, evaluations = [], []
    for fold, own in zip(folds, measured, strict=True):
        splitting = settings.splitting(fold)
        rounds = rounds_of(bundle, splitting, settings)
        part = final_part(bundle, splitting, settings)
        job = write_job(workspace, rounds[0][0], part, settings.seed)
        runs.append(run_peers(peers, job, n_trials=peer_trials, seed=settings.seed, on_peer=_prefixed(say, fold)))
        evaluations.append(with_models(own.evaluation, judged_peers(runs[-1], part, settings)))
    rounds = rounds_of(bundle, settings.temporal(), settings)
    part = temporal_part(bundle, settings.temporal(), rounds, settings)
    job = write_job(workspace, rounds[0][0], part, settings.seed)
    runs.append(run_peers(peers, job, n_trials=peer_trials, seed=settings.seed, on_peer=_prefixed(say, "temporal")))
    in_time = with_models(temporal.evaluation, judged_peers(runs[-1], part, settings))
    failures = {name: reason for run in runs for name, reason in run.failures.items()}
    left = [
        model for model in dict.fromkeys(m for e in (*evaluations, in_time) for m in e.models) if model not in failures
    ]
    return Everything(
        measured,
        temporal,
        pool([only(evaluation, left) for evaluation in evaluations]),
        only(in_time, [model for model in left if model in in_time.models]),
        {name: [run.results[name] for run in runs] for name in peers if name not in failures},
        failures,
    )


def _journal(bundle: Bundle, settings: Settings, workspace: Path, what: str) -> Path:
    """One file for each search: what tuning is given decides its name."""
    return workspace / "studies" / f"{what}-{settings.key(bundle.fingerprint)}.journal"


def _kept(path: Path, measure: Callable[[], Measured]) -> Measured:
    if not path.exists():
        found = measure()
        with atomic_directory(path) as directory:
            found.save(directory)
    return Measured.load(path)


def _prefixed(say: Say, where: object) -> Say:
    return lambda text: say(f"fold {where}, {text}")
