"""The table of ideas. To add one: write a function that returns an :class:`Idea`, and put it into ``IDEAS``."""

from collections.abc import Callable
from typing import Any

from bench.ideas.cold_table import cold_additions, cold_controls, cold_titles
from bench.ideas.folds import Source, TagCounting
from bench.ideas.idea import Configuration, Idea, Part, Role
from bench.ideas.recency import AgeDecay, RankDecay, Weighting
from bench.ideas.recipe import FULL, NO_TITLE, PLAIN, WITH_FEATURES, Alone, Recipe, content_groups
from bench.ideas.sources import ALS, EASE, Averaged, Content, LinearVariant, Neighbours, Popularity, als, ease
from recsys_core.sources.ease import EASEParameters

__all__ = ["IDEAS"]


def _change(name: str, part: Part, source: Source, *, against: Recipe = PLAIN, role: Role = "with") -> Configuration:
    changed: dict[str, Any] = {part: source}
    return Configuration(against.but(name, **changed), against, part, role)


def _left_out(what: str, **changes: Any) -> Configuration:
    return Configuration(FULL.but(f"all defaults but {what}", **changes), FULL, role="without")


def features_inside_ease() -> Idea:
    return Idea(
        "Features inside EASE",
        (
            *(
                _change(
                    f"EASE, features weigh {weight:g}",
                    "ease",
                    EASE(ease(feature_weight=weight, group_weights=NO_TITLE)),
                )
                for weight in (1.0, 3.0, 10.0, 30.0)
            ),
            _left_out("features in EASE", ease=EASE(ease())),
        ),
        built=True,
        note="Genres, decades, tags and survey answers join the ratings as further rows.",
    )


def title_words() -> Idea:
    in_ease = (
        _change(
            f"title words weigh {weight:g} in EASE",
            "ease",
            EASE(ease(feature_weight=10.0, group_weights={**NO_TITLE, "title": weight})),
            against=WITH_FEATURES,
        )
        for weight in (0.1, 0.3, 1.0)
    )
    in_content = (
        _change(f"title words weigh {weight:g} in content", "content", Content(content_groups(title=weight)))
        for weight in (0.1, 0.3, 1.0)
    )
    left_out = _left_out("title words", ease=WITH_FEATURES.ease, content=PLAIN.content)
    return Idea(
        "Words of the titles",
        (*in_ease, *in_content, left_out),
        built=True,
        note="TF-IDF of words: sequels and series.",
    )


def rating_power() -> Idea:
    return Idea(
        "Rating power",
        (
            _change("ALS, power 1", "als", ALS(als(rating_power=1.0)), role="without"),
            _change("ALS, power 2", "als", ALS(als(rating_power=2.0)), role="beside"),
            _change("EASE, power 1", "ease", EASE(ease(rating_power=1.0)), role="without"),
            _change("EASE, power 1.5", "ease", EASE(ease(rating_power=1.5)), role="beside"),
            _change("EASE, power 3", "ease", EASE(ease(rating_power=3.0)), role="beside"),
        ),
        built=True,
        note="(rating / maximum)^power; the plain recipe has 3 in ALS and 2 in EASE.",
    )


def confident_zeros() -> Idea:
    return Idea(
        "Confident zeros for disliked titles",
        (
            _change("ALS, dislikes are weak likes", "als", ALS(als(dislike_threshold=None)), role="without"),
            _change("ALS, dislikes count 2", "als", ALS(als(dislike_confidence=2.0))),
            _change("ALS, dislikes count 4", "als", ALS(als(dislike_confidence=4.0))),
            _change("EASE, dislikes are 0", "ease", LinearVariant(ease(), disliked=0.0)),
            _change("EASE, dislikes are −.1", "ease", LinearVariant(ease(), disliked=-0.1)),
            _change("EASE, dislikes are −.3", "ease", LinearVariant(ease(), disliked=-0.3)),
        ),
        built=True,
        note="Ratings below 3. In the plain recipe they are zeros of ALS with the confidence 1 of a pair that nobody "
        "observed, and small positive numbers in EASE.",
    )


def recency_of_the_history() -> Idea:
    strong, mild = RankDecay(0.2, 20.0), RankDecay(0.5, 20.0)
    slow = RankDecay(0.5, 50.0)
    full_ease = EASE(EASEParameters(), history=mild)
    return Idea(
        "Recency of the user's history",
        (
            _change("recent history, EASE, .5 and 20", "ease", EASE(ease(), history=mild)),
            _change("recent history, ALS, .5 and 20", "als", ALS(als(), history=mild)),
            *(
                Configuration(
                    PLAIN.but(f"recent history, both, {text}", ease=EASE(ease(), history=w), als=ALS(als(), history=w)),
                    PLAIN,
                )
                for text, w in ((".2 and 20", strong), (".5 and 20", mild), (".5 and 50", slow))
            ),
            Configuration(
                FULL.but("recent history, all defaults, .5 and 20", ease=full_ease, als=ALS(als(), history=mild)), FULL
            ),
        ),
        built=False,
        note="The r-th newest rating counts f + (1 − f)·exp(−r/τ) when a user is scored; f and τ are given. It asks "
        "for the time of each rating where users are scored: see below.",
    )


def recency_of_training() -> Idea:
    weightings: tuple[tuple[str, Weighting], ...] = (
        *((f"half-life {years:g} years", AgeDecay(years)) for years in (2.0, 5.0, 10.0)),
        ("newest of each user, .5 and 20", RankDecay(0.5, 20.0)),
    )
    return Idea(
        "Recency of training interactions",
        tuple(
            Configuration(
                PLAIN.but(f"recent training, {text}", ease=EASE(ease(), training=w), als=ALS(als(), training=w)), PLAIN
            )
            for text, w in weightings
        ),
        built=False,
        note="In ALS and EASE; the user's own history counts in full.",
    )


def more_factors() -> Idea:
    return Idea(
        "More factors",
        (
            _change("ALS, 32 factors", "als", ALS(als(factors=32)), role="beside"),
            _change("ALS, 64 factors", "als", ALS(als(factors=64)), role="beside"),
            _change("ALS, 256 factors", "als", ALS(als(factors=256))),
        ),
        built=False,
        note="The plain recipe has 128. Some 370 users train each fold; what more factors give on larger data cannot "
        "be seen here.",
    )


def averaged_models() -> Idea:
    seeds = Averaged(tuple(ALS(als(seed=seed)) for seed in range(4)))
    ranks = Averaged(tuple(ALS(als(factors=factors)) for factors in (32, 64, 128, 256)))
    return Idea(
        "Averaging models",
        (
            _change("ALS, 32 to 256 factors", "als", ranks),
            _change("ALS, 4 seeds", "als", seeds),
        ),
        built=False,
        note="Means of z-scores. Four times the work of training and scoring.",
    )


def tags_by_people() -> Idea:
    with_features = ease(feature_weight=10.0, group_weights=NO_TITLE)
    changes = []
    countings: tuple[tuple[str, TagCounting], ...] = (("by people", "people"), ("once", "binary"))
    for text, counting in countings:
        changes += [
            _change(f"tags {text} in content", "content", Content(content_groups(), tags=counting)),
            _change(f"tags {text} in EASE", "ease", EASE(with_features, tags=counting), against=WITH_FEATURES),
        ]
    return Idea(
        "Tags by the number of people",
        tuple(changes),
        built=False,
        note="A tag of a title counts log(1 + times given) in the plain recipe; here log(1 + people), or once. Hardly "
        "anybody gives a title the same tag twice, so times and people are the same.",
    )


def neighbouring_people() -> Idea:
    return Idea(
        "User-kNN for newcomers",
        (
            *(
                Configuration(PLAIN.but(f"neighbours weigh {weight:g}", weights={"neighbours": weight}), PLAIN)
                for weight in (0.3, 0.6, 1.0)
            ),
            _left_out("neighbours", weights={"neighbours": 0.0}),
            Configuration(Alone("user-kNN alone", Neighbours()), PLAIN, role="beside"),
            Configuration(Alone("popularity alone", Popularity()), PLAIN, role="beside"),
        ),
        built=True,
        note="Beside popularity in the prior, behind the gate.",
    )


def steeper_gate() -> Idea:
    tried = ((1.0, 15.0), (1.0, 100.0), (2.0, 25.0), (3.0, 15.0), (3.0, 30.0))
    return Idea(
        "A steeper gate",
        (
            *(
                Configuration(
                    PLAIN.but(f"gate, p = {power:g}, κ = {kappa:g}", weights={"gate_power": power, "kappa": kappa}),
                    PLAIN,
                    role="beside",
                )
                for power, kappa in tried
            ),
            *(
                Configuration(
                    FULL.but(f"all defaults but p = 1, κ = {kappa:g}", weights={"gate_power": 1.0, "kappa": kappa}),
                    FULL,
                    role="without",
                )
                for kappa in (15.0, 40.0, 100.0)
            ),
        ),
        built=True,
        every=True,
        note="α(n) = n^p / (n^p + κ^p); the plain recipe has p = 1, κ = 40, the defaults p = 3, κ = 15. With p = 1 a "
        "larger κ helps newcomers too and is paid by others, so the gate holds only if p = 3 beats every κ tried.",
    )


def linear_variants() -> Idea:
    return Idea(
        "Other penalties of EASE",
        (
            _change("EASE, users weigh n^−.25", "ease", LinearVariant(ease(), user_power=0.25)),
            _change("EASE, dropout .1", "ease", LinearVariant(ease(), dropout=0.1)),
            _change("EASE, dropout .3", "ease", LinearVariant(ease(), dropout=0.3)),
        ),
        built=False,
        note="What dropout gives stands in the view first 3, where the plain recipe still hears EASE. Behind the "
        "defaults' gate EASE has a weight of 1 % there, so there is nothing to build.",
    )


def everything_together() -> Idea:
    return Idea(
        "All defaults together",
        (Configuration(FULL, PLAIN),),
        built=True,
        note="Features and title words in EASE, title words in content, user-kNN, the steep gate.",
    )


IDEAS: tuple[Callable[[], Idea], ...] = (
    features_inside_ease,
    title_words,
    tags_by_people,
    rating_power,
    confident_zeros,
    recency_of_the_history,
    recency_of_training,
    more_factors,
    averaged_models,
    neighbouring_people,
    steeper_gate,
    linear_variants,
    everything_together,
    cold_titles,
    cold_additions,
    cold_controls,
)
