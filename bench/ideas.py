"""What each idea in the recommender is worth: one change of the default recipe at a time, as docs/ideas.md.

OPENBLAS_NUM_THREADS=1 python -m bench.ideas
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from bench.accuracy.data import Bundle, load_data
from bench.accuracy.settings import Settings
from bench.accuracy.tables import intervals_of
from bench.options import N_FOLDS, options
from bench.page import write_page
from recsys_core.dataset.declaration import MOVIELENS
from recsys_core.evaluation import Series, ndcg_of_scores, simultaneous_means, verdict
from recsys_core.experiment import UNTUNED, Recipe, fit_release
from recsys_core.features import FeatureParameters
from recsys_core.hybrid import HybridWeights
from recsys_core.plotting import Table, number
from recsys_core.ranking import top_k
from recsys_core.sources.table import SOURCES
from recsys_core.splitting import assign_users, view_of
from recsys_core.splitting.parts import Vocabulary
from recsys_core.splitting.split import VALIDATION

__all__ = ["main"]

_VIEWS: Final = ("warm", "by_time", "first_1", "first_3", "first_10")
_HEADS: Final = tuple(view.replace("_", " ") for view in _VIEWS)
_NO_TITLE: Final = {"genre": 0.3, "decade": 0.3, "tags": 0.3, "genome": 1.0}
_NEWCOMERS: Final = "first_3"
_PRIOR: Final = UNTUNED.weights.prior
Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Idea:
    """A change of the default recipe.

    built    the recipe has the idea, and the change takes it out
    sources  parameters of sources, by source
    weights  from the default weights to others
    """

    name: str
    built: bool
    sources: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    weights: Callable[[HybridWeights], HybridWeights] = lambda weights: weights

    def recipe(self) -> Recipe:
        defaults = {kind.name: kind.defaults for kind in SOURCES if kind.defaults}
        changed = {name: defaults[name].replace(**changes) for name, changes in self.sources.items()}
        return Recipe({**UNTUNED.parameters, **changed}, self.weights(UNTUNED.weights))


def _taste(**changes: float) -> Callable[[HybridWeights], HybridWeights]:
    return lambda w: w.replace(taste={**w.taste, **changes})


def _prior(**changes: float) -> Callable[[HybridWeights], HybridWeights]:
    return lambda w: w.replace(prior={**w.prior, **changes})


_DEFAULT: Final = Idea("all defaults", True)
_IDEAS: Final = (
    Idea("ratings to the third power in ALS", True, {"als": {"rating_power": 1.0}}),
    Idea("EASE beside ALS", True, weights=lambda w: w.without("ease")),
    Idea("features in EASE", True, {"ease": {"feature_weight": 0.0}}),
    Idea("title words in EASE", True, {"ease": {"group_weights": _NO_TITLE}}),
    Idea("content", True, weights=lambda w: w.without("content")),
    Idea("neighbours", True, weights=lambda w: w.without("neighbours")),
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
    Idea("half the popularity in the prior", False, weights=_prior(recent_popularity=_PRIOR["recent_popularity"] / 2)),
)


def _measured(bundle: Bundle, folds: Sequence[int], seed: int) -> tuple[Arrays, Arrays, dict[str, float]]:
    """NDCG@10 by view and recipe, and the ids of the users by view, over the validation users of all ``folds``; the
    coverage of newcomers' lists of ten by recipe, the mean of the folds.

    The test part of a fold is not looked at.
    """
    ndcg, users = defaultdict(list), defaultdict(list)
    coverage: dict[str, float] = defaultdict(float)
    for fold in folds:
        splitting = Settings(seed=seed).splitting(fold)
        split = bundle.split(splitting)
        validated = np.flatnonzero(assign_users(bundle.interactions.user_ids, splitting) == VALIDATION)
        people, ids = bundle.interactions.rows(validated), split.train.item_ids
        vocabulary = Vocabulary(ids, np.setdiff1d(bundle.tables.catalogue_ids, ids))
        views = {name: view_of(people, name, vocabulary, splitting) for name in _VIEWS}
        features = bundle.tables.known_to(split, FeatureParameters())
        for name, part in views.items():
            users[name].append(part.user_ids)
        for idea in (_DEFAULT, *_IDEAS):
            model = fit_release(split.train, features, idea.recipe(), feedback=MOVIELENS.feedback)
            for name, part in views.items():
                scores, seen = model.score(part.history), part.history.ratings
                ndcg[f"{name}/{idea.name}"].append(ndcg_of_scores(scores, part.targets, seen=seen, k=10))
                if name == _NEWCOMERS:
                    n_listed = len(np.unique(top_k(scores, 10, seen=seen).item_nums))
                    coverage[idea.name] += n_listed / scores.shape[1] / len(folds)
        print(f"fold {fold} measured", flush=True)
    by_recipe, by_view = ({key: np.concatenate(parts) for key, parts in by.items()} for by in (ndcg, users))
    return by_recipe, by_view, coverage


def _table(ndcg: Arrays, users: Arrays, coverage: Mapping[str, float], seed: int) -> tuple[Table, float]:
    """What each idea adds, with intervals that hold all together, and a verdict."""
    series = []
    for idea in _IDEAS:
        for view in _VIEWS:
            gain = ndcg[f"{view}/{_DEFAULT.name}"] - ndcg[f"{view}/{idea.name}"]
            series.append(Series(gain if idea.built else -gain, users[view]))
    intervals = simultaneous_means(series, seed=seed)
    texts = intervals_of(intervals)
    rows = []
    for num, idea in enumerate(_IDEAS):
        mine = range(num * len(_VIEWS), (num + 1) * len(_VIEWS))
        verdicts = [verdict(float(intervals.ci_low[i]), float(intervals.ci_high[i])) for i in mine]
        word = "gains" if "win" in verdicts else "loses" if "loss" in verdicts else "tie"
        built = "yes" if idea.built else "no"
        rows.append((idea.name, built, word, *(texts[i] for i in mine), f"{coverage[idea.name]:.4f}"))
    return Table(("idea", "built", "verdict", *_HEADS, "coverage"), tuple(rows)), intervals.critical


def main(argv: Sequence[str] | None = None) -> None:
    parser = options("bench.ideas", __doc__, "docs/ideas.md", data=True, workspace=True, folds=True)
    parser.add_argument("--seed", type=int, default=0, help="of the folds and the hidden ratings")
    arguments = parser.parse_args(argv)
    bundle = load_data(arguments.workspace, arguments.data)
    with threadpool_limits(limits=1):
        ndcg, users, coverage = _measured(bundle, range(arguments.folds_to_run), arguments.seed)
    table, critical = _table(ndcg, users, coverage, arguments.seed)
    means = (number(float(ndcg[f"{view}/{_DEFAULT.name}"].mean())) for view in _VIEWS)
    level = (_DEFAULT.name, *means, f"{coverage[_DEFAULT.name]:.4f}")
    write_page(
        arguments.out,
        "bench.ideas",
        argv,
        {"data": bundle.source, "folds": f"{arguments.folds_to_run} of {N_FOLDS}, seed {arguments.seed}"},
        level=Table(("NDCG@10", *_HEADS, "coverage"), (level,)),
        table=table,
        critical=critical,
        n_comparisons=len(_IDEAS) * len(_VIEWS),
    )


if __name__ == "__main__":
    main()
