"""Recommendations for every known user, as one table."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from recsys_core.bundle.bundle import ModelBundle
from recsys_core.errors import ParameterError, ShapeError, StorageError
from recsys_core.histories import Histories
from recsys_core.hybrid import ModelName, NewTitles
from recsys_core.storage import read_manifest, write_manifest

__all__ = ["RECOMMENDATIONS_SCHEMA", "Recommendations", "recommend_all"]

RECOMMENDATIONS_SCHEMA = pa.schema(
    [
        pa.field("user_id", pa.int64(), nullable=False),
        pa.field("movie_id", pa.int64(), nullable=False),
        pa.field("rank", pa.int32(), nullable=False),
        pa.field("score", pa.float32(), nullable=False),
    ]
)
_BLOCK_FLOATS = 16_000_000  # scores in one block: 64 MB for each of a few arrays


@dataclass(frozen=True, slots=True, eq=False)
class Recommendations:
    """The best unseen movies of every user: a table of :data:`RECOMMENDATIONS_SCHEMA`, by user, then rank from 1.

    model_version  whose they are, "" where that is not known
    """

    table: pa.Table
    model_version: str = ""

    def __post_init__(self) -> None:
        if not self.table.schema.equals(RECOMMENDATIONS_SCHEMA):
            raise ShapeError(
                f"recommendations have columns {self.table.schema.names}, expected {RECOMMENDATIONS_SCHEMA.names}"
            )

    def save(self, directory: Path) -> None:
        pq.write_table(self.table, directory / "recommendations.parquet")
        write_manifest(directory, "Recommendations", n_rows=self.table.num_rows, model_version=self.model_version)

    @classmethod
    def load(cls, directory: Path) -> Self:
        manifest = read_manifest(directory, "Recommendations")
        path = directory / "recommendations.parquet"
        try:
            return cls(pq.read_table(path).cast(RECOMMENDATIONS_SCHEMA), str(manifest.get("model_version", "")))
        except (OSError, ValueError, pa.ArrowException) as error:
            raise StorageError(f"{path}: cannot be read as recommendations ({error}); make it again") from error


def recommend_all(
    bundle: ModelBundle,
    k: int,
    *,
    model: ModelName = "hybrid",
    block: int | None = None,
    new_titles: NewTitles | None = None,
    on_block: Callable[[int, int], None] | None = None,
) -> Recommendations:
    """The ``k`` best unseen movies of every known user, those without ratings among them.

    block     users scored at a time; by default as many as fit about 64 MB of scores
    new_titles  places that are kept for movies without a rating
    on_block  called after each block with (users done, users in all)
    """
    if block is not None and block < 1:
        raise ParameterError(f"block = {block}: expected at least 1")
    known, n_items = bundle.known, max(1, bundle.model.n_items)
    block = block or max(1, min(512, _BLOCK_FLOATS // n_items))
    histories = Histories.of(known)
    tables = [RECOMMENDATIONS_SCHEMA.empty_table()]
    for start in range(0, known.n_users, block):
        stop = min(start + block, known.n_users)
        ranking = bundle.model.recommend(histories.rows(start, stop), k, model=model, new_titles=new_titles)
        columns = [
            known.user_ids[start + ranking.user_nums],
            bundle.model.catalogue_ids[ranking.item_nums],
            ranking.ranks.astype(np.int32),
            ranking.scores,
        ]
        tables.append(pa.table(columns, schema=RECOMMENDATIONS_SCHEMA))
        if on_block:
            on_block(stop, known.n_users)
    return Recommendations(pa.concat_tables(tables).combine_chunks())
