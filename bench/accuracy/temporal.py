"""The other protocol: windows that roll through time, each judged by what was known before it."""

import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from bench.accuracy.data import Bundle
from bench.accuracy.folds import FinalPart, Rounds, fit, known_split, tuned
from bench.accuracy.measuring import Measured, evaluation_of, judged_views
from bench.accuracy.settings import Settings
from recsys_core.dataset.interactions import Split
from recsys_core.splitting import SplitParameters, held_out_rows
from recsys_core.splitting.parts import make_part, training_part

__all__ = ["TEMPORAL", "TEMPORAL_SLICES", "measure_window", "window_part", "windows"]

TEMPORAL = "temporal"
TEMPORAL_SLICES = (TEMPORAL, "temporal_known")
"""All users of a window, and those of them who had rated something before."""


def windows(bundle: Bundle, settings: Settings) -> list[Split]:
    """For each of ``settings.cut_offs`` a split: all ratings before it train, those up to the next are the window.

    Validation and test part are both the users who liked something in the window, with all that they rated before.
    """
    ratings = bundle.interactions
    ordered = np.sort(ratings.timestamps)
    # a second after the last rating before it: when later ones were made has no influence
    starts = [int(ordered[round(share * len(ordered)) - 1]) + 1 for share in settings.cut_offs]
    found = []
    for start, end in zip(starts, [*starts[1:], int(ordered[-1]) + 1], strict=True):
        before = ratings.select(ratings.timestamps < start)
        hidden = ratings.select((ratings.timestamps >= start) & (ratings.timestamps < end))
        train, vocabulary = training_part(before, bundle.tables.catalogue_ids)
        active, threshold = np.flatnonzero(np.diff(hidden.ratings.indptr)), SplitParameters().positive_threshold
        view, _ = make_part(
            "window", before.rows(active), hidden.rows(active), vocabulary, positive_threshold=threshold, min_history=0
        )
        found.append(known_split(train, view, TEMPORAL, validation_from=start))
    return found


def window_part(bundle: Bundle, settings: Settings, number: int) -> tuple[Rounds, FinalPart]:
    """What window ``number`` is tuned on, the latest of the windows before it first; and what is judged on it.

    The views are ``TEMPORAL_SLICES``. Features are without the genome: nobody knows when its survey was answered.
    """
    splits = windows(bundle, settings)[max(0, number - settings.n_rounds) : number + 1]
    dated = settings.features.replace(groups=tuple(name for name in settings.features.groups if name != "genome"))
    (split, features), *rounds = [(s, bundle.tables.known_to(s, dated)) for s in reversed(splits)]
    everybody = split.test
    met = held_out_rows(everybody, np.flatnonzero(np.diff(everybody.history.ratings.indptr)))
    views = dict(zip(TEMPORAL_SLICES, (everybody, met), strict=True))
    return rounds, FinalPart(split, features, views)


def measure_window(bundle: Bundle, settings: Settings, number: int, journal: Path) -> Measured:
    """Tune on the windows before window ``number``, fit on everything before it, and judge it.

    journal  file of the search for exactly this window and these settings
    """
    started = time.monotonic()
    rounds, part = window_part(bundle, settings, number)
    found = tuned(rounds, settings, storage=journal)
    seconds = {"tune": round(time.monotonic() - started, 2)}
    slices = judged_views(bundle, settings, part, fit(part, found))
    seconds["all"] = round(time.monotonic() - started, 2)
    begins = datetime.fromtimestamp(part.known.summary["cut_offs"]["validation_from"], UTC).date().isoformat()
    notes = {"seconds": seconds, "begins": begins, "n_train_users": part.train.n_users}
    return Measured(evaluation_of(TEMPORAL, slices, settings), found, notes)
