"""A known person's page: what the model chose for them, and why."""

from functools import partial
from typing import Final

import streamlit as st

from serving import schemas
from ui.cards import hero_html, row_html
from ui.notices import show_notice
from ui.rows import show_html
from ui.session import api, make_cards, say_seen, send_event
from ui.views.choosing import LABELS, choose_options, choose_user, refuse_user

__all__ = ["show"]

_LENGTH: Final = 20
_PATHS: Final = {
    "warm": "from your own ratings",
    "folded_in": "from your newest ratings",
    "cold": "what newcomers like",
}


def show() -> None:
    """Rows of posters for the user id in the field."""
    st.html('<h1 class="sr-only">For you</h1>')
    with st.container(horizontal=True, vertical_alignment="bottom", key="controls", gap="medium"):
        user_id = choose_user()
        options = choose_options(_LENGTH)
    if user_id is None:
        refuse_user()
        return
    person = api().user(user_id)
    listed = api().recommend(user_id, options)
    if not person.known:
        show_notice(
            f"User {user_id} is new here",
            "Nothing is known of this person yet, so this is what suits newcomers. Rate a film below, or open the page "
            "New here and pick a few: the lists follow at once.",
            "✶",
        )
    if not listed.items:
        show_notice("Nothing fits these filters", "Take a genre away, or widen the years.", "∅")
        return
    say_seen(user_id, listed)
    _show_lists(user_id, person, listed, options)


def _show_lists(
    user_id: int,
    person: schemas.UserResponse,
    listed: schemas.RecommendationsResponse,
    options: schemas.ListOptions,
) -> None:
    on_event = partial(send_event, user_id, listed=listed)
    cards = make_cards(listed.items, path=listed.path)
    show_html("top", hero_html("top", cards[0], kicker=f"Top pick for user {user_id}", action="rate"), on_event)
    told = f"{LABELS[listed.model]} model, version {listed.model_version}, {_PATHS[listed.path]}"
    if listed.experiment:
        told += f"; experiment {listed.experiment.experiment}, arm {listed.experiment.arm}"
    show_html(
        "for_you", row_html("for_you", cards[1:] or cards, heading="For you", subtitle=told, action="rate"), on_event
    )
    shown = {movie.movie_id for movie in listed.items}
    rated = {movie.movie_id for movie in person.items}
    for number, liked in enumerate(_anchors(person)):
        _show_because(f"because_{number}", liked, user_id, shown | rated, shown)
    _show_new(user_id, options, shown)
    _show_popular(user_id, rated)
    if person.items:
        html = row_html(
            "rated",
            make_cards(person.items[:_LENGTH]),
            heading="Your ratings",
            subtitle=f"{person.n_ratings:,} in all, best first; a new star changes the lists above",
            action="rate",
        )
        show_html("rated", html, partial(send_event, user_id))


def _anchors(person: schemas.UserResponse) -> list[schemas.RatedMovie]:
    """Two of the best rated titles, of different kinds where there are some."""
    best = [movie for movie in person.items if movie.rating >= 4][:20]
    other = [movie for movie in best[1:] if not set(movie.genres) & set(best[0].genres)]
    return best[:1] + (other or best[1:])[:1]


def _show_because(name: str, liked: schemas.RatedMovie, user_id: int, known: set[int], shown: set[int]) -> None:
    near = api().similar(liked.movie_id, k=60)
    new = [movie for movie in near.items if movie.movie_id not in known][:_LENGTH]
    new = [movie.model_copy(update={"rank": rank}) for rank, movie in enumerate(new, 1)]
    if not new:
        return
    shown.update(movie.movie_id for movie in new)
    heading = f"Because you liked {make_cards([liked])[0].name}"
    html = row_html(name, make_cards(new), heading=heading, subtitle="most alike first", action="rate")
    show_html(name, html, partial(send_event, user_id))


def _show_new(user_id: int, options: schemas.ListOptions, shown: set[int]) -> None:
    """Further from the beaten track: diverse, and none of what is above."""
    exclude = sorted(shown)[: schemas.MAX_IDS]
    wide = options.model_copy(update={"diversity": 0.7, "exclude": exclude})
    listed = api().recommend(user_id, wide)
    if listed.items:
        say_seen(user_id, listed)
        shown.update(movie.movie_id for movie in listed.items)
        html = row_html(
            "new",
            make_cards(listed.items, path=listed.path),
            heading="New to you",
            subtitle="less alike, and none of the above",
            action="rate",
        )
        show_html("new", html, partial(send_event, user_id, listed=listed))


def _show_popular(user_id: int, rated: set[int]) -> None:
    request = schemas.RecommendationsRequest(k=_LENGTH, exclude=sorted(rated)[: schemas.MAX_IDS], explain=True)
    popular = api().recommend_for(request)
    if popular.items:
        html = row_html(
            "popular",
            make_cards(popular.items, path=popular.path),
            heading="Popular",
            subtitle="what newcomers are shown first",
            action="rate",
        )
        show_html("popular", html, partial(send_event, user_id))
