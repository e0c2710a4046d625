"""The pages and what is around each of them."""

import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

import streamlit as st

from ui import session
from ui.cards import page_html
from ui.client import ApiBrokenError, ApiBusyError, ApiError, ApiNotReadyError, ApiUnreachableError
from ui.notices import show_notice
from ui.rows import show_style
from ui.tmdb import ATTRIBUTION
from ui.views import compare, for_you, model, new_here, similar

__all__ = ["PAGES", "run", "show_page"]

_LOG: Final = logging.getLogger(__name__)
_MOVIELENS: Final = "movielens"  # whose terms of use ask for being named
_LOOK: Final = Path(__file__).parent / "look"
PAGES: Final[dict[str, tuple[str, str, Callable[[], None]]]] = {
    "for_you": ("For you", ":material/recommend:", for_you.show),
    "new_here": ("New here", ":material/waving_hand:", new_here.show),
    "similar": ("Similar titles", ":material/join_inner:", similar.show),
    "compare": ("Compare", ":material/view_column:", compare.show),
    "model": ("Model", ":material/monitoring:", model.show),
}
"""Path in the address → title, icon and function; the first one is at the root."""


def run() -> None:
    """Show the page that the address asks for."""
    st.set_page_config(page_title="Recommendations", page_icon="🧡", layout="wide", initial_sidebar_state="collapsed")
    st.logo(str(_LOOK / "logo.svg"), size="large")
    first = next(iter(PAGES))
    pages = [
        st.Page(partial(show_page, path), title=title, icon=icon, url_path=path, default=path == first)
        for path, (title, icon, _) in PAGES.items()
    ]
    st.navigation(pages, position="top").run()


def show_page(path: str) -> None:
    """One page with style and foot; what the API cannot do becomes a message."""
    session.begin_run()
    show_style()
    if said := st.session_state.pop("said", None):
        st.toast(said, duration="long")  # ten seconds: four are short for who reads slowly, or waits for the lists
    try:
        PAGES[path][2]()
    except ApiError as error:
        _LOG.warning("%s: %s", path, error)
        session.forget_catalogue()
        show_notice(_headline(error), str(error))
        st.button("Try again", key="again")
    posters, active = st.session_state.get("has_tmdb", False), session.artwork().active
    movielens = "catalogue" in st.session_state and session.catalogue().dataset == _MOVIELENS
    st.html(
        page_html(
            "foot.html",
            tmdb=posters and active,
            drawn=posters and not active,
            movielens=movielens,
            attribution=ATTRIBUTION,
        )
    )


def _headline(error: ApiError) -> str:
    match error:
        case ApiUnreachableError():
            return "The recommender is away"
        case ApiNotReadyError():
            return "No model yet"
        case ApiBusyError():
            return "The recommender is busy"
        case ApiBrokenError():
            return "Something went wrong"
        case _:
            return "That did not work"
