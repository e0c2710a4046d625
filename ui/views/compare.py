"""The hybrid and its sources side by side for one person."""

from collections.abc import Mapping
from typing import Final

import streamlit as st

from serving.schemas import Id, ListOptions, ModelName, RecommendationsResponse
from ui.cards import page_html, row_html
from ui.notices import show_heading, show_notice
from ui.rows import show_html
from ui.session import api, make_cards
from ui.views.choosing import LABELS, choose_user, refuse_user

__all__ = ["overlap_notes", "show"]

_LENGTH: Final = 10
_COMPARED: Final[dict[ModelName, str]] = {**LABELS, "ease": "EASE"}
_ABOUT: Final[dict[ModelName, str]] = {
    "hybrid": "all of them, weighted for this person",
    "als": "people with the same taste",
    "ease": "titles liked together with theirs",
    "content": "what the titles are like",
}


def show() -> None:
    """A list of each model; what is in several of them is marked."""
    show_heading("Compare the models", "The same person, asked of each. What several models agree on is marked.")
    user_id = choose_user()
    if user_id is None:
        refuse_user()
        return
    lists = {model: api().recommend(user_id, ListOptions(k=_LENGTH, model=model, explain=True)) for model in _COMPARED}
    if lists["hybrid"].path == "cold":
        show_notice(
            f"User {user_id} is new here", "Nothing is known of this person yet: these lists suit newcomers.", "✶"
        )
    ids = {model: [movie.movie_id for movie in answer.items] for model, answer in lists.items()}
    st.html(page_html("facts.html", facts=_facts(ids)))
    for column, (model, answer) in zip(st.columns(len(lists), gap="medium"), lists.items(), strict=True):
        with column:
            _show_list(model, answer, overlap_notes(model, ids))


def overlap_notes(model: ModelName, ids: Mapping[ModelName, list[Id]]) -> dict[Id, str]:
    """By movie_id, for titles of ``model`` that other lists have too: where they are there."""
    notes = {}
    for movie_id in ids[model]:
        others = [
            f"{_COMPARED[other]} #{listed.index(movie_id) + 1}"
            for other, listed in ids.items()
            if other != model and movie_id in listed
        ]
        if others:
            notes[movie_id] = f"also {' and '.join(others)}"
    return notes


def _facts(ids: Mapping[ModelName, list[Id]]) -> list[dict[str, str]]:
    kinds = {model: set(listed) for model, listed in ids.items()}
    hybrid = kinds["hybrid"]
    alone = hybrid - set().union(*(kind for model, kind in kinds.items() if model != "hybrid"))
    facts = [{"value": str(len(set.intersection(*kinds.values()))), "text": "in every list", "kind": "accent"}]
    facts += [
        {"value": str(len(hybrid & kind)), "text": f"in {LABELS['hybrid']} and {_COMPARED[model]}", "kind": ""}
        for model, kind in kinds.items()
        if model != "hybrid"
    ]
    facts += [{"value": str(len(alone)), "text": "in Hybrid alone: good by several, best by none", "kind": ""}]
    return [*facts, {"value": str(len(set.union(*kinds.values()))), "text": "different titles in all", "kind": ""}]


def _show_list(model: ModelName, answer: RecommendationsResponse, notes: dict[Id, str]) -> None:
    cards = make_cards(answer.items, path=answer.path, notes=notes)
    html = row_html(model, cards, heading=_COMPARED[model], subtitle=_ABOUT[model], form="list")
    show_html(f"compare_{model}", html)
