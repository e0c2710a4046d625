"""Build item features from the validated tables."""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from recsys_core.blockwise import side_by_side
from recsys_core.errors import ShapeError
from recsys_core.features.genome import GenomeSource, genome_group
from recsys_core.features.item_features import ItemFeatures
from recsys_core.features.parameters import FeatureParameters
from recsys_core.features.text import Group, decade_group, genre_group, tag_group, title_group

__all__ = ["build_item_features"]


def build_item_features(
    item_ids: NDArray[np.int64],
    fitted_mask: NDArray[np.bool_],
    movies: pa.Table,
    *,
    tags: pa.Table | None = None,
    genome_scores: GenomeSource | None = None,
    genome_tags: pa.Table | None = None,
    parameters: FeatureParameters,
) -> ItemFeatures:
    """Features of ``item_ids`` (n_items,), the catalogue in any order.

    Vocabularies, inverse document frequencies and components are learnt from the items where ``fitted_mask``
    (n_items,) holds, the training items; the others only receive them. ``tags`` must hold no tag that the training
    part may not know. ``genome_scores`` may be a Parquet file, which is read in batches. A group without data, or
    without a feature, is absent.
    """
    if fitted_mask.shape != item_ids.shape:
        raise ShapeError(f"fitted_mask has shape {fitted_mask.shape}, item_ids {item_ids.shape}")
    if len(np.unique(item_ids)) != len(item_ids):
        raise ShapeError("item_ids are not unique")
    groups: dict[str, Callable[[], Group]] = {
        "genre": lambda: genre_group(item_ids, fitted_mask, movies),
        "decade": lambda: decade_group(item_ids, fitted_mask, movies),
        "title": lambda: title_group(item_ids, fitted_mask, movies, parameters.min_word_items),
        "tags": lambda: tag_group(item_ids, fitted_mask, tags, movies, parameters.min_tag_items, parameters.max_tags),
    }
    if genome_scores is not None and genome_tags is not None:
        groups["genome"] = lambda: genome_group(item_ids, fitted_mask, genome_scores, genome_tags, parameters)
    asked = [name for name in reversed(groups) if name in parameters.groups]  # the genome lets other threads go on
    made = dict(zip(asked, side_by_side(lambda name: groups[name](), asked), strict=True))
    found = {name: made[name] for name in groups if name in made and made[name][0].nnz}
    return ItemFeatures(
        item_ids,
        {name: matrix for name, (matrix, _) in found.items()},
        {name: columns for name, (_, columns) in found.items()},
    )
