"""One fold of validation users: what may be known of it, what is hidden, and what has been fitted on it so far."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeVar, cast

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from bench.accuracy.data import Bundle
from recsys_core.dataset.interactions import HeldOut, Split, UserItemMatrix
from recsys_core.dataset.tables import training_tags
from recsys_core.experiment import ItemTables
from recsys_core.features import FeatureParameters, ItemFeatures, build_item_features
from recsys_core.features.text import normalise_tag
from recsys_core.hybrid.moments import dense_moments
from recsys_core.splitting import SplitParameters, assign_users, cold_view, held_back_items, split_interactions, view_of
from recsys_core.splitting.parts import Vocabulary
from recsys_core.splitting.split import VALIDATION

__all__ = ["COLD", "VIEWS", "Fold", "Scores", "Source", "TagCounting", "cold_fold", "warm_fold"]

VIEWS = ("warm", "by_time", "first_3")
COLD = "cold"
COLD_SHARE = 0.1
_N_FITTED = 32  # fitted parts that stay in memory

Scores = NDArray[np.float32]
TagCounting = Literal["times", "people", "binary"]
"""A tag of a title counts log(1 + times given), log(1 + people who gave it), or once."""
_Made = TypeVar("_Made")


class Source(Protocol):
    """One part of a recipe, fitted on a fold: scores of shape (n_users, n_items) for each view."""

    def scores(self, fold: "Fold") -> dict[str, Scores]: ...


@dataclass(frozen=True, slots=True, eq=False)
class Fold:
    """Training part, views of the validation users, and a store of what was fitted.

    known_to       the split, of which only ``train`` is used
    held_back_ids  titles that were removed from training, sorted; empty in a warm fold
    """

    known_to: Split
    views: dict[str, HeldOut]
    tables: ItemTables
    held_back_ids: NDArray[np.int64]
    _made: OrderedDict[Hashable, Any] = field(default_factory=OrderedDict)

    @property
    def train(self) -> UserItemMatrix:
        return self.known_to.train

    def once(self, key: Hashable, make: Callable[[], _Made]) -> _Made:
        """What ``make`` returns, made once for ``key`` as long as it stays among the most recently used."""
        if key not in self._made:
            self._made[key] = make()
        self._made.move_to_end(key)
        while len(self._made) > _N_FITTED:
            self._made.popitem(last=False)
        return cast(_Made, self._made[key])

    def features(self, tags: TagCounting = "times") -> ItemFeatures:
        """Of the catalogue, fitted on the training part and its users' tags."""
        return self.once(("features", tags), lambda: self._features(tags))

    def standardised(self, source: Source) -> dict[str, Scores]:
        """z-scores of ``source`` over the training catalogue, by user."""

        def make() -> dict[str, Scores]:
            return {name: dense_moments(raw).standardise(raw) for name, raw in source.scores(self).items()}

        return self.once(("scores", repr(source)), make)

    def _features(self, tags: TagCounting) -> ItemFeatures:
        catalogue = self.tables.catalogue_ids
        return build_item_features(
            catalogue,
            np.isin(catalogue, self.train.item_ids),
            pq.read_table(self.tables.movies),
            tags=_counted(training_tags(self.tables.tags, self.known_to), tags),
            genome_scores=self.tables.genome_scores,
            genome_tags=pq.read_table(self.tables.genome_tags),
            parameters=FeatureParameters(),
        )


def warm_fold(bundle: Bundle, splitting: SplitParameters) -> Fold:
    """The validation users of ``splitting`` in every view; its test part is not read."""
    split, users = _split(bundle, splitting)
    vocabulary = _vocabulary(split, bundle)
    views = {name: view_of(users, name, vocabulary, splitting) for name in VIEWS}
    return Fold(split, views, bundle.tables, np.zeros(0, dtype=np.int64))


def cold_fold(bundle: Bundle, splitting: SplitParameters) -> Fold:
    """The same users, with a share of the titles removed from training: the view ``cold``."""
    removing = splitting.replace(cold_item_share=COLD_SHARE)
    split, users = _split(bundle, removing)
    held_back = held_back_items(bundle.interactions.item_ids, removing)
    view = cold_view(users, held_back, _vocabulary(split, bundle), removing)
    return Fold(split, {COLD: view}, bundle.tables, held_back)


def _split(bundle: Bundle, splitting: SplitParameters) -> tuple[Split, UserItemMatrix]:
    """The split, and everything that its validation users rated."""
    split = split_interactions(bundle.interactions, splitting, catalogue_ids=bundle.tables.catalogue_ids)
    assigned = assign_users(bundle.interactions.user_ids, splitting)
    return split, bundle.interactions.rows(np.flatnonzero(assigned == VALIDATION))


def _vocabulary(split: Split, bundle: Bundle) -> Vocabulary:
    ids = split.train.item_ids
    return Vocabulary(ids, np.setdiff1d(bundle.tables.catalogue_ids, ids))


def _counted(tags: pa.Table, counting: TagCounting) -> pa.Table:
    """``tags`` with as many rows for a title and tag as it is to count."""
    if counting == "times":
        return tags
    seen, first = set(), []
    columns = (tags[name].to_pylist() for name in ("userId", "movieId", "tag"))
    for num, (user_id, movie_id, tag) in enumerate(zip(*columns, strict=True)):
        key = (user_id if counting == "people" else 0, movie_id, normalise_tag(tag or ""))
        if key not in seen:
            seen.add(key)
            first.append(num)
    return tags.take(pa.array(first, type=pa.int64()))
