"""The genome group: relevance of tags to items, sparse as judged by people or dense as predicted for all."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags_array

from recsys_core.features.parameters import FeatureParameters
from recsys_core.features.weighting import inverse_document_frequency, normalise_rows, rows_of

__all__ = ["GenomeSource", "genome_group"]

GenomeSource: TypeAlias = pa.Table | Path | Iterable[pa.RecordBatch]
"""genome_scores as a table, as a Parquet file, or as record batches."""
_BATCH_ROWS = 1 << 20


def genome_group(
    item_ids: NDArray[np.int64],
    fitted_mask: NDArray[np.bool_],
    genome_scores: GenomeSource,
    genome_tags: pa.Table,
    parameters: FeatureParameters,
) -> tuple[csr_matrix, list[str]]:
    """Relevance as features: CSR of shape (n_items, n_tags or n_components) and the columns' names."""
    tag_ids = np.asarray(genome_tags["tagId"].to_numpy(), dtype=np.int64)
    names = [str(name) for name in genome_tags["tag"].to_pylist()]
    rows, columns, relevance = _read(genome_scores, item_ids, tag_ids)
    n_rows = len(np.unique(rows))
    if len(relevance) > parameters.dense_share * max(1, n_rows * len(tag_ids)):
        known, dense = _dense(rows, columns, relevance, len(tag_ids))
        return _components(known, dense, fitted_mask, parameters.n_components)
    matrix = csr_matrix((relevance - parameters.genome_centre, (rows, columns)), shape=(len(item_ids), len(tag_ids)))
    weighted = csr_matrix(matrix @ diags_array(inverse_document_frequency(matrix, fitted_mask)))
    return normalise_rows(weighted), names


def _batches(source: GenomeSource) -> Iterator[pa.RecordBatch]:
    if isinstance(source, Path):
        with pq.ParquetFile(source) as opened:
            yield from opened.iter_batches(_BATCH_ROWS, columns=["movieId", "tagId", "relevance"])
    elif isinstance(source, pa.Table):
        yield from source.to_batches(_BATCH_ROWS)
    else:
        yield from source


def _read(
    source: GenomeSource, item_ids: NDArray[np.int64], tag_ids: NDArray[np.int64]
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float32]]:
    """Row, column and relevance of every pair of a known item and a known tag."""
    parts: list[tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float32]]] = []
    for batch in _batches(source):
        rows = rows_of(item_ids, batch.column("movieId").to_numpy(zero_copy_only=False))
        columns = rows_of(tag_ids, batch.column("tagId").to_numpy(zero_copy_only=False))
        known = (rows >= 0) & (columns >= 0)
        relevance = batch.column("relevance").to_numpy(zero_copy_only=False)[known]
        parts.append((rows[known].astype(np.int32), columns[known].astype(np.int32), relevance.astype(np.float32)))
    if not parts:
        return np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0, np.float32)
    rows_, columns_, relevance_ = (np.concatenate(part) for part in zip(*parts, strict=True))
    return rows_, columns_, relevance_


def _dense(
    rows: NDArray[np.int32], columns: NDArray[np.int32], relevance: NDArray[np.float32], n_tags: int
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """The rows that have any relevance, sorted, and their relevance, of shape (n_known, n_tags)."""
    known = np.unique(rows)
    dense = np.zeros((len(known), n_tags), dtype=np.float32)
    dense[np.searchsorted(known, rows), columns] = relevance
    return known, dense


def _components(
    known: NDArray[np.int32], dense: NDArray[np.float32], fitted_mask: NDArray[np.bool_], n_components: int
) -> tuple[csr_matrix, list[str]]:
    """Principal components of a dense genome, by eigenvectors of the tags' covariance over the fitted items."""
    n_items = len(fitted_mask)
    fitted = dense[fitted_mask[known]]
    if len(fitted) == 0:
        return csr_matrix(np.zeros((n_items, 0), dtype=np.float32)), []
    centre = fitted.mean(axis=0)
    dense -= centre
    fitted = dense[fitted_mask[known]]
    _, vectors = np.linalg.eigh((fitted.T @ fitted).astype(np.float64))
    n_components = min(n_components, dense.shape[1])
    reduced = dense @ vectors[:, ::-1][:, :n_components].astype(np.float32)
    lengths = np.bincount(known, minlength=n_items) * n_components
    indptr = np.concatenate([[0], np.cumsum(lengths)])
    indices = np.tile(np.arange(n_components, dtype=np.int32), len(known))
    matrix = csr_matrix((reduced.ravel(), indices, indptr), shape=(n_items, n_components))
    return normalise_rows(matrix), [f"component {num + 1}" for num in range(n_components)]
