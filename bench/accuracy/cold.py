"""Titles that nobody has rated: ranked among themselves, and among all titles."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack

from bench.accuracy.controls import constant_score, cosine_score, metadata_counts, random_score
from bench.accuracy.folds import FinalPart, Fitted
from bench.accuracy.judging import accuracy, lists_of
from recsys_core.dataset.interactions import positions_in
from recsys_core.evaluation import Score, UserMetrics
from recsys_core.experiment import ItemTables
from recsys_core.hybrid import HybridModel

__all__ = ["COLD_SLICES", "judged_cold"]

COLD_SLICES = ("cold", "cold_among_all", "all_titles")
_COSINE_GROUP = "genome"  # of all groups, and of all groups together, the one whose cosine alone is best

Scores = NDArray[np.floating]


def judged_cold(tables: ItemTables, part: FinalPart, fitted: Fitted, seed: int) -> dict[str, UserMetrics]:
    """``cold``: what users liked of the held-back titles, ranked among the held-back titles.

    ``cold_among_all``: the same targets, ranked among all titles that are trained or held back. ``all_titles``: what
    they liked of both kinds, in the same lists. Models that cannot score a title without ratings put it last.
    """
    view, all_ids = part.views["cold"], np.concatenate([part.train.item_ids, part.held_back_ids])
    counts = metadata_counts(tables, part.known, all_ids)
    known = view.history.ratings
    lists = lists_of(_cold_scorers(part, fitted, counts, seed), known, part.held_back_ids, exclude=False)
    slices = {"cold": accuracy(lists, view.cold_targets, view.user_ids)}
    wider = csr_matrix(hstack([known, csr_matrix(view.cold_targets.shape).astype(np.float32)], format="csr"))
    lists = lists_of(_catalogue_scorers(part, fitted, counts), wider, all_ids)
    no_warm = csr_matrix(view.targets.shape).astype(np.float32)
    for name, warm_targets in (("cold_among_all", no_warm), ("all_titles", view.targets)):
        targets = csr_matrix(hstack([warm_targets, view.cold_targets], format="csr"))
        slices[name] = accuracy(lists, targets, view.user_ids)
    return slices


def _cold_scorers(part: FinalPart, fitted: Fitted, counts: NDArray[np.int64], seed: int) -> dict[str, Score]:
    """Scores of the held-back titles alone."""
    hybrid = fitted.hybrid
    columns = positions_in(hybrid.cold_item_ids, part.held_back_ids)
    ridge_alone = replace(hybrid, weights=hybrid.weights.replace(cold_content=0.0))
    warm, cold = (part.features.select(ids) for ids in (part.train.item_ids, part.held_back_ids))
    return {
        **{name: _chosen(score, columns) for name, score in fitted.models.cold.items()},
        "hybrid_no_cold_content": _chosen(ridge_alone.score_cold, columns),
        "cosine": cosine_score(warm, cold, _COSINE_GROUP),
        "metadata_count": constant_score(counts[part.train.n_items :]),
        "random": random_score(part.held_back_ids, seed),
    }


def _catalogue_scorers(part: FinalPart, fitted: Fitted, counts: NDArray[np.int64]) -> dict[str, Score]:
    """Scores of the trained titles and behind them the held-back ones, for rows of that width."""
    hybrid, n_warm = fitted.hybrid, part.train.n_items
    columns = positions_in(hybrid.cold_item_ids, part.held_back_ids)
    both = np.concatenate([np.arange(n_warm), n_warm + columns])
    scorers = {
        **{name: _cold_last(score, len(columns)) for name, score in fitted.models.warm.items()},
        "content": _chosen(lambda known: _content(hybrid, known), both),
        "hybrid": _chosen(hybrid.score_catalogue, both),
        "metadata_count": constant_score(counts),
    }
    return {name: _for_wider(score, n_warm) for name, score in scorers.items()}


def _content(hybrid: HybridModel, known: csr_matrix) -> Scores:
    """Weighted cosines of all titles, trained or not, on one scale."""
    rows = hybrid.checked(known, None)[1]
    return np.concatenate([hybrid.content_term.scores(rows, cold=cold) for cold in (False, True)], axis=1)


def _chosen(score: Callable[[csr_matrix], Scores], columns: NDArray[np.int64]) -> Score:
    return lambda known: score(known)[:, columns]


def _cold_last(score: Score, n_cold: int) -> Score:
    def scores(known: csr_matrix) -> Scores:
        warm = score(known)
        return np.concatenate([warm, np.repeat(warm.min(axis=1, keepdims=True) - 1, n_cold, axis=1)], axis=1)

    return scores


def _for_wider(score: Score, n_columns: int) -> Score:
    """``score`` for rows with further columns, which it is not shown."""
    return lambda known: score(csr_matrix(known[:, :n_columns]))
