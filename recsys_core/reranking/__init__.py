"""A list's diversity as a setting: re-ranking of the model's best items by one of three greedy methods."""

from recsys_core.reranking.calibrated import miscalibration
from recsys_core.reranking.greedy import greedy_order
from recsys_core.reranking.parameters import METHODS, Method, RerankParameters
from recsys_core.reranking.reranker import Reranker, rerank

__all__ = ["METHODS", "Method", "RerankParameters", "Reranker", "greedy_order", "miscalibration", "rerank"]
