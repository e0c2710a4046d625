"""One declared column: its canonical name, its type, and what may stand in it."""

from dataclasses import dataclass
from typing import Literal

import pyarrow as pa

__all__ = ["ADDRESS_PREFIX", "FEATURE_PREFIXES", "ColumnSpec"]

ColumnType = Literal["id", "text id", "int", "float", "text", "set", "weights", "timestamp"]
FEATURE_PREFIXES: dict[str, str] = {
    "set": "feature: ",
    "category": "category: ",
    "number": "number: ",
    "text": "text: ",
    "weighted tags": "weighted tags: ",
}
"""Of the canonical names of further columns that describe items, by what they hold."""
ADDRESS_PREFIX = "address: "
"""Of the names of columns that addresses are made of, and nothing else is."""

_ARROW_TYPES: dict[str, pa.DataType] = {
    "id": pa.int64(),
    "text id": pa.int64(),
    "int": pa.int64(),
    "float": pa.float64(),
    "text": pa.string(),
    "set": pa.string(),
    "weights": pa.string(),
    "timestamp": pa.int64(),
}


@dataclass(frozen=True, slots=True)
class ColumnSpec:
    """One declared column.

    ``name`` is canonical: what the column is called from the reading boundary on. ``spelling`` is the file's name
    for it, if that is another one, and ``also`` are names that are taken, too; case, spaces and underscores are free.
    ``type`` "id" is a whole number of 64 bits, 0 and negative ones too; "text id" is a text that becomes its number
    (:mod:`recsys_core.dataset.ids`); "timestamp" is seconds since 1970, UTC; "set" is names between ``|``,
    "weights" is ``name:number`` between ``|``.
    ``nullable`` columns may be empty (MovieLens leaves some tmdbId empty), and a cell of them that is not what they
    declare is taken for empty: the row is worth more. ``optional`` ones need not be there.
    ``minimum`` and ``maximum`` are inclusive. ``pattern`` is a regular expression (RE2) of a nullable text, whose
    group "value" is what is kept. ``separator`` stands between the members of a set; without one, the usual ones do.
    ``words`` are what stands for numbers in the file, each with its number; nothing else is read then.
    ``absent`` columns are not looked for, whatever the file's are called.
    ``per_second`` is how many units of a timestamp are a second. ``copies`` names the column whose values a text has,
    as no file gives it its own. ``wanted_by`` is the key of the declaration that names a foreign column.
    """

    name: str
    type: ColumnType
    spelling: str = ""
    nullable: bool = False
    optional: bool = False
    also: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    pattern: str = ""
    separator: str = ""
    words: tuple[tuple[str, float], ...] = ()
    absent: bool = False
    per_second: int = 1
    copies: str = ""
    wanted_by: str = ""
    description: str = ""

    @property
    def arrow_type(self) -> pa.DataType:
        return _ARROW_TYPES[self.type]

    @property
    def may_be_null(self) -> bool:
        """Whether rows without a value are rows: a moment that is not known is no fault of the row."""
        return self.nullable or self.type == "timestamp"

    @property
    def in_file(self) -> str:
        """What the column is called in files."""
        return self.spelling or self.name
