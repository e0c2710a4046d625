"""Somebody new: pick a few titles, and get recommendations at once."""

from typing import Final

import streamlit as st

from serving import schemas
from ui.cards import hero_html, page_html, row_html
from ui.client import ApiNotFoundError, ApiRefusedError
from ui.notices import show_heading, show_notice
from ui.rows import CardEvent, show_html
from ui.session import api, catalogue, ids_in_address, keep_ids, make_cards
from ui.titles import with_year
from ui.views.choosing import search_text

__all__ = ["show"]

_LENGTH: Final = 20
_QUESTIONS: Final = 10
_LISTS: Final = {"like": "liked", "dislike": "disliked", "unseen": "unseen"}


def show() -> None:
    """Search, questions, picks and the list for them; the picks are in the page's address."""
    or_not = ", or do not" if catalogue().rating_scale.kind == "ratings" else ""
    show_heading(
        "New here?",
        f"Pick a few titles that you like{or_not}: the list follows each pick. Nothing is stored; the picks are in "
        "the address of this page, so you can keep or share it.",
    )
    query = search_text()
    if query:
        _show_found(query)
    picks, n_unknown = _picks_in_address()
    _show_picks(picks)
    if n_unknown:
        are = "titles in the address are" if n_unknown > 1 else "title in the address is"
        st.caption(f"{n_unknown} {are} not in this catalogue, and left out.")
    try:
        _show_answers(picks)
    except ApiRefusedError:
        _titles().clear()  # another catalogue may be served by now
        raise


def _show_answers(picks: dict[str, list[schemas.Movie]]) -> None:
    """The list for the picks first, or before there are some, the questions."""
    ids = {name: [movie.movie_id for movie in movies] for name, movies in picks.items()}
    if ids["liked"] or ids["disliked"]:
        _show_list(ids)
        _show_questions(ids)
    else:
        _show_questions(ids)
        _show_list(ids)


def _titles() -> dict[schemas.Id, schemas.Movie]:
    """Titles of the picks, asked for once per visit."""
    found: dict[schemas.Id, schemas.Movie] = st.session_state.setdefault("titles_of_picks", {})
    return found


def _picks_in_address() -> tuple[dict[str, list[schemas.Movie]], int]:
    """What the address says was liked, disliked and not seen; and how many of its ids the catalogue does not have.

    What is liked is not disliked, too: an address may say both, the API takes one.
    """
    ids = {name: ids_in_address(name) for name in _LISTS.values()}
    ids["disliked"] = [movie_id for movie_id in ids["disliked"] if movie_id not in ids["liked"]]
    titles = _titles()
    unknown = set()
    for movie_id in {movie_id for listed in ids.values() for movie_id in listed} - set(titles):
        try:
            titles[movie_id] = api().movie(movie_id)
        except ApiNotFoundError:  # an id of another catalogue
            unknown.add(movie_id)
    picks = {name: [titles[movie_id] for movie_id in listed if movie_id in titles] for name, listed in ids.items()}
    return picks, len(unknown)


def _on_event(event: CardEvent) -> None:
    if event.kind not in {*_LISTS, "remove"}:
        return
    for name in _LISTS.values():
        keep_ids(name, [movie_id for movie_id in ids_in_address(name) if movie_id != event.movie_id])
    if event.kind in _LISTS:
        name = _LISTS[event.kind]
        keep_ids(name, [*ids_in_address(name), event.movie_id])


def _show_found(query: str) -> None:
    found = api().search(query, k=12)
    if not found.items:
        show_notice("No title of that name", "Try fewer letters, or another part of it.", "∅")
        return
    html = row_html("found", make_cards(found.items), heading="Found", subtitle=f"for “{query}”", action="taste")
    show_html("found", html, _on_event)


def _show_picks(picks: dict[str, list[schemas.Movie]]) -> None:
    named = [
        {"taste": taste, "movie_id": movie.movie_id, "title": with_year(movie)}
        for taste in ("liked", "disliked")
        for movie in picks[taste]
    ]
    if named:
        show_html("picks", page_html("picks.html", picks=named), _on_event)


def _show_list(picks: dict[str, list[schemas.Id]]) -> None:
    request = schemas.RecommendationsRequest(liked=picks["liked"], disliked=picks["disliked"], k=_LENGTH, explain=True)
    listed = api().recommend_for(request)
    cards = make_cards(listed.items, path=listed.path)
    if not cards:
        return
    if listed.path == "cold":
        html = row_html("list", cards, heading="Popular", subtitle="before you have picked anything", action="taste")
        show_html("list", html, _on_event)
        return
    show_html("top", hero_html("top", cards[0], kicker="Top pick for you", action="taste"), _on_event)
    n_picks = len(picks["liked"]) + len(picks["disliked"])
    subtitle = f"from {n_picks} pick{'s' if n_picks > 1 else ''}, model version {listed.model_version}"
    show_html(
        "list", row_html("list", cards[1:] or cards, heading="For you", subtitle=subtitle, action="taste"), _on_event
    )


def _show_questions(picks: dict[str, list[schemas.Id]]) -> None:
    said = schemas.OnboardingRequest(
        liked=picks["liked"], disliked=picks["disliked"], unseen=picks["unseen"], n=_QUESTIONS
    )
    asked = api().ask_next(said)
    if asked.items:
        html = row_html(
            "asked",
            make_cards(asked.items),
            heading="We ask you",
            subtitle="the answers that tell most about a taste",
            action="ask",
        )
        show_html("asked", html, _on_event)
