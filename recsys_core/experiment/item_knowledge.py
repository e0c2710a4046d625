"""What may be known of titles: everything for a release, only what training knows for an evaluation."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from recsys_core.dataset.interactions import Split, UserItemMatrix
from recsys_core.dataset.tables import catalogue_ids, training_tags
from recsys_core.features import FeatureParameters, ItemFeatures, build_item_features
from recsys_core.memory import return_freed_memory
from recsys_core.splitting import SplitParameters, split_interactions
from recsys_core.tuning import TuningParameters

__all__ = ["ItemTables", "more_rounds"]


@dataclass(frozen=True, slots=True)
class ItemTables:
    """Validated Parquet tables (rows.parquet) about titles."""

    movies: Path
    tags: Path
    genome_scores: Path
    genome_tags: Path

    @classmethod
    def in_folder(cls, validated: Path) -> Self:
        """Of a folder as :func:`recsys_core.validating.clean_folder` leaves it."""
        return cls(*(validated / name / "rows.parquet" for name in ("movies", "tags", "genome_scores", "genome_tags")))

    @property
    def catalogue_ids(self) -> NDArray[np.int64]:
        return catalogue_ids(self.movies)

    def known_to(self, split: Split, parameters: FeatureParameters) -> ItemFeatures:
        """Features of the whole catalogue, fitted on what the training part of ``split`` may know."""
        return self._features(split.train.item_ids, training_tags(self.tags, split), parameters)

    def known_to_all(self, interactions: UserItemMatrix, parameters: FeatureParameters) -> ItemFeatures:
        """Features from all tags, for a model of all ratings."""
        return self._features(interactions.item_ids, pq.read_table(self.tags), parameters)

    def _features(self, item_ids: NDArray[np.int64], tags: pa.Table, parameters: FeatureParameters) -> ItemFeatures:
        catalogue = self.catalogue_ids
        features = build_item_features(
            catalogue,
            np.isin(catalogue, item_ids),
            pq.read_table(self.movies),
            tags=tags,
            genome_scores=self.genome_scores,
            genome_tags=pq.read_table(self.genome_tags),
            parameters=parameters,
        )
        return_freed_memory()  # of the tables: models are fitted next
        return features


def more_rounds(
    split: Split,
    interactions: UserItemMatrix,
    tables: ItemTables,
    *,
    splitting: SplitParameters,
    features: FeatureParameters,
    tuning: TuningParameters,
) -> list[tuple[Split, ItemFeatures]]:
    """Further rounds of validation where one has few users: the same test part, other people held out.

    As many as it takes to judge on ``tuning.wanted_users``, and at most ``tuning.max_rounds`` in all. A split by time
    has one validation window and gets none.
    """
    if splitting.protocol != "user_holdout":
        return []
    n_users = max(1, split.validation.history.n_users)
    n_rounds = min(tuning.max_rounds, splitting.n_validation_folds, -(-tuning.wanted_users // n_users))
    rounds = []
    for fold in range(1, n_rounds):
        other = split_interactions(
            interactions, splitting.replace(validation_fold=fold), catalogue_ids=tables.catalogue_ids
        )
        rounds.append((other, tables.known_to(other, features)))
    return rounds
