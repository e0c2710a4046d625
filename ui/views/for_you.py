"""A known person's page: what the model chose for them, and why."""

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from statistics import fmean
from typing import Final

import streamlit as st

from serving import schemas
from ui.cards import Card, hero_html, row_html
from ui.client import ApiRefusedError
from ui.notices import show_notice
from ui.rows import show_html
from ui.session import api, catalogue, forget_catalogue, make_cards, say_seen, send_event
from ui.titles import shown_title
from ui.views.choosing import LABELS, choose_options, choose_user, refuse_user

__all__ = ["show"]

_LENGTH: Final = 20
_HISTORY: Final = {"ratings": "ratings", "counts": "history", "events": "history"}
_SAY: Final = {"ratings": "Rate a title", "counts": "Give a title a heart", "events": "Give a title a heart"}


def show() -> None:
    """Rows of posters for the user id in the field."""
    st.html('<h1 class="sr-only">For you</h1>')
    with st.container(horizontal=True, vertical_alignment="bottom", key="controls", gap="medium"):
        user_id = choose_user()
        options = choose_options(_LENGTH)
    if user_id is None:
        refuse_user()
        return
    kind = catalogue().rating_scale.kind
    person = api().user(user_id)
    try:
        listed = api().recommend(user_id, options)
    except ApiRefusedError as error:
        if not _say_missing_genre(error, options.genres):
            raise
        return
    if not person.known:
        show_notice(
            f"User {user_id} is new here",
            "Nothing is known of this person yet, so this is what suits newcomers. "
            f"{_SAY[kind]} below, or open the page New here and pick a few: the lists follow at once.",
            "✶",
        )
    if not listed.items:
        show_notice("Nothing fits these filters", "Take a genre away, or widen the years.", "∅")
        return
    _show_lists(user_id, person, listed, options)


def _say_missing_genre(error: ApiRefusedError, genres: list[str]) -> bool:
    """Whether the refusal is of a genre that no title of this catalogue has; the page then says so."""
    for fault in error.faults:
        match fault.where:
            case (_, "genres", int(position)) if position < len(genres):
                forget_catalogue()
                there = fault.message.partition("expected one of ")[2]
                show_notice(
                    f"This catalogue has no titles of {genres[position]}",
                    f"Take it out of the filters{f'; there are titles of {there}' if there else ''}.",
                    "∅",
                )
                return True
    return False


def _show_lists(
    user_id: schemas.Id,
    person: schemas.UserResponse,
    listed: schemas.RecommendationsResponse,
    options: schemas.ListOptions,
) -> None:
    cards = _ranked(make_cards(listed.items, path=listed.path))
    say_seen(user_id, "for_you", cards, listed)
    on_event = partial(send_event, user_id, listed=listed)
    show_html("top", hero_html("top", cards[0], kicker=f"Top pick for user {user_id}", action="rate"), on_event)
    scale = catalogue().rating_scale
    history = _HISTORY[scale.kind]
    paths = {
        "warm": f"from your own {history}",
        "folded_in": f"from your newest {history}",
        "cold": "what newcomers like",
    }
    told = f"{LABELS[listed.model]} model, version {listed.model_version}, {paths[listed.path]}"
    if listed.experiment:
        told += f"; experiment {listed.experiment.experiment}, arm {listed.experiment.arm}"
    show_html(
        "for_you", row_html("for_you", cards[1:] or cards, heading="For you", subtitle=told, action="rate"), on_event
    )
    shown = {movie.movie_id for movie in listed.items}
    rated = [movie.movie_id for movie in person.items]  # of somebody with more than MAX_IDS ratings, the best
    for number, liked in enumerate(_anchors(person.items, scale)):
        _show_because(f"because_{number}", liked, user_id, rated, shown)
    _show_new(user_id, options, shown)
    _show_unrated(user_id, options)
    _show_popular(user_id, rated)
    first = {"ratings": ", best first", "counts": ", most often first", "events": ""}[scale.kind]
    given = "star" if scale.kind == "ratings" else "heart"
    _show_row(
        user_id,
        "rated",
        make_cards(person.items[:_LENGTH]),
        heading=f"Your {history}",
        subtitle=f"{person.n_ratings:,} in all{first}; a new {given} changes the lists above",
    )


def _show_row(
    user_id: schemas.Id,
    name: str,
    cards: list[Card],
    *,
    heading: str,
    subtitle: str,
    listed: schemas.RecommendationsResponse | None = None,
) -> None:
    """A row whose impressions and clicks are told alike; ``listed`` is the answer, if it was made for this person."""
    if not cards:
        return
    ranked = _ranked(cards)
    say_seen(user_id, name, ranked, listed)
    html = row_html(name, ranked, heading=heading, subtitle=subtitle, action="rate")
    show_html(name, html, partial(send_event, user_id, listed=listed))


def _ranked(cards: Iterable[Card]) -> list[Card]:
    """With the place that each one has in its list."""
    return [replace(card, rank=rank) for rank, card in enumerate(cards, 1)]


def _anchors(rated: list[schemas.RatedMovie], scale: schemas.RatingScale) -> list[schemas.RatedMovie]:
    """Two of the titles rated above the person's own mean, of different kinds where there are some; best first.

    Events are all alike: any of them will do.
    """
    mean = fmean(movie.rating for movie in rated) if rated and scale.kind != "events" else 0.0
    best = [movie for movie in rated if movie.rating > mean][:_LENGTH]
    other = [movie for movie in best[1:] if not set(movie.genres) & set(best[0].genres)]
    return best[:1] + (other or best[1:])[:1]


def _show_because(
    name: str, liked: schemas.RatedMovie, user_id: schemas.Id, rated: list[schemas.Id], shown: set[schemas.Id]
) -> None:
    near = api().similar(liked.movie_id, k=60)
    known = shown.union(rated)
    new = [movie for movie in near.items if movie.movie_id not in known][:_LENGTH]
    shown.update(movie.movie_id for movie in new)
    heading = f"Because you liked {shown_title(liked.title, liked.year).name}"
    _show_row(user_id, name, make_cards(new), heading=heading, subtitle="most alike first")


def _show_new(user_id: schemas.Id, options: schemas.ListOptions, shown: set[schemas.Id]) -> None:
    """Further from the beaten track: diverse, and none of what is above."""
    exclude = sorted(shown)[: schemas.MAX_IDS]
    wide = options.model_copy(update={"diversity": 0.7, "exclude": exclude})
    listed = api().recommend(user_id, wide)
    shown.update(movie.movie_id for movie in listed.items)
    _show_row(
        user_id,
        "new",
        make_cards(listed.items, path=listed.path),
        heading="New to you",
        subtitle="less alike, and none of the above",
        listed=listed,
    )


def _show_unrated(user_id: schemas.Id, options: schemas.ListOptions) -> None:
    """Titles that nobody has rated: in a row of their own, for few have a chance among all others."""
    wanted = options.model_copy(update={"model": "hybrid", "new_titles": _LENGTH, "diversity": 0.0})
    listed = api().recommend(user_id, wanted)
    _show_row(
        user_id,
        "unrated",
        make_cards([movie for movie in listed.items if movie.new], path=listed.path),
        heading="New in the catalogue",
        subtitle="nobody has come across these yet: what is known of them fits you",
        listed=listed,
    )


def _show_popular(user_id: schemas.Id, rated: list[schemas.Id]) -> None:
    request = schemas.RecommendationsRequest(k=_LENGTH, exclude=rated[: schemas.MAX_IDS], explain=True)
    popular = api().recommend_for(request)
    _show_row(
        user_id,
        "popular",
        make_cards(popular.items, path=popular.path),
        heading="Popular",
        subtitle="what newcomers are shown first",
    )
