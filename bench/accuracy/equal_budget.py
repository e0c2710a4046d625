"""The hybrid with no more configurations than a peer has: with all that it knows of titles, and with ratings alone."""

import json
import time
from pathlib import Path

import numpy as np

from bench.accuracy.folds import FinalPart, Rounds, fit, tuned
from bench.accuracy.judging import lists_of
from bench.accuracy.peers import PeerResult, read_result
from bench.accuracy.settings import Settings
from recsys_core.features import ItemFeatures
from recsys_core.storage import atomic_directory
from recsys_core.tuning import TuningParameters, TuningResult, best_trial

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
    asked = {
        RATINGS_ALONE: (ratings_alone(few), [(split, _nothing(known)) for split, known in rounds], _unknown(part)),
        WITH_FEATURES: (few, rounds, part),
    }
    found = {}
    for name, (tuning, own_rounds, own_part) in asked.items():
        out = job.parent / f"{job.name}-{name}-{n_trials}-{key}"
        if not out.exists():
            with atomic_directory(out) as directory:
                _search(name, directory, own_rounds, own_part, Settings(settings.seed, settings.features, tuning))
        found[name] = read_result(name, job, out)
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


def _unknown(part: FinalPart) -> FinalPart:
    return FinalPart(part.known, _nothing(part.features), part.views)


def _search(name: str, out: Path, rounds: Rounds, part: FinalPart, settings: Settings) -> None:
    """Tune, fit, and write what a peer writes."""
    started = time.process_time()
    result = tuned(rounds, settings)
    hybrid = fit(part, result).hybrid
    for view_name, view in part.views.items():
        lists = lists_of({name: hybrid.score}, view.history, part.train.item_ids)
        np.save(out / f"lists_{view_name}.npy", lists[name])
    account = {"version": "", "parameters": _parameters(result), "n_trials": len(result.trials)}
    account["validation_ndcg"] = best_trial(result.of_stage("blend")).value
    account["seconds"] = round(time.process_time() - started, 3)
    (out / "tuned.json").write_text(json.dumps(account), encoding="utf-8")


def _parameters(result: TuningResult) -> dict[str, float]:
    """What was searched, without what did not change: the best values of every stage."""
    stages = dict.fromkeys(trial.stage for trial in result.trials)
    return {
        f"{stage} {name}": value
        for stage in stages
        for name, value in best_trial(result.of_stage(stage)).params.items()
        if not name.startswith("weight_")
    }
