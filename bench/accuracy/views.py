"""Trained titles, on every view of the test users."""

import numpy as np

from bench.accuracy.controls import (
    constant_score,
    metadata_counts,
    random_score,
    renamed_targets,
    swapped_targets,
)
from bench.accuracy.folds import FinalPart, Fitted
from bench.accuracy.judging import Lists, accuracy, tail_items, with_diversity
from bench.accuracy.settings import Settings
from recsys_core.dataset.interactions import HeldOut
from recsys_core.evaluation import Score, UserMetrics
from recsys_core.evaluation.beyond_accuracy import unit_features
from recsys_core.evaluation.slices import targets_in
from recsys_core.experiment import ItemTables, without_each_term

__all__ = ["TAIL", "WARM", "judged_lists", "scorers_of"]

WARM, TAIL = "warm", "tail"


def scorers_of(tables: ItemTables, settings: Settings, part: FinalPart, fitted: Fitted) -> dict[str, Score]:
    """Models, the hybrid without each of its terms, and controls."""
    item_ids = part.train.item_ids
    found = {
        **fitted.models.warm,
        **without_each_term(fitted.hybrid),
        "metadata_count": constant_score(metadata_counts(tables, part.known, item_ids)),
        "random": random_score(item_ids, settings.seed),
    }
    return settings.wanted(found)


def judged_lists(name: str, view: HeldOut, lists: Lists, part: FinalPart, seed: int) -> dict[str, UserMetrics]:
    """The slice of a view; for ``warm`` also the tail items, and targets that are not the users' own.

    ``swapped``: everybody has the targets of somebody else. ``renamed``: every title's targets are another title's.
    """
    n_out_of_reach = np.diff(view.cold_targets.indptr)
    judged = accuracy(lists, view.targets, view.user_ids, n_out_of_reach=n_out_of_reach)
    slices = {name: with_diversity(judged, lists, unit_features(part.features.select(part.train.item_ids)))}
    if name == WARM:
        tail = targets_in(view.targets, tail_items(part.train))
        slices[TAIL] = accuracy(lists, tail, view.user_ids)
        slices["swapped"] = accuracy(lists, swapped_targets(view.targets, seed), view.user_ids)
        slices["renamed"] = accuracy(lists, renamed_targets(view.targets, seed), view.user_ids)
    return slices
