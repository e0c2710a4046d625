"""The other protocol: one cut through time, only the past is known."""

import time
from pathlib import Path

import numpy as np

from bench.accuracy.data import Bundle
from bench.accuracy.folds import FinalPart, Rounds, fit, rounds_of, tuned
from bench.accuracy.measuring import Measured, evaluation_of, judged_views
from bench.accuracy.settings import Settings
from recsys_core.dataset.interactions import Split
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
    train, vocabulary = training_part(bundle.interactions.select(~later), bundle.tables.catalogue_ids)
    hidden = bundle.interactions.select(later)
    active = np.flatnonzero(np.diff(hidden.ratings.indptr))
    view, _ = make_part(
        "test",
        bundle.interactions.select(~later).rows(active),
        hidden.rows(active),
        vocabulary,
        positive_threshold=splitting.positive_threshold,
        min_history=splitting.min_history,
    )
    # Tags are known up to the cut-off where training ends.
    known = Split(train, view, view, {"protocol": "temporal", "cut_offs": {"validation_from": test_from}})
    nothing = np.zeros(0, dtype=np.int64)
    met = held_out_rows(view, np.flatnonzero(np.diff(view.history.ratings.indptr)))
    views = dict(zip(TEMPORAL_SLICES, (view, met), strict=True))
    return FinalPart(known, bundle.tables.known_to(known, settings.features), views, nothing)


def measure_temporal(bundle: Bundle, settings: Settings, journal: Path) -> Measured:
    """Tune on the validation window, fit on everything before the test window, and judge that.

    journal  file of the search for exactly these settings
    """
    splitting = settings.temporal()
    laps = [time.monotonic()]
    rounds = rounds_of(bundle, splitting, settings)
    found = tuned(rounds, settings, storage=journal)
    laps.append(time.monotonic())
    part = temporal_part(bundle, splitting, rounds, settings)
    slices = judged_views(bundle, settings, part, fit(part, found, settings))
    laps.append(time.monotonic())
    notes = {
        "seconds": dict(zip(("tune", "fit_and_judge"), np.diff(laps).round(2).tolist(), strict=True)),
        "cut_offs": rounds[0][0].summary["cut_offs"],
        "n_train_users": part.train.n_users,
        "n_validation_users": found.n_users,
    }
    return Measured(evaluation_of(TEMPORAL, slices, settings), found, notes)
