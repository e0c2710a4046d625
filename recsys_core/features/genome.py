"""The genome group: relevance of tags to items, sparse as judged by people or dense as predicted for all.

The tag genome is described by Vig, Sen & Riedl 2012, doi:10.1145/2362394.2362395.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from scipy.linalg import eigh
from scipy.sparse import csr_matrix, diags_array

from recsys_core.features.parameters import FeatureParameters
from recsys_core.features.weighting import inverse_document_frequency, normalise_rows, rows_of

__all__ = ["GenomeSource", "genome_group"]

GenomeSource: TypeAlias = pa.Table | Path
"""genome_scores as a table, or as a Parquet file that is read in batches."""

_BATCH_ROWS = 1 << 20


def genome_group(
    item_ids: NDArray[np.int64],
    fitted_mask: NDArray[np.bool_],
    genome_scores: GenomeSource,
    genome_tags: pa.Table,
    parameters: FeatureParameters,
) -> tuple[csr_matrix, list[str]]:
    """Relevance as features: CSR of shape (n_items, n_tags or n_components) and the columns' names.

    A sparse genome becomes TF-IDF weighted relevance^genome_power. A dense one, in which more than ``dense_share`` of
    the pairs of its items and tags are there, becomes ``n_components`` principal components.
    """
    tag_ids = np.asarray(genome_tags["tag_id"].to_numpy(), dtype=np.int64)
    described = np.zeros(len(item_ids), dtype=bool)
    n_pairs = 0
    for batch in _batches(genome_scores, "item_id"):
        rows = rows_of(item_ids, _column(batch, "item_id"))
        described[rows[rows >= 0]] = True
        n_pairs += int((rows >= 0).sum())
    if n_pairs > parameters.dense_share * int(described.sum()) * len(tag_ids):
        relevance = _dense_relevance(genome_scores, item_ids, described, tag_ids)
        return _components(relevance, described, fitted_mask, parameters.n_components)
    matrix = _sparse_relevance(genome_scores, item_ids, tag_ids)
    matrix.data **= np.float32(parameters.genome_power)
    weighted = csr_matrix(matrix @ diags_array(inverse_document_frequency(matrix, fitted_mask)))
    return normalise_rows(weighted), [str(name) for name in genome_tags["tag"].to_pylist()]


def _batches(source: GenomeSource, *columns: str) -> Iterator[pa.RecordBatch]:
    if isinstance(source, Path):
        with pq.ParquetFile(source) as opened:
            yield from opened.iter_batches(_BATCH_ROWS, columns=list(columns))
    else:
        yield from source.select(list(columns)).to_batches(_BATCH_ROWS)


def _column(batch: pa.RecordBatch, name: str) -> NDArray[np.int64]:
    values: NDArray[np.int64] = batch.column(name).to_numpy(zero_copy_only=False)
    return values


def _pairs(
    source: GenomeSource, item_ids: NDArray[np.int64], tag_ids: NDArray[np.int64]
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]]:
    """Row, column and relevance of the pairs of a known item and a known tag, batch by batch."""
    for batch in _batches(source, "item_id", "tag_id", "relevance"):
        rows = rows_of(item_ids, _column(batch, "item_id"))
        columns = rows_of(tag_ids, _column(batch, "tag_id"))
        known = (rows >= 0) & (columns >= 0)
        relevance = batch.column("relevance").to_numpy(zero_copy_only=False)
        yield rows[known], columns[known], relevance[known].astype(np.float32)


def _sparse_relevance(source: GenomeSource, item_ids: NDArray[np.int64], tag_ids: NDArray[np.int64]) -> csr_matrix:
    """Relevance above 0, CSR of shape (n_items, n_tags)."""
    parts = list(_pairs(source, item_ids, tag_ids))
    shape = (len(item_ids), len(tag_ids))
    if not parts:
        return csr_matrix(np.zeros(shape, dtype=np.float32))
    rows, columns, relevance = (np.concatenate(part) for part in zip(*parts, strict=True))
    matrix = csr_matrix((relevance, (rows, columns)), shape=shape)
    matrix.eliminate_zeros()
    return matrix


def _dense_relevance(
    source: GenomeSource, item_ids: NDArray[np.int64], described: NDArray[np.bool_], tag_ids: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Relevance of the described items, of shape (n_described, n_tags), written straight into its places."""
    place = np.cumsum(described) - 1
    relevance = np.zeros((int(described.sum()), len(tag_ids)), dtype=np.float32)
    for rows, columns, values in _pairs(source, item_ids, tag_ids):
        relevance[place[rows], columns] = values
    return relevance


def _components(
    relevance: NDArray[np.float32], described: NDArray[np.bool_], fitted_mask: NDArray[np.bool_], n_components: int
) -> tuple[csr_matrix, list[str]]:
    """Principal components, by eigenvectors of the tags' covariance over the fitted items; ``relevance`` is centred.

    Items without relevance have an empty row.
    """
    n_items = len(described)
    fitted = relevance[fitted_mask[described]]
    n_components = min(n_components, relevance.shape[1], len(fitted))
    if n_components == 0:
        return csr_matrix(np.zeros((n_items, 0), dtype=np.float32)), []
    centre = fitted.mean(axis=0)
    fitted -= centre
    relevance -= centre
    n_tags = relevance.shape[1]
    gram = (fitted.T @ fitted).astype(np.float64)
    _, vectors = eigh(gram, subset_by_index=(n_tags - n_components, n_tags - 1))
    vectors = vectors[:, ::-1]
    vectors *= np.sign(vectors[np.abs(vectors).argmax(axis=0), np.arange(n_components)])  # a sign, not an accident
    reduced = relevance @ vectors.astype(np.float32)
    indptr = np.concatenate([[0], np.cumsum(described * n_components)])
    indices = np.tile(np.arange(n_components, dtype=np.int32), len(reduced))
    matrix = csr_matrix((reduced.ravel(), indices, indptr), shape=(n_items, n_components))
    return normalise_rows(matrix), [f"component {num + 1}" for num in range(n_components)]
