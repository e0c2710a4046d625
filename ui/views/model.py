"""What is served now, and how good it was on held-out people."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from serving.schemas import EvaluationResponse, ModelsResponse, ServedModel
from ui.cards import page_html
from ui.client import HOW_TO_MAKE_ONE, ApiError, ApiNotFoundError
from ui.notices import show_heading, show_notice
from ui.session import api

__all__ = ["metric_table", "show"]

_MAIN = "hybrid"
_CHAMPION = "champion"
_ORDER = ("ndcg", "recall", "precision", "map", "mrr", "hit_rate", "coverage", "diversity", "novelty", "gini")
_LOWER_IS_BETTER = frozenset({"gini"})


def show() -> None:
    """Version, metrics, plots and aliases."""
    models = api().models()
    show_heading("The model", "What answers now, and how it did on people whose histories it had not seen.")
    for served in models.served:
        st.html(page_html("facts.html", facts=_facts(served)))
    if not models.served:
        show_notice("No model yet", f"The recommender runs without a model. {HOW_TO_MAKE_ONE}")
        return
    try:
        _show_evaluation(api().evaluation(_main_version(models.served)))
    except ApiNotFoundError as error:
        show_notice("No evaluation of this version", str(error), "∅")
    st.html(page_html("versions.html", versions=models.versions, metric=_main_metric(models), main=_MAIN))


def metric_table(metrics: Mapping[str, Mapping[str, float]]) -> dict[str, list[Any]]:
    """Columns and rows of a table of metrics, best model first; the best of each column is marked.

    Accuracy comes before the rest, short lists before long ones.
    """
    columns = sorted({name for values in metrics.values() for name in values}, key=_place)
    best = {
        name: (min if name.split("@")[0] in _LOWER_IS_BETTER else max)(
            values[name] for values in metrics.values() if name in values
        )
        for name in columns
    }
    first = columns[0] if columns else ""
    rows = [
        {
            "model": model,
            "main": model == _MAIN,
            "cells": [
                {"text": f"{values[name]:z.4f}" if name in values else "–", "best": values.get(name) == best[name]}
                for name in columns
            ],
        }
        for model, values in sorted(metrics.items(), key=lambda item: -item[1].get(first, 0.0))
    ]
    return {"columns": columns, "rows": rows}


def _place(metric: str) -> tuple[int, int, str]:
    """Where a metric such as ndcg@10 stands."""
    name, _, length = metric.partition("@")
    return int(length) if length.isdecimal() else 10**9, _ORDER.index(name) if name in _ORDER else len(_ORDER), metric


def _main_version(served: Sequence[ServedModel]) -> str:
    """The champion's, among those that experiments serve beside it; the first one's where none is called so."""
    return next((model.version for model in served if model.reference == _CHAMPION), served[0].version)


def _facts(served: ServedModel) -> list[dict[str, str]]:
    loaded = f"{served.loaded_at:%Y-%m-%d %H:%M}"
    scale = served.rating_scale
    ends = {"ratings": f"from {scale.lowest:g} to {scale.highest:g} ", "counts": f"up to {scale.highest:,g} "}.get(
        scale.kind, ""
    )
    return [
        {"value": f"Version {served.version}", "text": f"served as {served.reference}", "kind": "accent"},
        {"value": f"{served.n_users:,}", "text": "people known", "kind": ""},
        {"value": f"{served.n_titles:,}", "text": f"titles, {served.n_items:,} of them in histories", "kind": ""},
        {"value": scale.kind.capitalize(), "text": f"{ends}in {served.dataset}", "kind": ""},
        {"value": f"{served.seconds_to_load:.1f} s", "text": f"to load, at {loaded}", "kind": ""},
    ]


def _show_evaluation(evaluation: EvaluationResponse) -> None:
    if evaluation.metrics:
        st.html(page_html("metrics.html", version=evaluation.version, **metric_table(evaluation.metrics)))
    _show_plots(evaluation.version, evaluation.plots)


def _show_plots(version: str, names: Sequence[str]) -> None:
    columns = st.columns(2, gap="medium") if len(names) > 1 else [st.container()]
    for number, name in enumerate(names):
        words = name.removesuffix(".png").replace("_", " ")
        with columns[number % len(columns)]:
            try:
                st.image(api().plot(version, name), caption=words.capitalize(), alt=f"Plot: {words}", width="stretch")
            except ApiError as error:
                show_notice(f"No plot of {words}", str(error), "∅")
            except OSError:  # begins as a PNG, and is none
                show_notice(f"No plot of {words}", "The image is damaged; evaluate the version again.", "∅")


def _main_metric(models: ModelsResponse) -> str:
    for version in models.versions:
        for name in sorted(version.metrics.get(_MAIN, {}), key=_place):
            return name
    return ""
