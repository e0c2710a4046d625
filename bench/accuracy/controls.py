"""What a measurement must show of models that know nothing, and of targets that are not the users' own."""

from zlib import crc32

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys_core.dataset.declaration import MOVIELENS
from recsys_core.dataset.interactions import Split
from recsys_core.dataset.tables import training_tags
from recsys_core.evaluation import Score
from recsys_core.experiment import ItemTables
from recsys_core.features import ItemFeatures
from recsys_core.histories import Histories, Known
from recsys_core.sources.content import ContentModel, ContentParameters
from recsys_core.splitting import hash_uniform

__all__ = ["constant_score", "cosine_score", "metadata_counts", "random_score", "renamed_targets", "swapped_targets"]


def random_score(item_ids: NDArray[np.int64], seed: int) -> Score:
    """Scores by a hash of the item's id and of what the user has rated: the same in every run."""

    def score(known: Known) -> NDArray[np.float32]:
        person = np.asarray([crc32(row.indices.tobytes()) for row in Histories.of(known).ratings], dtype=np.int64)
        pairs = np.repeat(person, len(item_ids)), np.tile(item_ids, len(person))
        return hash_uniform(seed, "random", *pairs).reshape(len(person), -1).astype(np.float32)

    return score


def constant_score(values: NDArray[np.floating] | NDArray[np.integer]) -> Score:
    """The same scores (n_items,) for everybody."""
    row = values.astype(np.float32)
    return lambda known: np.repeat(row[None, :], known.n_users, axis=0)


def metadata_counts(tables: ItemTables, known_to: Split, item_ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many rows of the survey and of the tags (by training users) are about each of ``item_ids``, (n_items,).

    Nothing of what the rows say is used: popular titles have more of them.
    """
    survey = pq.read_table(tables.genome_scores, columns=["item_id"])["item_id"].to_numpy()
    tags = training_tags(tables.tags, known_to)["item_id"].to_numpy()
    rows = np.sort(np.concatenate([survey, tags]))
    return np.asarray(np.searchsorted(rows, item_ids, "right") - np.searchsorted(rows, item_ids, "left"))


def cosine_score(features: ItemFeatures, warm_ids: NDArray[np.int64], cold_ids: NDArray[np.int64], group: str) -> Score:
    """Cosine of one feature group between what the user liked of ``warm_ids`` and the titles ``cold_ids``."""
    both = features.select(np.concatenate([warm_ids, cold_ids]))
    parameters = ContentParameters(group_weights={group: 1.0})
    return ContentModel(both, len(warm_ids), parameters, MOVIELENS.feedback).cold_score


def swapped_targets(targets: csr_matrix, seed: int) -> csr_matrix:
    """Every user's targets given to another user: what is left is what everybody likes."""
    order = np.random.default_rng(seed).permutation(targets.shape[0])
    giver = np.empty_like(order)
    giver[order] = np.roll(order, 1)  # one cycle through all users: nobody keeps their own
    return csr_matrix(targets[giver])


def renamed_targets(targets: csr_matrix, seed: int) -> csr_matrix:
    """Every title's targets given to another title: nothing is left."""
    new_name = np.random.default_rng(seed).permutation(targets.shape[1]).astype(np.int32)
    renamed = csr_matrix((targets.data.copy(), new_name[targets.indices], targets.indptr), shape=targets.shape)
    renamed.sort_indices()
    return renamed
