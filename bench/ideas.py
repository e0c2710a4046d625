"""What each idea in the recommender is worth: one change of the default recipe at a time, as docs/ideas.md.

OPENBLAS_NUM_THREADS=1 python -m bench.ideas
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from bench.accuracy.data import Bundle, load_data
from bench.accuracy.settings import N_FOLDS, Settings
from bench.accuracy.tables import intervals_of, number
from bench.options import options
from bench.page import write_page
from recsys_core.dataset.declaration import MOVIELENS
from recsys_core.evaluation import Series, ndcg_of_scores, simultaneous_means, verdict
from recsys_core.features import FeatureParameters
from recsys_core.hybrid import HybridWeights, fit_hybrid
from recsys_core.plotting import Table
from recsys_core.ranking import top_k
from recsys_core.sources.table import SOURCES
from recsys_core.splitting import assign_users, split_interactions, view_of
from recsys_core.splitting.parts import Vocabulary
from recsys_core.splitting.split import VALIDATION

__all__ = ["IDEAS", "Idea", "main", "measured"]

VIEWS: Final = ("warm", "by_time", "first_1", "first_3", "first_10")
_HEADS: Final = tuple(view.replace("_", " ") for view in VIEWS)
_DEFAULT: Final = "all defaults"
_NO_TITLE: Final = {"genre": 0.3, "decade": 0.3, "tags": 0.3, "genome": 1.0}
_NEWCOMERS: Final = "first_3"
Found = dict[str, dict[str, NDArray[np.float64]]]


@dataclass(frozen=True, slots=True)
class Idea:
    """A change of the default recipe.

    built    the recipe has the idea, and the change takes it out
    sources  parameters of sources, by source; None leaves a source out
    weights  from the default weights to others
    """

    name: str
    built: bool
    sources: Mapping[str, Mapping[str, Any] | None] = field(default_factory=dict)
    weights: Callable[[HybridWeights], HybridWeights] = lambda weights: weights


def _without(name: str) -> Callable[[HybridWeights], HybridWeights]:
    return lambda weights: weights.without(name)


def _taste(**changes: float) -> Callable[[HybridWeights], HybridWeights]:
    return lambda weights: weights.replace(taste={**weights.taste, **changes})


def _prior(**changes: float) -> Callable[[HybridWeights], HybridWeights]:
    return lambda weights: weights.replace(prior={**weights.prior, **changes})


def _halved(prior: Mapping[str, float]) -> dict[str, float]:
    return {name: weight / 2 if "popularity" in name else weight for name, weight in prior.items()}


IDEAS: Final = (
    Idea("ratings to the third power in ALS", True, {"als": {"rating_power": 1.0}}),
    Idea("EASE beside ALS", True, weights=_without("ease")),
    Idea("features in EASE", True, {"ease": {"feature_weight": 0.0}}),
    Idea("title words in EASE", True, {"ease": {"group_weights": _NO_TITLE}}),
    Idea("content", True, weights=_without("content")),
    Idea("neighbours", True, weights=_without("neighbours")),
    Idea("neighbours near in time", True, {"neighbours": {"time_floor": 1.0}}),
    Idea("popularity", True, weights=_prior(recent_popularity=0.0)),
    Idea("popularity near in time", True, weights=_prior(recent_popularity=0.0, popularity=1.0)),
    Idea("recency of the history in EASE", True, {"ease": {"recency_floor": 1.0}}),
    Idea("dislikes count against a title", True, {"ease": {"dislike": 0.0}}, lambda w: w.replace(dislikes=0.0)),
    Idea("popularity in the taste, .2", False, weights=_taste(popularity=0.2)),
    Idea("recent popularity in the taste, .2", False, weights=_taste(recent_popularity=0.2)),
    Idea("heavy raters count less in EASE, .5", False, {"ease": {"user_power": 0.5}}),
    Idea("columns scaled in EASE, .15", False, {"ease": {"item_power": 0.15}}),
    Idea("a gate at 25 ratings", False, weights=lambda w: w.replace(kappa=25.0)),
    Idea("a gate at 5 ratings", False, weights=lambda w: w.replace(kappa=5.0)),
    Idea("half the popularity in the prior", False, weights=lambda w: w.replace(prior=_halved(w.prior))),
)


def measured(
    bundle: Bundle, ideas: Sequence[Idea], folds: Sequence[int], seed: int
) -> tuple[Found, dict[str, NDArray[np.int64]], dict[str, float]]:
    """NDCG@10 by view and recipe, and the ids of the users of each view, pooled over the validation users of ``folds``;
    and for each recipe the coverage of newcomers' lists of ten, the mean of the folds.

    The test part of a fold is not looked at.
    """
    covered: dict[str, list[float]] = {}
    ndcg: dict[str, dict[str, list[NDArray[np.float64]]]] = {view: {} for view in VIEWS}
    users: dict[str, list[NDArray[np.int64]]] = {view: [] for view in VIEWS}
    for fold in folds:
        splitting = Settings(seed=seed).splitting(fold)
        split = split_interactions(bundle.interactions, splitting, catalogue_ids=bundle.tables.catalogue_ids)
        people = bundle.interactions.rows(
            np.flatnonzero(assign_users(bundle.interactions.user_ids, splitting) == VALIDATION)
        )
        ids = split.train.item_ids
        vocabulary = Vocabulary(ids, np.setdiff1d(bundle.tables.catalogue_ids, ids))
        views = {name: view_of(people, name, vocabulary, splitting) for name in VIEWS}
        features = bundle.tables.known_to(split, FeatureParameters())
        for idea in (Idea(_DEFAULT, True), *ideas):
            parameters = {
                kind.name: kind.defaults and kind.defaults.replace(**(idea.sources.get(kind.name) or {}))
                for kind in SOURCES
            }
            weights = idea.weights(HybridWeights())
            model = fit_hybrid(
                split.train, features, parameters=parameters, weights=weights, feedback=MOVIELENS.feedback
            )
            for name, part in views.items():
                scores = model.score(part.history)
                found = ndcg_of_scores(scores, part.targets, seen=part.history.ratings, k=10)
                ndcg[name].setdefault(idea.name, []).append(found)
                if name == _NEWCOMERS:
                    listed = top_k(scores, 10, seen=part.history.ratings).item_nums
                    covered.setdefault(idea.name, []).append(len(np.unique(listed)) / scores.shape[1])
        for name, part in views.items():
            users[name].append(part.user_ids)
        print(f"fold {fold} measured", flush=True)
    joined = {view: {name: np.concatenate(parts) for name, parts in by.items()} for view, by in ndcg.items()}
    by_view = {view: np.concatenate(parts) for view, parts in users.items()}
    return joined, by_view, {name: float(np.mean(shares)) for name, shares in covered.items()}


def _table(
    found: Found,
    users: Mapping[str, NDArray[np.int64]],
    covered: Mapping[str, float],
    ideas: Sequence[Idea],
    seed: int,
) -> tuple[Table, float]:
    """What each idea adds, with intervals that hold all together, and a verdict."""
    series = []
    for idea in ideas:
        for view in VIEWS:
            by, sign = found[view], 1 if idea.built else -1
            series.append(Series(sign * (by[_DEFAULT] - by[idea.name]), users[view]))
    intervals = simultaneous_means(series, seed=seed)
    texts = intervals_of(intervals, "+.3f")
    rows = []
    for num, idea in enumerate(ideas):
        mine = range(num * len(VIEWS), (num + 1) * len(VIEWS))
        verdicts = [verdict(float(intervals.ci_low[i]), float(intervals.ci_high[i])) for i in mine]
        word = "gains" if "win" in verdicts else "loses" if "loss" in verdicts else "tie"
        rows.append(
            (idea.name, "yes" if idea.built else "no", word, *(texts[i] for i in mine), f"{covered[idea.name]:.4f}")
        )
    return Table(("idea", "built", "verdict", *_HEADS, "coverage"), tuple(rows)), intervals.critical


def main(argv: Sequence[str] | None = None) -> None:
    parser = options("bench.ideas", __doc__, "docs/ideas.md", data=True, workspace=True)
    parser.add_argument("--seed", type=int, default=0, help="of the folds and the hidden ratings")
    parser.add_argument("--folds-to-run", type=int, default=N_FOLDS, choices=range(1, N_FOLDS + 1), metavar="N")
    arguments = parser.parse_args(argv)
    bundle = load_data(arguments.workspace, arguments.data)
    with threadpool_limits(limits=1):
        found, users, covered = measured(bundle, IDEAS, range(arguments.folds_to_run), arguments.seed)
    table, critical = _table(found, users, covered, IDEAS, arguments.seed)
    level = (_DEFAULT, *(number(float(found[view][_DEFAULT].mean())) for view in VIEWS), f"{covered[_DEFAULT]:.4f}")
    write_page(
        arguments.out,
        "bench.ideas",
        argv,
        {"data": bundle.source, "folds": f"{arguments.folds_to_run} of {N_FOLDS}, seed {arguments.seed}"},
        level=Table(("NDCG@10", *_HEADS, "coverage"), (level,)),
        table=table,
        critical=critical,
        n_comparisons=len(IDEAS) * len(VIEWS),
    )


if __name__ == "__main__":
    main()
