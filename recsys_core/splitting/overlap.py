"""What the two files of a published split have in common, and whether they can belong together."""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys_core.dataset.interactions import UserItemMatrix
from recsys_core.dataset.numbering import positions_in
from recsys_core.errors import DataError

__all__ = ["Overlap", "Share", "overlap_of", "pairs_in"]

_MOST = 0.5


@dataclass(frozen=True, slots=True)
class Share:
    """``n`` of ``of`` things; ``of`` is not 0."""

    n: int
    of: int

    @property
    def share(self) -> float:
        return self.n / self.of

    def __str__(self) -> str:
        return f"{self.n} of {self.of}"


@dataclass(frozen=True, slots=True)
class Overlap:
    """What of a test file cannot be judged, or only apart.

    unknown_users  of its users, those without a row in the training file: left out
    unknown_items  of its items, those without one: in no list; content alone is judged on them, as cold items
    known_pairs    of its (user, item) pairs, those that the training file has, too: left out
    n_train        pairs of the training file
    """

    unknown_users: Share
    unknown_items: Share
    known_pairs: Share
    n_train: int

    def as_dict(self) -> dict[str, dict[str, Any]]:
        """For each kind ``n`` and ``share``, from 0 to 1."""
        found = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "n_train"}
        return {name: {"n": part.n, "share": part.share} for name, part in found.items()}

    def in_words(self) -> str:
        """A line for each kind of which there are any; empty where there are none."""
        kinds = (
            (self.unknown_users, "users of the test file", "are not in the training file: left out"),
            (self.known_pairs, "pairs of the test file", "are in the training file already: left out"),
            (self.unknown_items, "items of the test file", "are not in the training file: judged apart, as cold items"),
        )
        return "\n".join(f"{part} {of} ({part.share:.1%}) {words}" for part, of, words in kinds if part.n)

    def refuse_most(self, train_name: str, test_name: str) -> None:
        """Raise :class:`DataError` where more than half of a kind is lost: the figures would be those of another file.

        It says what is likely wrong.
        """
        known, told = self.known_pairs, []
        if known.share > _MOST:
            told = [f"{known} (user, item) pairs of the test file are in the training file already"]
            if known.n == self.n_train:
                likely = "does the test file contain the training file"
            elif known.n == known.of:
                likely = "were the test rows not taken out of the training file"
            else:
                likely = "were the same rows written into both"
        else:
            for part, things in ((self.unknown_users, "users"), (self.unknown_items, "items")):
                if part.share > _MOST:
                    told.append(f"{part} {things} of the test file are not in the training file")
            likely = "were ids numbered anew in each file"
            if known.of > self.n_train:
                likely = "are the two files swapped, or ids numbered anew in each"
            elif self.unknown_items.share <= _MOST:
                likely = "were whole users held out, or ids numbered anew in each file"
        if told:
            raise DataError(f"{test_name} cannot be judged on {train_name}: {' and '.join(told)}; {likely}?")


def overlap_of(train: UserItemMatrix, test: UserItemMatrix) -> Overlap:
    """``test`` has at least one row."""
    return Overlap(
        unknown_users=Share(int((positions_in(train.user_ids, test.user_ids) < 0).sum()), test.n_users),
        unknown_items=Share(int((positions_in(train.item_ids, test.item_ids) < 0).sum()), test.n_items),
        known_pairs=Share(int(pairs_in(test, train).sum()), test.n_ratings),
        n_train=train.n_ratings,
    )


def pairs_in(matrix: UserItemMatrix, other: UserItemMatrix) -> NDArray[np.bool_]:
    """Which ratings (nnz,) of ``matrix`` have a rating of the same user and item in ``other``."""
    users = positions_in(other.user_ids, matrix.user_ids)[matrix.user_nums()]
    items = positions_in(other.item_ids, matrix.item_ids)[matrix.ratings.indices]
    there = (users >= 0) & (items >= 0)
    keys = other.user_nums() * other.n_items + other.ratings.indices
    return np.asarray(there & np.isin(users * other.n_items + items, keys))
