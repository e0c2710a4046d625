"""The hybrid with no more configurations than a peer has: with all that it knows of titles, and with ratings alone."""

import json
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from bench.accuracy.folds import FinalPart, Rounds, fit, tuned
from bench.accuracy.judging import lists_of
from bench.accuracy.peers import PeerResult, read_result
from bench.accuracy.settings import Settings
from recsys_core.features import ItemFeatures
from recsys_core.storage import atomic_directory
from recsys_core.tuning import TuningParameters, best_trial

__all__ = ["OURS", "RATINGS_ALONE", "WITH_FEATURES", "ratings_alone", "run_ours"]

OURS = RATINGS_ALONE, WITH_FEATURES = "hybrid_ratings", "hybrid_features"
_OF_FEATURES = ("content", "feature_weight")


def run_ours(
    job: Path, rounds: Rounds, part: FinalPart, settings: Settings, *, n_trials: int, key: str
) -> dict[str, PeerResult]:
    """Both hybrids, tuned with ``n_trials`` configurations each in all their stages, as if they were peers.

    job  the peers' own; results lie beside it
    key  of all that decides them but the job and the number of trials
    """
    few = settings.tuning.with_trials(n_trials)
    untold = [(split, _nothing(known)) for split, known in rounds], replace(part, features=_nothing(part.features))
    asked = {RATINGS_ALONE: (ratings_alone(few), *untold), WITH_FEATURES: (few, rounds, part)}
    found = {}
    for name, (tuning, own_rounds, own_part) in asked.items():
        out = job.parent / f"{job.name}-{name}-{n_trials}-{key}"
        if not out.exists():
            with atomic_directory(out) as directory:
                _search(name, directory, own_rounds, own_part, replace(settings, tuning=tuning))
        found[name] = read_result(job, out)
    return found


def ratings_alone(tuning: TuningParameters) -> TuningParameters:
    """``tuning`` without content, without what EASE learns from features, and without a search for either."""
    space = (p for p in tuning.search_space if p.name not in _OF_FEATURES and not p.name.startswith("weight_"))
    plain = tuning.ease and tuning.ease.replace(feature_weight=0.0)
    found: TuningParameters = tuning.replace(
        search_space=tuple(space), weights=tuning.weights.without("content"), ease=plain
    )
    return found


def _nothing(features: ItemFeatures) -> ItemFeatures:
    return ItemFeatures(features.item_ids, {}, {})


def _search(name: str, out: Path, rounds: Rounds, part: FinalPart, settings: Settings) -> None:
    """Tune, fit, and write what a peer writes; its parameters are the best of every stage, save what did not change."""
    started = time.process_time()
    result = tuned(rounds, settings)
    scorers = {name: fit(part, result).hybrid.score}
    for view_name, view in part.views.items():
        np.save(out / f"lists_{view_name}.npy", lists_of(scorers, view.history, part.train.item_ids)[name])
    best = {stage: best_trial(result.of_stage(stage)) for stage in dict.fromkeys(t.stage for t in result.trials)}
    parameters = {
        f"{stage} {parameter}": value
        for stage, trial in best.items()
        for parameter, value in trial.params.items()
        if not parameter.startswith("weight_")
    }
    account = {"name": name, "version": "", "parameters": parameters, "n_trials": len(result.trials)}
    account |= {"validation_ndcg": best["blend"].value, "seconds": round(time.process_time() - started, 3)}
    (out / "tuned.json").write_text(json.dumps(account), encoding="utf-8")
