"""Rows on the page: HTML in, what a person does with a card out."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import streamlit as st

from serving.schemas import Id, read_id

__all__ = ["CardEvent", "show_html", "show_style"]

_LOOK: Final = Path(__file__).parent / "look"
_ROWS: Final = st.components.v2.component(
    "rows_of_cards", js=(_LOOK / "rows.js").read_text(encoding="utf-8"), isolate_styles=False
)
_KINDS: Final = {"click", "rating", "like", "dislike", "unseen", "pick", "remove"}


@dataclass(frozen=True, slots=True)
class CardEvent:
    """What a person did with a card: ``value`` are the stars of a rating, or a heart given (1) or taken back (0)."""

    kind: str
    movie_id: Id
    rank: int | None = None
    value: float | None = None

    @classmethod
    def read(cls, sent: Any) -> "CardEvent | None":
        """The browser's message; None for anything that the page's own cards do not send."""
        if not isinstance(sent, dict) or sent.get("kind") not in _KINDS:
            return None
        movie_id, rank, value = read_id(str(sent.get("movie_id", ""))), sent.get("rank"), sent.get("value")
        if movie_id is None:
            return None
        return cls(
            kind=sent["kind"],
            movie_id=movie_id,
            rank=rank if isinstance(rank, int) and 1 <= rank <= 10_000 else None,
            value=float(value) if isinstance(value, int | float) and 0 <= value <= 10 else None,
        )


def show_html(key: str, html: str, on_event: Callable[[CardEvent], None] | None = None) -> None:
    """Show escaped HTML of cards; ``on_event`` runs before the page is made again."""

    def call() -> None:
        event = CardEvent.read(st.session_state[key].event)
        if event is not None and on_event is not None:
            on_event(event)

    _ROWS(key=key, data={"html": html}, on_event_change=call)


def show_style() -> None:
    """The style sheet, once per page."""
    st.html(f"<style>{(_LOOK / 'page.css').read_text(encoding='utf-8')}</style>")
