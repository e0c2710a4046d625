"""The table of sources: adding one is a folder and a line here."""

from typing import Any

from pydantic import Field, create_model

from recsys_core.parameters import Parameters
from recsys_core.sources import als, content, ease, popularity, recent_popularity, user_knn
from recsys_core.sources.source import SourceKind

__all__ = ["SOURCES", "SourcesParameters", "source_named"]

SOURCES: tuple[SourceKind, ...] = (
    als.KIND,
    ease.KIND,
    content.KIND,
    popularity.KIND,
    recent_popularity.KIND,
    user_knn.KIND,
)
"""All sources, in the order in which they are fitted and told."""


def source_named(name: str) -> SourceKind:
    """The line of ``name``; a :class:`KeyError` where there is none."""
    return {kind.name: kind for kind in SOURCES}[name]


def _field(kind: SourceKind) -> tuple[Any, Any]:
    assert kind.defaults is not None
    meaning = f"Parameters of the source {kind.label}" + ("; what is set is not searched" if kind.is_tuned else "")
    cls: Any = type(kind.defaults)
    if kind.needed:
        return cls, Field(default=kind.defaults, description=f"{meaning}.")
    return cls | None, Field(default=kind.defaults, description=f"{meaning}; None leaves it out.")


def _trials(kind: SourceKind) -> tuple[Any, Any]:
    meaning = f"Trials of {kind.label}'s parameters, judged by {kind.label} alone."
    return int, Field(default=kind.n_trials, ge=1, le=10_000, description=meaning)


_FIELDS: dict[str, Any] = {
    **{f"n_trials_{kind.name}": _trials(kind) for kind in SOURCES if kind.is_tuned},
    **{kind.name: _field(kind) for kind in SOURCES if kind.defaults is not None},
}
SourcesParameters = create_model("SourcesParameters", __base__=Parameters, **_FIELDS)
"""One field for each source that has parameters, and one for the trials of each that has a stage of its own."""
