"""One fold measured: every model and control on every view, with all figures by user."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from bench.accuracy.checks import popularity_repeats
from bench.accuracy.cold import judged_cold
from bench.accuracy.data import Bundle
from bench.accuracy.folds import FinalPart, Fitted, cold_part, final_part, fit, rounds_of, tuned
from bench.accuracy.judging import lists_of
from bench.accuracy.settings import Settings
from bench.accuracy.views import WARM, judged_lists, scorers_of
from recsys_core.evaluation import Evaluation, EvaluationParameters, UserMetrics
from recsys_core.storage import read_manifest, write_manifest
from recsys_core.tuning import TuningResult

__all__ = ["Measured", "evaluation_of", "judged_views", "measure_fold"]


@dataclass(frozen=True, slots=True)
class Measured:
    """Figures of one fold (or of the temporal window), what was tuned, and what it took.

    notes  plain values: seconds by step, counts, whether popularity came out the same twice
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


def measure_fold(bundle: Bundle, settings: Settings, fold: int, journal: Path, *, among_all: bool = True) -> Measured:
    """Tune outside the test fold, fit on everybody outside it, and judge every view of the test users.

    journal    file of the search for exactly this fold and these settings
    among_all  rank titles without ratings among all titles, too
    """
    splitting = settings.splitting(fold)
    laps = [time.monotonic()]
    found = tuned(rounds_of(bundle, splitting, settings), settings, storage=journal)
    laps.append(time.monotonic())
    part = final_part(bundle, splitting, settings)
    slices = judged_views(bundle, settings, part, fit(part, found, settings))
    laps.append(time.monotonic())
    removed = cold_part(bundle, splitting, settings)
    fitted = fit(removed, found, settings, for_cold=not among_all)
    slices |= judged_cold(bundle.tables, settings, removed, fitted, among_all=among_all)
    laps.append(time.monotonic())
    notes = {
        "seconds": dict(zip(("tune", "fit_and_judge", "cold"), np.diff(laps).round(2).tolist(), strict=True)),
        "n_train_users": part.train.n_users,
        "n_validation_users": found.n_users,
        "n_held_back": len(removed.held_back_ids),
        "popularity_repeats": popularity_repeats(bundle, settings, splitting, WARM, slices[WARM]),
    }
    return Measured(evaluation_of("user_holdout", slices, settings), found, notes)


def judged_views(bundle: Bundle, settings: Settings, part: FinalPart, fitted: Fitted) -> dict[str, UserMetrics]:
    """The slices of every view, by name."""
    scorers = scorers_of(bundle.tables, settings, part, fitted)
    slices: dict[str, UserMetrics] = {}
    for name, view in part.views.items():
        lists = lists_of(scorers, view.history.ratings, part.train.item_ids)
        slices |= judged_lists(name, view, lists, part, settings.seed)
    return slices


def evaluation_of(protocol: str, slices: dict[str, UserMetrics], settings: Settings) -> Evaluation:
    """All models of all slices, in the order in which they first stand in one."""
    models = tuple(dict.fromkeys(model for part in slices.values() for model in part.values))
    return Evaluation(protocol, models, slices, EvaluationParameters(seed=settings.seed), {})
