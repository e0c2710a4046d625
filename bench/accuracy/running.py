"""All folds, the windows in time and the peers, one after the other; what is finished is never made again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from bench.accuracy.data import Bundle
from bench.accuracy.equal_budget import OURS, run_ours
from bench.accuracy.folds import final_part, rounds_of
from bench.accuracy.judging import WARM
from bench.accuracy.measuring import Measured, measure_fold
from bench.accuracy.peer_jobs import judged_peers, run_peers, with_models, write_jobs
from bench.accuracy.peers import PeerResult
from bench.accuracy.settings import Settings
from bench.accuracy.temporal import TEMPORAL, measure_window
from recsys_core.evaluation import Evaluation, only, pool
from recsys_core.storage import atomic_directory

__all__ = ["Everything", "measure_everything", "measured_each"]

Kind = Literal["fold", "window"]
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Everything:
    """All figures of a run.

    folds, windows      our models, fold by fold and window by window
    pooled, in_time     all users of all folds together, with the peers; and of all windows
    peers               the results of every peer and of the hybrids with a peer's budget, one for each fold
    failures            why a peer has no figures, by name
    """

    folds: list[Measured]
    windows: list[Measured]
    pooled: Evaluation
    in_time: Evaluation
    peers: dict[str, list[PeerResult]]
    failures: dict[str, str]


def measured_each(
    bundle: Bundle, settings: Settings, kind: Kind, numbers: Sequence[int], workspace: Path, say: Say
) -> list[Measured]:
    """One :class:`Measured` for each of ``numbers``, folds or windows; those that lie in ``workspace`` are read."""
    measure, slice_name = (measure_fold, WARM) if kind == "fold" else (measure_window, TEMPORAL)
    found = []
    for number in numbers:
        path = workspace / f"{kind}-{number}-{settings.key(bundle.fingerprint, kind, number)}"
        if not path.exists():
            new = measure(bundle, settings, number, workspace / "studies" / f"{path.name}.journal")
            with atomic_directory(path) as directory:
                new.save(directory)
        found.append(Measured.load(path))
        ndcg = found[-1].evaluation.slices[slice_name].column("hybrid", "ndcg@10").mean()
        say(f"{kind} {number}: hybrid {ndcg:.4f} ({slice_name}), seconds {found[-1].notes['seconds']}")
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
    ours = measured_each(bundle, settings, "fold", folds, workspace, say)
    windows = measured_each(bundle, settings, "window", settings.windows, workspace, say)
    evaluations = [fold.evaluation for fold in ours]
    results: dict[str, list[PeerResult]] = {name: [] for name in (*peers, *OURS)} if peers else {}
    failures: dict[str, str] = {}
    for place, fold in enumerate(folds if peers else ()):
        asked = [name for name in peers if name not in failures]
        splitting = settings.splitting(fold)
        rounds, part = rounds_of(bundle, splitting, settings), final_part(bundle, splitting, settings)
        jobs, key = write_jobs(workspace, rounds, part, settings.seed), settings.key(bundle.fingerprint)
        say(f"fold {fold}, peers:")
        found, failed = run_peers(asked, jobs, n_trials=peer_trials, seed=settings.seed, on_peer=say)
        found |= run_ours(jobs[False], rounds, part, settings, n_trials=peer_trials, key=key)
        evaluations[place] = with_models(evaluations[place], judged_peers(found, part, settings))
        failures |= failed
        for name, result in found.items():
            results[name].append(result)
    pooled = pool([only(one, [model for model in one.models if model not in failures]) for one in evaluations])
    finished = {name: found for name, found in results.items() if name not in failures}
    return Everything(ours, windows, pooled, pool([window.evaluation for window in windows]), finished, failures)
