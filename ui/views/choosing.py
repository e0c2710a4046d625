"""Controls that several pages have."""

from typing import Final

import streamlit as st

from serving.schemas import MAX_ID, Id, ListOptions, ModelName, read_id
from ui.notices import show_notice
from ui.session import catalogue

__all__ = ["LABELS", "choose_options", "choose_user", "refuse_user", "search_text"]

LABELS: Final[dict[ModelName, str]] = {"hybrid": "Hybrid", "als": "ALS", "content": "Content"}
_FIRST: Final[ModelName] = "hybrid"


def choose_user() -> Id | None:
    """The field for the user id (also ``?user=`` in the address); None if it cannot be one in the data."""
    text = st.text_input("User id", value="1", key="user", bind="query-params", width=120, max_chars=MAX_ID) or ""
    name = read_id(text.strip())
    return None if isinstance(name, str) and catalogue().user_ids == "integer" else name


def refuse_user() -> None:
    """Say that what is in the field is no user id."""
    show_notice(
        "That is not a user id",
        "A user id is a whole number, such as 1 or 414. Not in the data yet? Open the page New here.",
        "#",
    )


def choose_options(k: int) -> ListOptions:
    """Model, α, diversity, and the genres and years of a catalogue that has some; each also in the page's address."""
    served = catalogue()
    model = st.segmented_control(
        "Model",
        list(LABELS),
        default=_FIRST,
        required=True,
        format_func=lambda model: LABELS[model],
        key="model",
        bind="query-params",
    )
    alpha = st.slider(
        "Balance α",
        0.0,
        1.0,
        0.5,
        0.05,
        key="alpha",
        bind="query-params",
        width=165,
        disabled=model != "hybrid",
        help="Hybrid only: 0 is content alone, 1 collaborative alone, 0.5 the tuned balance.",
    )
    diversity = st.slider(
        "Diversity",
        0.0,
        1.0,
        0.0,
        0.1,
        key="diversity",
        bind="query-params",
        width=130,
        help="0: best first. Higher: less alike.",
    )
    genres: list[str] = []
    first, last = years = served.years or (0, 0)
    if served.genres or first < last:
        with st.popover("Filters", icon=":material/tune:"):
            if served.genres:
                genres = st.multiselect("Genres (any of)", served.genres, key="genres", bind="query-params")
            if first < last:
                years = st.slider("Years", first, last, years, key="years", bind="query-params")
    return ListOptions(
        k=k,
        model=model,
        alpha=alpha if model == "hybrid" and alpha != 0.5 else None,
        diversity=diversity,
        genres=genres,
        year_from=years[0] if years[0] > first else None,
        year_to=years[1] if years[1] < last else None,
        explain=True,
    )


def search_text() -> str:
    """The box to search titles in; what it holds, without spaces around it."""
    typed = st.text_input(
        "Search a title",
        key="q",
        placeholder="Part of a title; typos do not matter",
        icon=":material/search:",
        max_chars=200,
    )
    return typed.strip()
