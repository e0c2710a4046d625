"""Packages and modules of the core that several assets name as their code."""

from recsys_core.sources.table import SOURCES

__all__ = ["ITEM_KNOWLEDGE", "MODELS", "RELEASED", "SOURCE", "TUNING"]

SOURCE = (
    "recsys_core.blockwise",
    "recsys_core.features",
    "recsys_core.gram",
    "recsys_core.histories",
    "recsys_core.scoring",
    "recsys_core.sources.moments",
    "recsys_core.sources.search_space",
    "recsys_core.sources.solvers",
    "recsys_core.sources.source",
    "recsys_core.sources.years",
    "recsys_core.sparse_rows",
)
"""What every source is made with, besides its own folder."""

TUNING = (
    *SOURCE,
    "recsys_core.evaluation",
    "recsys_core.ranking",
    "recsys_core.sources.als",
    "recsys_core.splitting",
    "recsys_core.tuning",
)
"""A search whose trials are judged on validation users."""

ITEM_KNOWLEDGE = ("recsys_core.blockwise", "recsys_core.experiment.item_knowledge", "recsys_core.features")
"""What may be known of titles."""

MODELS = (
    *SOURCE,
    *(kind.module for kind in SOURCES),
    "recsys_core.evaluation",
    "recsys_core.hybrid",
    "recsys_core.ranking",
    "recsys_core.sources",
    "recsys_core.splitting",
)
"""The hybrid and its sources."""

RELEASED = (*MODELS, "recsys_core.bundle", "recsys_core.onboarding")
"""What answers people."""
