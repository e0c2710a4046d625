"""Titles that nobody has rated: ranked among themselves, and among all titles."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack

from bench.accuracy.controls import constant_score, cosine_score, metadata_counts, random_score
from bench.accuracy.folds import FinalPart, Fitted
from bench.accuracy.judging import LIST_LENGTH, K, accuracy, lists_of, moved
from recsys_core.dataset.numbering import positions_in
from recsys_core.evaluation import Score, UserMetrics
from recsys_core.experiment import ItemTables
from recsys_core.histories import Histories
from recsys_core.hybrid import HybridModel, NewTitles
from recsys_core.hybrid.feature_ridge import FeatureRidgeParameters, feature_ridge

__all__ = ["BALANCED_SLICES", "COLD_SLICES", "judged_cold"]

COLD_SLICES = ("cold", "cold_among_all", "all_titles")
BALANCED_SLICES = ("balanced_all", "balanced_warm", "balanced_cold")
_COSINE_GROUP = "genome"  # of all groups, and of all groups together, the one whose cosine alone is best
_OF_A_RELEASE = ("genre", "decade", "title")  # what is known of a title on the day of its release

Scores = NDArray[np.floating]


def judged_cold(tables: ItemTables, part: FinalPart, fitted: Fitted, seed: int) -> dict[str, UserMetrics]:
    """``cold``: what users liked of the held-back titles, ranked among the held-back titles.

    ``cold_among_all``: the same targets, ranked among all titles that are trained or held back. ``all_titles``: what
    they liked of both kinds, in the same lists. Models that cannot score a title without ratings put it last. There
    every rating of a held-back title is hidden; in the balanced slices as many as of any title.
    """
    view, all_ids = part.views["cold"], np.concatenate([part.train.item_ids, part.held_back_ids])
    counts = metadata_counts(tables, part.known, all_ids)
    lists = lists_of(_cold_scorers(part, fitted, counts, seed), view.history, part.held_back_ids, exclude=False)
    slices = {"cold": accuracy(lists, view.cold_targets, view.user_ids)}
    wider = Histories(_beside(view.history.ratings, _nothing(view.cold_targets)), view.history.timestamps)
    lists = lists_of(_catalogue_scorers(part, fitted, counts), wider, all_ids)
    for name, warm_targets in (("cold_among_all", _nothing(view.targets)), ("all_titles", view.targets)):
        slices[name] = accuracy(lists, _beside(warm_targets, view.cold_targets), view.user_ids)
    return slices | _balanced(part, fitted.hybrid)


def _balanced(part: FinalPart, hybrid: HybridModel) -> dict[str, UserMetrics]:
    """Targets of both kinds, warm and cold ones alone, where ratings of held-back titles are hidden like all others.

    Rows are the hybrid, the hybrid without titles that nobody has rated, and with the tenth place kept for one of them;
    each also with no more known of them than of a new release.
    """
    view = part.views["balanced"]
    n_warm, columns = part.train.n_items, positions_in(hybrid.cold_item_ids, part.held_back_ids)
    assert part.known_cold is not None
    width = len(hybrid.cold_item_ids)
    known = Histories(view.history.ratings, view.history.timestamps, moved(part.known_cold, columns, width))
    candidates = np.concatenate([np.arange(n_warm), n_warm + columns])
    lists = {}
    for suffix, model in (("", hybrid), ("_bare", _bare(hybrid, part))):
        uncalibrated = replace(model, cold=replace(model.cold, calibration=None))
        for name, asked, places in (("hybrid", model, 0), ("hybrid_no_new", uncalibrated, 0), ("place_10", model, 1)):
            # the place is kept in the list of ten; what follows is the rest of the longer one
            best = asked.recommend(known, LIST_LENGTH, candidates=candidates).padded(known.n_users, LIST_LENGTH)
            if places:
                first = asked.recommend(known, K, candidates=candidates, new_titles=NewTitles(places=places))
                best[:, :K] = first.padded(known.n_users, K)
            lists[name + suffix] = best
    warm, cold = csr_matrix(view.targets), moved(view.cold_targets, columns, width)
    pairs = ((warm, cold), (warm, _nothing(cold)), (_nothing(warm), cold))
    targets = dict(zip(BALANCED_SLICES, pairs, strict=True))
    return {name: accuracy(lists, _beside(*pair), view.user_ids) for name, pair in targets.items()}


def _nothing(like: csr_matrix) -> csr_matrix:
    return csr_matrix(like.shape).astype(np.float32)


def _beside(warm: csr_matrix, cold: csr_matrix) -> csr_matrix:
    return csr_matrix(hstack([warm, cold], format="csr"))


def _bare(hybrid: HybridModel, part: FinalPart) -> HybridModel:
    """The hybrid that knows of titles without ratings what is known on the day of a release."""
    defaults = FeatureRidgeParameters()
    known = {name: weight for name, weight in defaults.group_weights.items() if name in _OF_A_RELEASE}
    from_warm = feature_ridge(
        hybrid.content.features, part.train.n_items, hybrid.popularity.n_ratings, defaults.replace(group_weights=known)
    )
    return replace(hybrid, cold=replace(hybrid.cold, from_warm=from_warm))


def _cold_scorers(part: FinalPart, fitted: Fitted, counts: NDArray[np.int64], seed: int) -> dict[str, Score]:
    """Scores of the held-back titles alone."""
    hybrid = fitted.hybrid
    columns = positions_in(hybrid.cold_item_ids, part.held_back_ids)
    return {
        **{name: _chosen(score, columns) for name, score in fitted.models.cold.items()},
        "hybrid_bare": _chosen(_bare(hybrid, part).score_cold, columns),
        "cosine": cosine_score(part.features, part.train.item_ids, part.held_back_ids, _COSINE_GROUP),
        "metadata_count": constant_score(counts[part.train.n_items :]),
        "random": random_score(part.held_back_ids, seed),
    }


def _catalogue_scorers(part: FinalPart, fitted: Fitted, counts: NDArray[np.int64]) -> dict[str, Score]:
    """Scores of the trained titles and behind them the held-back ones, for rows of that width."""
    hybrid, content, n_warm = fitted.hybrid, fitted.hybrid.content, part.train.n_items
    columns = positions_in(hybrid.cold_item_ids, part.held_back_ids)
    both = np.concatenate([np.arange(n_warm), n_warm + columns])
    scorers = {
        **{name: _cold_last(score, len(columns)) for name, score in fitted.models.warm.items()},
        "content": _chosen(lambda known: np.hstack([content.score(known), content.cold_score(known)]), both),
        "hybrid": _chosen(hybrid.score_catalogue, both),
        "metadata_count": constant_score(counts),
    }
    return {name: _for_wider(score, n_warm) for name, score in scorers.items()}


def _chosen(score: Callable[[Histories], Scores], columns: NDArray[np.int64]) -> Score:
    return lambda known: score(known)[:, columns]


def _cold_last(score: Score, n_cold: int) -> Score:
    def scores(known: Histories) -> Scores:
        warm = score(known)
        return np.hstack([warm, np.repeat(warm.min(axis=1, keepdims=True) - 1, n_cold, axis=1)])

    return scores


def _for_wider(score: Score, n_columns: int) -> Score:
    """``score`` for rows with further columns, in which nothing is known."""
    return lambda known: score(Histories(csr_matrix(known.ratings[:, :n_columns]), known.times))
