"""A list's diversity as a setting: the model's best items re-ranked by a determinantal point process."""

from recsys_core.reranking.reranker import OWN_SHARE, Reranker, RerankParameters

__all__ = ["OWN_SHARE", "RerankParameters", "Reranker"]
