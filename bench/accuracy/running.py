"""All folds, the temporal window and the peers, one after the other; what is finished is never made again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench.accuracy.data import Bundle
from bench.accuracy.equal_budget import OURS, run_ours
from bench.accuracy.folds import FinalPart, Rounds, final_part, rounds_of
from bench.accuracy.measuring import Measured, measure_fold
from bench.accuracy.peer_jobs import judged_peers, run_peers, with_models, write_job
from bench.accuracy.peers import PeerResult
from bench.accuracy.settings import Settings
from bench.accuracy.temporal import TEMPORAL, measure_temporal, temporal_part
from recsys_core.evaluation import Evaluation, only, pool
from recsys_core.storage import atomic_directory

__all__ = ["Everything", "measure_everything", "measured_folds"]

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Everything:
    """All figures of a run.

    folds, temporal     our models, fold by fold and in the temporal window
    pooled, in_time     all users of all folds together; the temporal window; with the peers in both
    peers               the results of every peer and of the hybrids with a peer's budget, one for each job
    failures            why a peer has no figures, by name
    """

    folds: list[Measured]
    temporal: Measured
    pooled: Evaluation
    in_time: Evaluation
    peers: dict[str, list[PeerResult]]
    failures: dict[str, str]


def measured_folds(
    bundle: Bundle, settings: Settings, folds: Sequence[int], workspace: Path, say: Say
) -> list[Measured]:
    """One :class:`Measured` for each of ``folds``; those that lie in ``workspace`` are read."""
    found = []
    for fold in folds:
        journal = _journal(bundle, settings, workspace, f"fold-{fold}")
        path = workspace / f"fold-{fold}-{settings.key(bundle.fingerprint, fold)}"
        measured = _kept(path, partial(measure_fold, bundle, settings, fold, journal))
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
    """Run what is not in ``workspace`` yet. Without ``peers`` only our own models are compared, on their full budget.

    A peer that fails once is asked no more, and has no figures at all.
    """
    measured = measured_folds(bundle, settings, folds, workspace, say)
    temporal = _kept(
        workspace / f"temporal-{settings.key(bundle.fingerprint)}",
        lambda: measure_temporal(bundle, settings, _journal(bundle, settings, workspace, "temporal")),
    )
    say(f"temporal: seconds {temporal.notes['seconds']}")
    results: dict[str, list[PeerResult]] = {name: [] for name in (*peers, *OURS)} if peers else {}
    failures: dict[str, str] = {}
    evaluations = []
    places: list[int | str] = [*folds, TEMPORAL]
    for where, own in zip(places, (*measured, temporal), strict=True):
        if peers:
            left = [name for name in peers if name not in failures]
            rounds, part = _rounds_and_part(bundle, settings, where)
            run = run_peers(
                left, workspace, rounds, part, n_trials=peer_trials, seed=settings.seed, on_peer=_prefixed(say, where)
            )
            job, key = write_job(workspace, rounds, part, settings.seed), settings.key(bundle.fingerprint)
            run.results.update(run_ours(job, rounds, part, settings, n_trials=peer_trials, key=key))
            evaluations.append(with_models(own.evaluation, judged_peers(run, part, settings)))
            failures |= run.failures
            for name, result in run.results.items():
                results[name].append(result)
        else:
            evaluations.append(own.evaluation)
    *by_fold, in_time = (
        only(evaluation, [model for model in evaluation.models if model not in failures]) for evaluation in evaluations
    )
    finished = {name: found for name, found in results.items() if name not in failures}
    return Everything(measured, temporal, pool(by_fold), in_time, finished, failures)


def _rounds_and_part(bundle: Bundle, settings: Settings, where: int | str) -> tuple[Rounds, FinalPart]:
    """Of a fold, by its number, or of the temporal window."""
    if isinstance(where, int):
        splitting = settings.splitting(where)
        return rounds_of(bundle, splitting, settings), final_part(bundle, splitting, settings)
    rounds = rounds_of(bundle, settings.temporal(), settings)
    return rounds, temporal_part(bundle, settings.temporal(), rounds, settings)


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
