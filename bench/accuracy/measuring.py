"""One fold measured: every model and control on every view, with all figures by user."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from bench.accuracy.cold import judged_cold
from bench.accuracy.controls import constant_score, metadata_counts, random_score
from bench.accuracy.data import Bundle
from bench.accuracy.folds import FinalPart, Fitted, cold_part, final_part, fit, rounds_of, tuned
from bench.accuracy.judging import LIST_LENGTH, WARM, accuracy, judged_lists, lists_of, with_diversity
from bench.accuracy.settings import Settings
from recsys_core.evaluation import Evaluation, EvaluationParameters, UserMetrics
from recsys_core.evaluation.beyond_accuracy import unit_features
from recsys_core.experiment import without_each_term
from recsys_core.hybrid import HybridModel
from recsys_core.reranking import Reranker, RerankParameters
from recsys_core.storage import read_manifest, write_manifest
from recsys_core.tuning import TuningResult

__all__ = ["DIVERSITIES", "Measured", "evaluation_of", "judged_views", "measure_fold"]

DIVERSITIES = {f"diversity_{share}": share / 100 for share in (0, 20, 40, 60, 80, 100)}
"""Settings of :class:`RerankParameters` by the name under which they are judged."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Figures of one fold (or of one window in time), what was tuned, and what it took.

    notes  plain values: seconds by step, counts
    """

    evaluation: Evaluation
    tuned: TuningResult
    notes: dict[str, Any]

    def save(self, directory: Path) -> None:
        for name, part in (("evaluation", self.evaluation), ("tuned", self.tuned)):
            (directory / name).mkdir()
            part.save(directory / name)
        write_manifest(directory, "Measured", notes=self.notes)

    @classmethod
    def load(cls, directory: Path) -> Self:
        notes = read_manifest(directory, "Measured")["notes"]
        return cls(Evaluation.load(directory / "evaluation"), TuningResult.load(directory / "tuned"), notes)


def measure_fold(bundle: Bundle, settings: Settings, fold: int, journal: Path) -> Measured:
    """Tune outside the test fold, fit on everybody outside it, and judge every view of the test users.

    journal  file of the search for exactly this fold and these settings
    """
    splitting = settings.splitting(fold)
    started = time.monotonic()
    found = tuned(rounds_of(bundle, splitting, settings), settings, storage=journal)
    seconds = {"tune": round(time.monotonic() - started, 2)}
    part = final_part(bundle, splitting, settings)
    fitted = fit(part, found)
    slices = judged_views(bundle, settings, part, fitted)
    slices["variety"] = _judged_variety(part, fitted.hybrid)
    removed = cold_part(bundle, splitting, settings)
    slices |= judged_cold(bundle.tables, removed, fit(removed, found), settings.seed)
    seconds["all"] = round(time.monotonic() - started, 2)
    notes = {"seconds": seconds, "n_held_back": len(removed.held_back_ids)}
    return Measured(evaluation_of("user_holdout", slices, settings), found, notes)


def judged_views(bundle: Bundle, settings: Settings, part: FinalPart, fitted: Fitted) -> dict[str, UserMetrics]:
    """The slices of every view by name: models, the hybrid without each of its terms, and controls."""
    item_ids = part.train.item_ids
    scorers = {
        **fitted.models.warm,
        **without_each_term(fitted.hybrid, fitted.models.entries),
        "metadata_count": constant_score(metadata_counts(bundle.tables, part.known, item_ids)),
        "random": random_score(item_ids, settings.seed),
    }
    slices: dict[str, UserMetrics] = {}
    for name, view in part.views.items():
        lists = lists_of(scorers, view.history, item_ids)
        slices |= judged_lists(name, view, lists, part, settings.seed)
    return slices


def _judged_variety(part: FinalPart, hybrid: HybridModel) -> UserMetrics:
    """The view ``warm`` with the hybrid at each of ``DIVERSITIES``; as there, only trained titles are in the lists."""
    view, reranker = part.views[WARM], Reranker(hybrid.content.features)
    trained = np.arange(part.train.n_items)
    ranking = hybrid.recommend(view.history, RerankParameters().n_candidates, candidates=trained)
    lists = {}
    for name, diversity in DIVERSITIES.items():
        chosen = RerankParameters(diversity=diversity)
        found = reranker.rerank(ranking, view.history.ratings, chosen, LIST_LENGTH)
        lists[name] = found.padded(view.history.n_users, LIST_LENGTH)
    judged = accuracy(lists, view.targets, view.user_ids)
    return with_diversity(judged, lists, unit_features(part.features.select(part.train.item_ids)))


def evaluation_of(protocol: str, slices: dict[str, UserMetrics], settings: Settings) -> Evaluation:
    """All models of all slices, in the order in which they first stand in one."""
    models = tuple(dict.fromkeys(model for part in slices.values() for model in part.values))
    return Evaluation(protocol, models, slices, EvaluationParameters(seed=settings.seed), {})
