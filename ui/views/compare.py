"""The three models side by side for one person."""

from collections.abc import Mapping
from typing import Final

import streamlit as st

from serving.schemas import ListOptions, ModelName, RecommendationsResponse
from ui.cards import page_html, row_html
from ui.notices import show_heading, show_notice
from ui.rows import show_html
from ui.session import api, make_cards
from ui.views.choosing import LABELS, choose_user, refuse_user

__all__ = ["overlap_notes", "show"]

_LENGTH: Final = 10
_ABOUT: Final[dict[ModelName, str]] = {
    "hybrid": "both, weighted for this person",
    "als": "people with the same taste",
    "content": "genres, themes, years, words",
}


def show() -> None:
    """Three lists; what is in several of them is marked."""
    show_heading("Compare the models", "The same person, asked three times. What several models agree on is marked.")
    user_id = choose_user()
    if user_id is None:
        refuse_user()
        return
    lists = {model: api().recommend(user_id, ListOptions(k=_LENGTH, model=model, explain=True)) for model in LABELS}
    if lists["hybrid"].path == "cold":
        show_notice(
            f"User {user_id} is new here", "Nothing is known of this person yet: these lists suit newcomers.", "✶"
        )
    ids = {model: [movie.movie_id for movie in answer.items] for model, answer in lists.items()}
    st.html(page_html("facts.html", facts=_facts(ids)))
    for column, (model, answer) in zip(st.columns(3, gap="medium"), lists.items(), strict=True):
        with column:
            _show_list(model, answer, overlap_notes(model, ids))


def overlap_notes(model: ModelName, ids: Mapping[ModelName, list[int]]) -> dict[int, str]:
    """By movie_id, for titles of ``model`` that other lists have too: where they are there."""
    notes = {}
    for movie_id in ids[model]:
        others = [
            f"{LABELS[other]} #{listed.index(movie_id) + 1}"
            for other, listed in ids.items()
            if other != model and movie_id in listed
        ]
        if others:
            notes[movie_id] = f"also {' and '.join(others)}"
    return notes


def _facts(ids: Mapping[ModelName, list[int]]) -> list[dict[str, str]]:
    kinds = {model: set(listed) for model, listed in ids.items()}
    in_all = len(set.intersection(*kinds.values()))
    pairs: tuple[tuple[ModelName, ModelName], ...] = (("hybrid", "als"), ("hybrid", "content"), ("als", "content"))
    facts = [{"value": str(in_all), "text": "in all three lists", "kind": "accent"}]
    facts += [
        {"value": str(len(kinds[one] & kinds[other])), "text": f"in {LABELS[one]} and {LABELS[other]}", "kind": ""}
        for one, other in pairs
    ]
    return [*facts, {"value": str(len(set.union(*kinds.values()))), "text": "different films in all", "kind": ""}]


def _show_list(model: ModelName, answer: RecommendationsResponse, notes: dict[int, str]) -> None:
    cards = make_cards(answer.items, path=answer.path, notes=notes)
    html = row_html(model, cards, heading=LABELS[model], subtitle=_ABOUT[model], form="list")
    show_html(f"compare_{model}", html)
