"""docs/ideas.md."""

from collections.abc import Sequence

import numpy as np

from bench.accuracy.tables import ABSENT, number
from bench.ideas.folds import COLD, VIEWS
from bench.ideas.idea import Idea
from bench.ideas.measuring import Figures, alone
from bench.ideas.recipe import FULL, PLAIN, WITH_FEATURES
from bench.ideas.verdicts import Family, compare, outcome, views_of
from bench.ideas.wording import HEADINGS, TEXT
from recsys_core.dataset.interactions import UserItemMatrix
from recsys_core.evaluation import Series, simultaneous_means
from recsys_core.plotting import Table

__all__ = ["document", "one_day_users"]

_DAY = 86_400


def document(
    figures: Figures, ideas: Sequence[Idea], interactions: UserItemMatrix, *, circumstances: str, seed: int = 0
) -> str:
    """The whole text. ``interactions`` are all ratings: they tell who rated everything within a day."""
    family = compare(figures, ideas, seed=seed)
    configurations = [c for idea in ideas for c in idea.configurations]
    return TEXT.format(
        circumstances=circumstances,
        n_ideas=sum(any(c.role != "beside" for c in idea.configurations) for idea in ideas),
        n_configurations=len(configurations),
        n_beside=sum(c.role == "beside" for c in configurations),
        n_comparisons=family.count(in_recipe=True),
        n_alone=family.count(in_recipe=False),
        critical=f"{family.critical:.2f}",
        critical_alone=f"{family.critical_alone:.2f}",
        reach=_reach(family),
        users=", ".join(f"{len(figures.user_ids[view])} ({HEADINGS[view]})" for view in figures.user_ids),
        verdicts=_verdicts(ideas, family),
        recipes=_recipes(figures),
        cold=_cold(figures),
        sections="\n\n".join(_section(idea, family) for idea in ideas),
        recency=_recency(figures, interactions, seed),
    )


def one_day_users(interactions: UserItemMatrix) -> np.ndarray:
    """Ids of the users whose ratings all lie within 24 hours."""
    starts = interactions.ratings.indptr[:-1]
    first = np.minimum.reduceat(interactions.timestamps, starts)
    last = np.maximum.reduceat(interactions.timestamps, starts)
    return interactions.user_ids[last - first < _DAY]


def _reach(family: Family) -> str:
    """The median reach of the intervals on warm in recipes, of differences that are not 0 for everybody."""
    reaches = [d.ci_high - d.mean for d in family.differences if d.in_recipe and d.view == "warm"]
    return number(float(np.median([reach for reach in reaches if reach > 0] or [0.0])))


def _verdicts(ideas: Sequence[Idea], family: Family) -> str:
    rows = []
    for idea in ideas:
        if any(c.role != "beside" for c in idea.configurations):
            found = outcome(idea, family)
            rows.append((idea.title, str(len(idea.configurations)), found.word, found.why))
    return Table(("idea", "tried", "verdict", "NDCG@10, difference"), tuple(rows)).markdown().replace("---:", "---")


def _recipes(figures: Figures) -> str:
    rows = []
    for text, column in _LEVELS:
        means = (figures.ndcg[view].get(column) for view in VIEWS)
        rows.append((text, *(ABSENT if found is None else number(float(found.mean())) for found in means)))
    return Table(("NDCG@10", *(HEADINGS[view] for view in VIEWS)), tuple(rows)).markdown()


def _cold(figures: Figures) -> str:
    columns = figures.ndcg.get(COLD, {})
    rows = tuple((name, number(float(found.mean()))) for name, found in columns.items())
    return Table(("NDCG@10", HEADINGS[COLD]), rows).markdown() if rows else "Cold titles are not part of this run."


def _section(idea: Idea, family: Family) -> str:
    views = views_of(idea)
    texts = [f"### {idea.title}"]
    if idea.note:
        texts.append(idea.note)
    for in_recipe, heading in ((True, "{} − {}"), (False, "{} − {}, alone")):
        rows = []
        for configuration in idea.configurations:
            found = family.of(configuration, in_recipe=in_recipe)
            if found:
                name = heading.format(configuration.name, configuration.against.name)
                rows.append((name, *(difference.text for difference in found)))
        if rows:
            first = "in the recipe" if in_recipe else "the part by itself"
            texts.append(Table((first, *(HEADINGS[view] for view in views)), tuple(rows)).markdown())
    return "\n\n".join(texts)


def _recency(figures: Figures, interactions: UserItemMatrix, seed: int) -> str:
    """The recency of the history on ``by_time``, for people of one day and for the others."""
    columns, user_ids = figures.ndcg["by_time"], figures.user_ids["by_time"]
    pairs = [(name, against) for name, against in _RECENCY if name in columns and against in columns]
    if not pairs:
        return "Not measured in this run."
    of_one_day = np.isin(user_ids, one_day_users(interactions))
    groups = (("all ratings within a day", of_one_day), ("longer", ~of_one_day))
    series = [
        Series((columns[name] - columns[against])[group], user_ids[group])
        for name, against in pairs
        for _, group in groups
        if group.any()
    ]
    if len(series) < len(pairs) * len(groups):
        return "Not measured in this run."
    found = simultaneous_means(series, seed=seed)
    cells = [
        f"{number(mean, '+')} [{number(low, '+')}, {number(high, '+')}]"
        for mean, low, high in zip(found.mean.tolist(), found.ci_low.tolist(), found.ci_high.tolist(), strict=True)
    ]
    rows = tuple((f"{name} − {against}", *cells[2 * num : 2 * num + 2]) for num, (name, against) in enumerate(pairs))
    heads = tuple(f"{text} ({int(group.sum())} users)" for text, group in groups)
    return Table((HEADINGS["by_time"], *heads), rows).markdown()


_LEVELS = (
    *((f"recipe: {recipe.name}", recipe.name) for recipe in (PLAIN, WITH_FEATURES, FULL)),
    ("popularity alone", "popularity alone"),
    ("user-kNN alone", "user-kNN alone"),
    ("content alone, without titles", alone("content", PLAIN.name)),
    ("ALS alone", alone("als", PLAIN.name)),
    ("EASE alone, without features", alone("ease", PLAIN.name)),
    ("EASE alone, with features", alone("ease", WITH_FEATURES.name)),
    ("EASE alone, with features and title words", alone("ease", "title words weigh 0.3 in EASE")),
)
_RECENCY = (
    ("recent history, both, .5 and 20", PLAIN.name),
    ("recent history, all defaults, .5 and 20", FULL.name),
)
