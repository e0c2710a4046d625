"""Titles like one title."""

from typing import Final

import streamlit as st

from serving import schemas
from ui.cards import hero_html, row_html
from ui.client import ApiNotFoundError
from ui.notices import show_heading, show_notice
from ui.rows import CardEvent, show_html
from ui.session import api, ids_in_address, keep_ids, make_cards
from ui.views.choosing import search_text

__all__ = ["show"]

_LENGTH: Final = 24


def show() -> None:
    """Search, pick, and what is like it; the pick is in the page's address (``?movie=260``)."""
    show_heading("Similar titles", "Find a title, and see what is most like it.")
    query = search_text()
    if query:
        _show_choice(f"for “{query}”", "Found", api().search(query, k=12).items)
    picked = ids_in_address("movie")
    if picked:
        _show_similar(picked[0])
    elif not query:
        popular = api().recommend_for(schemas.RecommendationsRequest(k=_LENGTH))
        _show_choice("or search above", "Start with one of these", popular.items)


def _on_event(event: CardEvent) -> None:
    if event.kind == "pick":
        keep_ids("movie", [event.movie_id])
        st.session_state["q"] = ""


def _show_choice(subtitle: str, heading: str, movies: list[schemas.Movie] | list[schemas.RecommendedMovie]) -> None:
    if not movies:
        show_notice("No title of that name", "Try fewer letters, or another part of it.", "∅")
        return
    plain = [schemas.Movie.model_validate(movie.model_dump()) for movie in movies]  # scores mean nothing here
    html = row_html("choice", make_cards(plain), heading=heading, subtitle=subtitle, action="pick")
    show_html("choice", html, _on_event)


def _show_similar(movie_id: schemas.Id) -> None:
    try:
        answer = api().similar(movie_id, k=_LENGTH)
    except ApiNotFoundError:
        show_notice("This title is not in the catalogue", "Search for another one above.", "∅")
        return
    (card,) = make_cards([answer.movie])
    show_html("picked", hero_html("picked", card, kicker="Titles like"), _on_event)
    html = row_html(
        "similar",
        make_cards(answer.items),
        heading=f"Most like {card.name}",
        subtitle=f"model version {answer.model_version}",
        action="pick",
        form="grid",
    )
    show_html("similar", html, _on_event)
