"""Packages and modules of the core that several assets name as their code."""

__all__ = ["ITEM_KNOWLEDGE", "MODELS", "RELEASED", "TUNING"]

TUNING = (
    "recsys_core.sources.als",
    "recsys_core.evaluation",
    "recsys_core.hybrid.ranking",
    "recsys_core.scoring",
    "recsys_core.splitting",
    "recsys_core.tuning",
)
"""A search whose trials are judged on validation users."""

ITEM_KNOWLEDGE = ("recsys_core.experiment.item_knowledge", "recsys_core.features")
"""What may be known of titles."""

MODELS = (
    "recsys_core.sources.als",
    "recsys_core.sources.content",
    "recsys_core.sources.ease",
    "recsys_core.features",
    "recsys_core.hybrid",
    "recsys_core.sources.popularity",
    "recsys_core.scoring",
    "recsys_core.sparse_rows",
    "recsys_core.sources.user_knn",
)
"""The hybrid and its sources."""

RELEASED = (*MODELS, "recsys_core.bundle", "recsys_core.onboarding")
"""What answers people."""
