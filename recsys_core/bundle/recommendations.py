"""Recommendations for every known user, as one table."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from recsys_core.blockwise import in_blocks
from recsys_core.bundle.bundle import ModelBundle
from recsys_core.dataset.ids import IdKind
from recsys_core.errors import ParameterError, ShapeError, StorageError
from recsys_core.histories import Histories
from recsys_core.hybrid import ModelName, NewTitles
from recsys_core.storage import read_manifest, write_manifest

__all__ = ["Recommendations", "recommend_all", "recommendations_schema"]

_ID_TYPES: dict[IdKind, pa.DataType] = {"integer": pa.int64(), "text": pa.string()}
_BLOCK_FLOATS = 3_000_000  # scores in one block: 12 MB for each of a few arrays; what is larger is new memory each time


def recommendations_schema(users: IdKind = "integer", items: IdKind = "integer") -> pa.Schema:
    """Columns of the table; ids are what the data call people and items."""
    return pa.schema(
        [
            pa.field("user_id", _ID_TYPES[users], nullable=False),
            pa.field("movie_id", _ID_TYPES[items], nullable=False),
            pa.field("rank", pa.int32(), nullable=False),
            pa.field("score", pa.float32(), nullable=False),
        ]
    )


_SCHEMAS = [recommendations_schema(users, items) for users in _ID_TYPES for items in _ID_TYPES]


@dataclass(frozen=True, slots=True, eq=False)
class Recommendations:
    """The best unseen movies of every user: a table of :func:`recommendations_schema`, by user, then rank from 1.

    model_version  whose they are, "" where that is not known
    """

    table: pa.Table
    model_version: str = ""

    def __post_init__(self) -> None:
        if self.table.schema not in _SCHEMAS:
            raise ShapeError(f"recommendations have columns {self.table.schema.names}, expected {_SCHEMAS[0].names}")

    def save(self, directory: Path) -> None:
        pq.write_table(self.table, directory / "recommendations.parquet")
        write_manifest(directory, "Recommendations", n_rows=self.table.num_rows, model_version=self.model_version)

    @classmethod
    def load(cls, directory: Path) -> Self:
        manifest = read_manifest(directory, "Recommendations")
        path = directory / "recommendations.parquet"
        try:
            return cls(pq.read_table(path), str(manifest.get("model_version", "")))
        except (OSError, ShapeError, ValueError, pa.ArrowException) as error:
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

    block     users scored at a time; by default as many as fit 12 MB of scores
    new_titles  places that are kept for movies without a rating
    on_block  called after each block with (users done, users in all)
    """
    if block is not None and block < 1:
        raise ParameterError(f"block = {block}: expected at least 1")
    known, ids = bundle.known, bundle.titles.ids
    block = block or max(1, min(512, _BLOCK_FLOATS // max(1, bundle.model.n_scored(model, new_titles))))
    histories = Histories.of(known)
    schema = recommendations_schema(known.users.kind, ids.kind)

    def recommended(start: int, stop: int) -> tuple[int, pa.Table]:
        ranking = bundle.model.recommend(histories.rows(start, stop), k, model=model, new_titles=new_titles)
        columns = [
            known.users.column(known.user_ids[start + ranking.user_nums]),
            ids.column(bundle.model.catalogue_ids[ranking.item_nums]),
            ranking.ranks.astype(np.int32),
            ranking.scores,
        ]
        return stop, pa.table(columns, schema=schema)

    tables = [schema.empty_table()]
    for stop, table in in_blocks(known.n_users, block, recommended):
        tables.append(table)
        if on_block:
            on_block(stop, known.n_users)
    return Recommendations(pa.concat_tables(tables).combine_chunks())
