"""What a visit shares between pages: the API, the posters, ids in the address, and feedback."""

import logging
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Final

import streamlit as st
from pydantic import SecretStr

from serving import schemas
from ui.cards import Card, cards_of
from ui.client import HOW_TO_MAKE_ONE, ApiClient, ApiError, ApiNotReadyError
from ui.ids import ids_of_words, word_of
from ui.rows import CardEvent
from ui.settings import PageSettings
from ui.stars import in_words, rating_of, said_of, shown_value
from ui.tmdb import ArtCache, Artwork, TmdbClient

__all__ = [
    "api",
    "artwork",
    "begin_run",
    "catalogue",
    "forget_catalogue",
    "ids_in_address",
    "keep_ids",
    "make_cards",
    "say_seen",
    "send_event",
    "settings",
]

_LOG: Final = logging.getLogger(__name__)
_MOST_IDS: Final = 200


def settings() -> PageSettings:
    """The environment, read anew for each look at the page."""
    return PageSettings.from_environment()


@st.cache_resource(show_spinner=False)
def _client(url: str) -> ApiClient:
    return ApiClient(url)


@st.cache_resource(show_spinner=False)
def _artwork(home: str, tmdb_api_url: str, _key: SecretStr | None) -> Artwork:
    client = TmdbClient(_key, tmdb_api_url) if _key else None  # "_": Streamlit never hashes or shows the key
    return Artwork(client, ArtCache(Path(home) / "tmdb" / "art.sqlite"))


@st.cache_resource(show_spinner=False)
def _messenger() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, thread_name_prefix="feedback")


def api() -> ApiClient:
    """The API; one client for all visits."""
    return _client(settings().api_url)


def catalogue() -> schemas.ServedModel:
    """What is served, and what people say there; asked once a visit. ApiNotReadyError without a model."""
    if "catalogue" not in st.session_state:
        served = api().models().served
        if not served:
            raise ApiNotReadyError(f"The recommender runs without a model. {HOW_TO_MAKE_ONE}")
        st.session_state["catalogue"] = served[0]
    found: schemas.ServedModel = st.session_state["catalogue"]
    return found


def forget_catalogue() -> None:
    """Another model may be served by now: ask again at the next look."""
    st.session_state.pop("catalogue", None)


def artwork() -> Artwork:
    """TMDB's pictures; one cache for all visits."""
    given = settings()
    return _artwork(str(given.home), given.tmdb_api_url, given.tmdb_key)


def begin_run() -> None:
    """A page is made anew: its rows together wait for TMDB once."""
    st.session_state.pop("art_deadline", None)
    st.session_state.pop("has_tmdb", None)


def make_cards(
    movies: Iterable[schemas.Movie], *, path: schemas.Path | None = None, notes: dict[schemas.Id, str] | None = None
) -> list[Card]:
    """Cards of movies, with posters where there are some."""
    listed = list(movies)
    if "art_deadline" not in st.session_state:
        st.session_state["art_deadline"] = artwork().deadline()
    if any(movie.tmdb_id for movie in listed):
        st.session_state["has_tmdb"] = True
    art = artwork().find((movie.tmdb_id for movie in listed), st.session_state["art_deadline"])
    scale = catalogue().rating_scale
    cards = cards_of(listed, art, images=settings().tmdb_image_url, path=path, notes=notes)
    return [
        replace(card, kind=scale.kind)
        if card.rating is None
        else replace(card, kind=scale.kind, said=said_of(card.rating, scale), value=shown_value(card.rating, scale))
        for card in cards
    ]


def ids_in_address(name: str) -> list[schemas.Id]:
    """Ids of titles in the page's address, such as ``?liked=1,260``; what cannot be one in the data is left out."""
    ids = ids_of_words(str(st.query_params.get(name, "")))
    if ids and catalogue().item_ids == "integer":
        ids = [one for one in ids if isinstance(one, int)]
    return ids[:_MOST_IDS]


def keep_ids(name: str, ids: Sequence[schemas.Id]) -> None:
    """Put ids of titles into the page's address."""
    if ids:
        st.query_params[name] = ",".join(map(word_of, list(ids)[-_MOST_IDS:]))
    elif name in st.query_params:
        del st.query_params[name]


def say_seen(
    user_id: schemas.Id, row: str, cards: Sequence[Card], listed: schemas.RecommendationsResponse | None = None
) -> None:
    """Tell the API once per list that its titles were shown, without waiting for it.

    listed  the answer that the cards are, if it was made for this person: only its rows may count for an experiment
    """
    told: set[tuple[object, ...]] = st.session_state.setdefault("told", set())
    origin = _origin(listed)
    what = (user_id, row, *origin.items(), *((card.movie_id, card.rank) for card in cards))
    if not cards or what in told:
        return
    told.add(what)
    events: list[schemas.Event] = [
        schemas.SeenEvent(kind="impression", movie_id=card.movie_id, rank=card.rank, **origin) for card in cards
    ]
    _messenger().submit(api().send_feedback, user_id, events).add_done_callback(_log_failure)


def send_event(user_id: schemas.Id, event: CardEvent, listed: schemas.RecommendationsResponse | None = None) -> None:
    """Pass a click or a rating on; a rating is waited for, since the next list must know it."""
    origin = _origin(listed)
    if event.kind == "click":
        clicked = schemas.SeenEvent(kind="click", movie_id=event.movie_id, rank=event.rank, **origin)
        _messenger().submit(api().send_feedback, user_id, [clicked]).add_done_callback(_log_failure)
    elif event.kind == "rating" and event.value is not None:
        try:
            scale = catalogue().rating_scale
            rating = rating_of(event.value, scale)
            rated = schemas.RatingEvent(
                kind="rating", movie_id=event.movie_id, rank=event.rank, rating=rating, **origin
            )
            api().send_feedback(user_id, [rated])
            st.session_state["said"] = f"Thank you: {in_words(event.value, scale)}. The lists know it now."
        except ApiError as error:
            _LOG.warning("a rating was not kept: %s", error)
            st.session_state["said"] = "That could not be kept this time."


def _origin(listed: schemas.RecommendationsResponse | None) -> dict[str, str]:
    """Model and arm of an answer for one person; of other lists nothing is said."""
    if listed is None:
        return {}
    arm = listed.experiment
    return {"model_version": listed.model_version, **({"experiment": arm.experiment, "arm": arm.arm} if arm else {})}


def _log_failure(done: Future[schemas.FeedbackResponse]) -> None:
    if (error := done.exception()) is not None:
        _LOG.warning("feedback was not kept: %s", error)
