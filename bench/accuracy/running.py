"""All folds, the windows in time and the peers, one after the other; what is finished is never made again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from bench.accuracy.data import Bundle
from bench.accuracy.folds import FinalPart, Rounds, final_part, rounds_of
from bench.accuracy.judging import WARM
from bench.accuracy.measuring import Measured, measure_fold
from bench.accuracy.peer_jobs import judged_peers, run_peers, with_models, write_job
from bench.accuracy.peers import PeerResult
from bench.accuracy.settings import Settings
from bench.accuracy.temporal import TEMPORAL, measure_window, window_part
from recsys_core.evaluation import Evaluation, only, pool
from recsys_core.storage import atomic_directory

__all__ = ["Everything", "measure_everything", "measured_each"]

Kind = Literal["fold", "window"]
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Everything:
    """All figures of a run.

    folds, windows      our models, fold by fold and window by window
    pooled, in_time     all users of all folds together, and of all windows; with the peers in both
    peers               the results of every peer, one for each job
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
    """Run what is not in ``workspace`` yet. Without ``peers`` only our own models are compared.

    A peer that fails once is asked no more, and has no figures at all.
    """
    asked: dict[Kind, Sequence[int]] = {"fold": folds, "window": settings.windows}
    ours = {kind: measured_each(bundle, settings, kind, numbers, workspace, say) for kind, numbers in asked.items()}
    results: dict[str, list[PeerResult]] = {name: [] for name in peers}
    failures: dict[str, str] = {}
    evaluations = []
    places = [(kind, *one) for kind, numbers in asked.items() for one in zip(numbers, ours[kind], strict=True)]
    for kind, number, own in places:
        left = [name for name in peers if name not in failures]
        if left:
            rounds, part = _rounds_and_part(bundle, settings, kind, number)
            job = write_job(workspace, rounds[0][0], part, settings.seed)
            told = _prefixed(say, f"{kind} {number}")
            run = run_peers(left, job, n_trials=peer_trials, seed=settings.seed, on_peer=told)
            evaluations.append(with_models(own.evaluation, judged_peers(run, part, settings)))
            failures |= run.failures
            for name, result in run.results.items():
                results[name].append(result)
        else:
            evaluations.append(own.evaluation)
    evaluations = [only(found, [model for model in found.models if model not in failures]) for found in evaluations]
    finished = {name: found for name, found in results.items() if name not in failures}
    pooled, in_time = pool(evaluations[: len(folds)]), pool(evaluations[len(folds) :])
    return Everything(ours["fold"], ours["window"], pooled, in_time, finished, failures)


def _rounds_and_part(bundle: Bundle, settings: Settings, kind: Kind, number: int) -> tuple[Rounds, FinalPart]:
    """Of a fold, or of a window in time."""
    if kind == "window":
        return window_part(bundle, settings, number)
    splitting = settings.splitting(number)
    return rounds_of(bundle, splitting, settings), final_part(bundle, splitting, settings)


def _prefixed(say: Say, where: str) -> Say:
    return lambda text: say(f"{where}, {text}")
