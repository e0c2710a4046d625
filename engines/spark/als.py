"""ALS by Spark's MLlib."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from engines.spark.session import Cluster
from recsys_core.errors import ParameterError
from recsys_core.sources.als import ALSParameters

__all__ = ["MOST_BLOCKS", "PER_BLOCK", "Weighting", "item_factors_by_mllib", "mllib_ratings", "weighting_of"]

Factors = NDArray[np.float32]
_LIKED_BUT_NO_MORE: Final = np.float32(1e-30)
"""Rating of a liked pair that has the confidence of an unobserved one: what MLlib likes is above zero."""
_CHECKPOINT_EVERY: Final = 5
PER_BLOCK: Final = 1_000_000  # ratings of a block of users, and of one of items
MOST_BLOCKS: Final = 512  # each sends to each


@dataclass(frozen=True, slots=True)
class Weighting:
    """How the regularisation of ours is put to MLlib, which multiplies its own by the liked entries of each row.

    share  MLlib's ``regParam``
    scale  by what its item factors are multiplied
    """

    share: float
    scale: float


def mllib_ratings(confidence: csr_matrix) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float32]]:
    """Users, items and ratings r, aligned, that mean to MLlib with alpha = 1 what ``confidence`` means to us.

    MLlib's confidence is 1 + |r| and its preference 1 where r > 0: a liked pair has r = c - 1, a disliked one
    -(d - 1), and one that is disliked with the confidence 1 of an unobserved pair is left out like these. So are rows
    and columns without a liked pair, whose factors are zero in any solution and act on nothing.
    """
    data = confidence.data
    if data.size and (np.abs(data) < 1).any():
        raise ParameterError(
            f"dislike_confidence = {float(np.abs(data).min()):g}: MLlib's ALS knows no confidence below 1; raise "
            "it, or use the engine local"
        )
    users = np.repeat(np.arange(confidence.shape[0], dtype=np.int32), np.diff(confidence.indptr))
    items = confidence.indices.astype(np.int32)
    ratings = np.where(data > 0, np.maximum(data - 1, _LIKED_BUT_NO_MORE), data + 1).astype(np.float32)
    is_liked = ratings > 0
    n_liked = np.bincount(users[is_liked], minlength=confidence.shape[0])
    n_liking = np.bincount(items[is_liked], minlength=confidence.shape[1])
    kept = (ratings != 0) & (n_liked[users] > 0) & (n_liking[items] > 0)
    return users[kept], items[kept], ratings[kept]


def weighting_of(
    users: NDArray[np.int32], items: NDArray[np.int32], ratings: NDArray[np.float32], regularization: float
) -> Weighting:
    """The objective of ours with each row's regularisation weighted by its liked entries.

    MLlib minimises Σ|c|(p - x'·y')² + λ(Σ n_u‖x'_u‖² + Σ n_i‖y'_i‖²) with n the number of liked entries (Zhou,
    Wilkinson, Schreiber & Pan 2008, "Large-Scale Parallel Collaborative Filtering for the Netflix Prize", AAIM). With
    lengths m and k, λ = R/√(mk), and x = x'/s, y = s·y' for s = ⁴√(k/m), that is
    Σ|c|(p - x·y)² + R(Σ n_u/m·‖x_u‖² + Σ n_i/k·‖y_i‖²): ours for a row of that length. m and k are the lengths of the
    rows in which a liked entry lies on average, Σn²/Σn. The mean over rows is far below where a few titles have most
    of the ratings, and would regularise those many times as much as here.
    """
    is_liked = ratings > 0
    length_by_user, length_by_item = (_usual_length(nums[is_liked]) for nums in (users, items))
    return Weighting(
        share=regularization / float(np.sqrt(length_by_user * length_by_item)),
        scale=float((length_by_item / length_by_user) ** 0.25),
    )


def _usual_length(rows: NDArray[np.int32]) -> float:
    """Of the rows in which the entries lie, as the mean over entries; ``rows`` has the row of each."""
    n = np.bincount(rows).astype(np.float64)
    return float((n**2).sum() / n.sum())


def item_factors_by_mllib(cluster: Cluster, confidence: csr_matrix, parameters: ALSParameters, shared: Path) -> Factors:
    """Item factors, float32 of shape (n_items, factors); items that nobody likes have zeros.

    The initial factors are MLlib's own, from the same seed; ``use_cg`` and ``threads`` count for nothing. ``shared``
    is an empty folder that all workers see, for the ratings and for checkpoints.
    """
    users, items, ratings = mllib_ratings(confidence)
    factors = np.zeros((confidence.shape[1], parameters.factors), dtype=np.float32)
    if not (ratings > 0).any():
        return factors
    weighting = weighting_of(users, items, ratings, parameters.regularization)
    path = shared / "ratings.parquet"
    pq.write_table(pa.table({"user": users, "item": items, "rating": ratings}), path, row_group_size=PER_BLOCK)
    with cluster.doing(f"ALS of {len(ratings):,} ratings") as session:
        found = _fitted(session, path, shared / "checkpoints", weighting.share, parameters)
    nums = found["id"].to_numpy()
    vectors = found["features"].combine_chunks().flatten().to_numpy().reshape(len(nums), parameters.factors)
    factors[nums] = vectors * np.float32(weighting.scale)
    return factors


def _fitted(session: Any, path: Path, checkpoints: Path, share: float, parameters: ALSParameters) -> pa.Table:
    from pyspark.ml.recommendation import ALS

    session.sparkContext.setCheckpointDir(_on_disk(checkpoints))
    written = pq.read_metadata(path)
    # As the data are, not as the cluster is: sums then have one order, however many workers there are.
    n_blocks = min(max(2, written.num_row_groups), MOST_BLOCKS)
    session.conf.set("spark.sql.files.minPartitionNum", n_blocks)
    als = ALS(
        rank=parameters.factors,
        maxIter=parameters.iterations,
        regParam=share,
        implicitPrefs=True,
        alpha=1.0,
        seed=parameters.seed,
        numUserBlocks=n_blocks,
        numItemBlocks=n_blocks,
        checkpointInterval=_CHECKPOINT_EVERY,
        userCol="user",
        itemCol="item",
        ratingCol="rating",
    )
    return als.fit(session.read.parquet(_on_disk(path))).itemFactors.toArrow()


def _on_disk(path: Path) -> str:
    """An address of the shared folder, where a cluster's own file system (HDFS) would else be asked for it."""
    return f"file://{path.resolve()}"
