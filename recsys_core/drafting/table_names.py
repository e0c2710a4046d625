"""What the tables are called: as their files are, where that can be a name."""

import re
from collections.abc import Mapping
from pathlib import PurePath
from typing import Final

from recsys_core.dataset.roles import ROLES
from recsys_core.dataset.table_names import fault_of_name

__all__ = ["names_of_tables"]

_LEAST: Final = 3  # letters of a name that tells something
_OF_A_PATTERN: Final = re.compile(r"[*?]|\[.*\]")
_BETWEEN_WORDS: Final = re.compile(r"[\s_-]+")


def names_of_tables(files: Mapping[str, str]) -> dict[str, str]:
    """Names by role for tables of ``files``; none for a table whose file makes none, or only its role's own word."""
    taken, names = {*ROLES}, dict[str, str]()
    for role, file in files.items():
        name = _name(file)
        if len(name) >= _LEAST and name not in taken and not fault_of_name(name):
            names[role] = name
            taken.add(name)
    return names


def _name(file: str) -> str:
    """``Book-Ratings.csv.gz`` and ``book_ratings_*.csv`` are both ``book_ratings``."""
    stem = _OF_A_PATTERN.sub("", PurePath(file).name).split(".")[0]
    return _BETWEEN_WORDS.sub("_", stem).strip("_").lower()
