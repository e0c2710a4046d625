"""The other protocol: one cut through time, only the past is known."""

import time
from pathlib import Path
from typing import Any

import numpy as np

from bench.accuracy.data import Bundle
from bench.accuracy.folds import FinalPart, Rounds, fit, known_split, rounds_of, tuned
from bench.accuracy.measuring import Measured, evaluation_of, judged_views
from bench.accuracy.settings import Settings
from recsys_core.splitting import SplitParameters, held_out_rows
from recsys_core.splitting.parts import make_part, training_part

__all__ = ["TEMPORAL", "TEMPORAL_SLICES", "measure_temporal", "temporal_part"]

TEMPORAL = "temporal"
TEMPORAL_SLICES = (TEMPORAL, "temporal_known")
"""All users of the window, and those of them who had rated something before."""


def temporal_part(bundle: Bundle, splitting: SplitParameters, rounds: Rounds, settings: Settings) -> FinalPart:
    """Everything before the test cut-off as training, its validation window too; the views are ``TEMPORAL_SLICES``."""
    test_from = rounds[0][0].summary["cut_offs"]["test_from"]
    later = bundle.interactions.timestamps >= test_from
    before, hidden = bundle.interactions.select(~later), bundle.interactions.select(later)
    train, vocabulary = training_part(before, bundle.tables.catalogue_ids)
    active = np.flatnonzero(np.diff(hidden.ratings.indptr))
    rules: dict[str, Any] = {key: getattr(splitting, key) for key in ("positive_threshold", "min_history")}
    view, _ = make_part("test", before.rows(active), hidden.rows(active), vocabulary, **rules)
    met = held_out_rows(view, np.flatnonzero(np.diff(view.history.ratings.indptr)))
    known = known_split(train, view, TEMPORAL, validation_from=test_from)
    views = dict(zip(TEMPORAL_SLICES, (view, met), strict=True))
    return FinalPart(known, bundle.tables.known_to(known, settings.features), views)


def measure_temporal(bundle: Bundle, settings: Settings, journal: Path) -> Measured:
    """Tune on the validation window, fit on everything before the test window, and judge that.

    journal  file of the search for exactly these settings
    """
    splitting = settings.temporal()
    started = time.monotonic()
    rounds = rounds_of(bundle, splitting, settings)
    found = tuned(rounds, settings, storage=journal)
    seconds = {"tune": round(time.monotonic() - started, 2)}
    part = temporal_part(bundle, splitting, rounds, settings)
    slices = judged_views(bundle, settings, part, fit(part, found))
    seconds["all"] = round(time.monotonic() - started, 2)
    return Measured(evaluation_of(TEMPORAL, slices, settings), found, {"seconds": seconds})
