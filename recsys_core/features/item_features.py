"""Features of items: one sparse, row-normalised matrix for each group."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack

from recsys_core.errors import ShapeError, UnknownIdError
from recsys_core.storage import load_arrays, load_csr, read_manifest, save_arrays, save_csr, write_manifest

__all__ = ["ItemFeatures"]


@dataclass(frozen=True, slots=True, eq=False)
class ItemFeatures:
    """Features of the catalogue.

    item_ids  int64 of shape (n_items,), unique, in the order in which they were asked for
    groups    for each group present a CSR of shape (n_items, n_features), float32; each row has length 1, or is empty
    names     for each group the name of every column
    """

    item_ids: NDArray[np.int64]
    groups: dict[str, csr_matrix]
    names: dict[str, list[str]]

    def __post_init__(self) -> None:
        for name, matrix in self.groups.items():
            expected = (len(self.item_ids), len(self.names.get(name, [])))
            if matrix.shape != expected:
                raise ShapeError(f"feature group {name} has shape {matrix.shape}, item_ids and names say {expected}")

    def select(self, item_ids: NDArray[np.int64]) -> "ItemFeatures":
        """The features of ``item_ids``, in that order; an unknown id is an :class:`UnknownIdError`."""
        order = np.argsort(self.item_ids)
        places = np.searchsorted(self.item_ids, item_ids, sorter=order)
        nums = order[np.minimum(places, len(order) - 1)] if len(order) else np.zeros(0, dtype=np.int64)
        unknown = item_ids if len(order) == 0 else item_ids[self.item_ids[nums] != item_ids]
        if len(unknown):
            raise UnknownIdError(f"no features for item {unknown[0]} and {len(unknown) - 1} more; build them with it")
        return ItemFeatures(item_ids, {name: csr_matrix(m[nums]) for name, m in self.groups.items()}, self.names)

    def with_first(self, item_ids: NDArray[np.int64]) -> "ItemFeatures":
        """The features of ``item_ids``, then those of all other items by id."""
        return self.select(np.concatenate([item_ids, np.setdiff1d(self.item_ids, item_ids)]))

    def side_by_side(self, group_weights: Mapping[str, float]) -> csr_matrix:
        """The groups with a weight, multiplied by it, in the order given: CSR (n_items, n_features), float32."""
        parts = [
            self.groups[name] * np.float32(weight)
            for name, weight in group_weights.items()
            if weight and name in self.groups
        ]
        if not parts:
            return csr_matrix(np.zeros((len(self.item_ids), 0), dtype=np.float32))
        return csr_matrix(hstack(parts, format="csr"))

    def save(self, directory: Path) -> None:
        save_arrays(directory / "item_ids.npz", item_ids=self.item_ids)
        for name, matrix in self.groups.items():
            save_csr(directory / f"{name}.npz", matrix)
        write_manifest(directory, "ItemFeatures", groups=list(self.groups), names=self.names)

    @classmethod
    def load(cls, directory: Path) -> Self:
        manifest = read_manifest(directory, "ItemFeatures")
        groups = {name: load_csr(directory / f"{name}.npz") for name in manifest["groups"]}
        return cls(**load_arrays(directory / "item_ids.npz"), groups=groups, names=manifest["names"])
