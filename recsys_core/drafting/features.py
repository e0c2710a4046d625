"""Further columns of items: categories and sets that several items share."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from recsys_core.drafting.columns import Column
from recsys_core.drafting.guesses import Guess

__all__ = ["guess_features", "guess_flags"]

_ITEMS: Final = 10  # fewer do not show what repeats
_REPEATED: Final = 0.6  # of different members to members
_LONG: Final = 40  # characters of a member, on average, are a sentence
_FLAGS: Final = 3


def guess_features(columns: Sequence[Column]) -> tuple[dict[str, str], list[Guess]]:
    """Names of columns of categories or sets with the separators that must be declared; neither texts nor numbers."""
    features: dict[str, str] = {}
    guesses = []
    for column in columns:
        if len(column.texts) < _ITEMS or not column.has_letters or column.moments or len(column.numbers):
            continue
        members = column.members(column.separator)
        n_members = members.total()
        if not 1 < len(members) <= _REPEATED * n_members or np.mean([len(name) for name in members]) > _LONG:
            continue
        if column.name in features:
            continue
        features[column.name] = column.separator
        why = f"{len(members):,} different values in {len(column.texts):,} items"
        guesses.append(Guess(f"items.features.{column.name}", column.separator, "likely", why))
    return features, guesses


def guess_flags(columns: Sequence[Column]) -> list[str]:
    """Names of columns of 0 and 1, each for one genre, where there are several of them."""
    flags: list[Any] = [c.name for c in columns if c.whole and c.distinct == {"0", "1"} and c.name[:1].isalpha()]
    return flags if len(flags) >= _FLAGS else []
