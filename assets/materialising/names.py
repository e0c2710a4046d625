"""What people see assets called: those of a table by the table's name in the data set, all others as code does.

Code, stores, pins and versions know the assets of tables by role (``raw_movies``, ``movies``, ``movies_csv``), whatever
a data set calls its tables. This is the one place that translates, on the way to Dagster and to people.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Self

import dagster as dg

from recsys_core.dataset.schema import DatasetSpec

__all__ = ["AS_IN_CODE", "AssetNames", "file_asset", "raw_asset"]


def raw_asset(table: str) -> str:
    """The asset of a table as its file has it."""
    return f"raw_{table}"


def file_asset(table: str) -> str:
    """The asset that is a table's file, observed and not made."""
    return f"{table}_csv"


@dataclass(frozen=True, slots=True)
class AssetNames:
    """The names that differ, by the ones in code."""

    shown: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, dataset: DatasetSpec) -> Self:
        """The names in ``dataset``."""
        forms = (raw_asset, str, file_asset)
        return cls({form(table.name): form(table.shown) for table in dataset.tables for form in forms})

    def __call__(self, asset: str) -> str:
        """What people see ``asset`` called."""
        return self.shown.get(asset, asset)

    def key(self, asset: str) -> dg.AssetKey:
        """Dagster's key of ``asset``."""
        return dg.AssetKey(self(asset))

    def keys(self, assets: Iterable[str]) -> list[dg.AssetKey]:
        """Dagster's keys of ``assets``, in their order."""
        return [self.key(asset) for asset in assets]


AS_IN_CODE = AssetNames()
"""Those of MovieLens, too."""
