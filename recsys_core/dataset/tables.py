"""From validated Parquet tables to the values that models are made of."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from recsys_core.blockwise import side_by_side
from recsys_core.dataset.feedback import FeedbackKind
from recsys_core.dataset.interactions import Split, UserItemMatrix, build_user_items
from recsys_core.dataset.table_folders import CleanTable

__all__ = ["catalogue_ids", "interactions_of", "training_tags"]

_AT_ONCE = 1 << 20
_GROUPED = ("user_id", "item_id", "rating", "timestamp")


def interactions_of(ratings: CleanTable, kind: FeedbackKind = "ratings") -> UserItemMatrix:
    """The matrix of a validated table of interactions.

    Counts of the same user and item are added up, an event that is repeated is one; the time is that of the last.
    """
    path, value = ratings.rows_path, np.float32 if kind == "ratings" else np.float64  # sums of counts may be long
    kinds = {name: value if name == "rating" else np.int64 for name in _GROUPED}
    columns = dict(zip(kinds, side_by_side(lambda name: _column(path, name, kinds[name]), kinds), strict=True))
    if kind == "events":  # that it happened is all that is known
        columns["rating"] = np.ones(len(columns["rating"]))
    if kind != "ratings":
        pairs = pa.table(columns).group_by(["user_id", "item_id"])
        found = pairs.aggregate([("rating", "max" if kind == "events" else "sum"), ("timestamp", "max")])
        columns = {
            name.removesuffix("_max").removesuffix("_sum"): found[name].to_numpy() for name in found.column_names
        }
    return build_user_items(
        *(columns[name] for name in _GROUPED),
        users=ratings.ids("user_id"),
    )


def catalogue_ids(movies_path: Path) -> NDArray[np.int64]:
    """Ids of all known movies, rated or not, sorted."""
    return np.sort(_column(movies_path, "item_id", np.int64))


def training_tags(tags_path: Path, split: Split) -> pa.Table:
    """The tags that training may know: by users of the training part and, where time is cut, before the cut-off.

    A held-out person's tags say what they watched as plainly as their ratings do.
    """
    tags = pq.read_table(tags_path)
    known = pc.is_in(tags["user_id"], value_set=pa.array(split.train.user_ids))
    cut_offs = split.summary.get("cut_offs")
    if cut_offs:
        known = pc.and_(known, pc.less(tags["timestamp"], cut_offs["validation_from"]))
    return tags.filter(known)


def _column(path: Path, name: str, kept_as: type[np.generic]) -> NDArray[Any]:
    """A column; what has no value, such as the times of a file that has none, is 0."""
    with pq.ParquetFile(path) as table:
        values = np.zeros(table.metadata.num_rows, dtype=kept_as)
        place = 0
        for batch in table.iter_batches(_AT_ONCE, columns=[name]):  # so that it is in memory once, not twice
            column = batch.column(0)
            if column.null_count < len(column):
                known = pc.fill_null(column, 0) if column.null_count else column
                values[place : place + len(column)] = known.to_numpy(zero_copy_only=False)
            place += len(column)
    return values
