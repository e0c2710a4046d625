"""Messages in the page's own look."""

import streamlit as st

from ui.cards import page_html

__all__ = ["show_heading", "show_notice"]


def show_notice(heading: str, text: str, sign: str = "!") -> None:
    """A framed message that a person can act on; what is between `backticks` is a command."""
    st.html(page_html("notice.html", heading=heading, text=text, sign=sign))


def show_heading(heading: str, text: str = "") -> None:
    """The page's title and a line below it."""
    st.html(page_html("heading.html", heading=heading, text=text))
