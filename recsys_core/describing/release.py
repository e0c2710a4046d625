"""The released model and its recommendations, in brief."""

import numpy as np

from recsys_core.bundle import ListOptions, ModelBundle, Recommendations
from recsys_core.dataset.ids import Id
from recsys_core.describing.description import Description, Rows
from recsys_core.evaluation import Evaluation
from recsys_core.sources.table import source_named

__all__ = ["describe_bundle", "describe_recommendations", "release_in_words"]

_TITLE_COLUMNS = {"item_id": ("id", "title"), "title": ("text", "as in movies")}
_SHOWN_PEOPLE = 3


def describe_bundle(bundle: ModelBundle) -> Description:
    titles = bundle.titles
    return Description(
        len(titles.item_ids),
        _TITLE_COLUMNS,
        [(title.movie_id, title.title) for title in titles.all[:5]],
        {
            "n_ratings": bundle.known.n_ratings,
            "n_users": bundle.known.n_users,
            "n_items": bundle.model.n_items,
            "n_items_without_ratings": len(bundle.model.cold_item_ids),
        },
    )


def release_in_words(bundle: ModelBundle, evaluation: Evaluation) -> str:
    """What the model is made of, and how good its twin, fitted without the test users, is; one paragraph."""
    known, reference, k = bundle.known, evaluation.parameters.reference, evaluation.parameters.ks[0]
    found, names = evaluation.metrics().get(reference) or {}, (f"ndcg@{k}", f"recall@{k}", f"coverage@{k}")
    figures = ", ".join(f"{name} {found[name].mean:.4f}" for name in names if name in found)
    *others, last = (source_named(name).label for name in bundle.model.sources)
    blended = f"{', '.join(others)} and {last}"
    return (
        f"{reference.capitalize()} of {blended}, fitted on all {known.n_ratings:,} "
        f"ratings of {known.n_items:,} titles by {known.n_users:,} people (data "
        f"{bundle.metadata.get('data_fingerprint', 'unknown')}). Its twin, fitted without the "
        f"{evaluation.n_users:,} test users, has {figures} on them."
    )


def describe_recommendations(recommendations: Recommendations, bundle: ModelBundle) -> Description:
    """With the lists of people with short, middling and long histories, for a person to judge."""
    table = recommendations.table
    order = np.argsort(np.diff(bundle.known.ratings.indptr), kind="stable")
    places = np.linspace(0, len(order) - 1, _SHOWN_PEOPLE).astype(int)
    people = bundle.known.users.names_of(bundle.known.user_ids[order[np.unique(places)]])
    return Description(
        table.num_rows,
        {field.name: (str(field.type), "") for field in table.schema},
        [list(row.values()) for row in table.slice(0, 5).to_pylist()],
        {"distinct_titles": len(table["movie_id"].unique())},
        {f"user_{user_id}": _for_a_person(bundle, user_id) for user_id in people},
    )


def _for_a_person(bundle: ModelBundle, user_id: Id) -> Rows:
    """Favourites and recommendations side by side."""
    ratings = bundle.ratings_of(user_id)
    favourites = sorted(ratings, key=lambda item_id: -ratings[item_id])[:10]
    answer = bundle.recommend_for_user(user_id, ListOptions(explain=True))
    liked = [bundle.titles.all[bundle.titles.place_of(item_id)].title for item_id in favourites]
    return ["rated highest", "recommended", "because of"], [
        (
            liked[i] if i < len(liked) else "",
            item.title,
            ", ".join(reason.title for reason in (item.because or ())[:2]),
        )
        for i, item in enumerate(answer.items)
    ]
