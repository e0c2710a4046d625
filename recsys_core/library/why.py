"""Why somebody would get an item, for a notebook."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from recsys_core.bundle import Reason, RecommendedItem
from recsys_core.dataset.ids import Id
from recsys_core.plotting import Table

__all__ = ["Why"]


@dataclass(frozen=True, slots=True, repr=False)
class Why:
    """Why a user would get an item.

    place    on the list of all items that the user does not know
    sources  what each side gave to the score, adding up to it
    because  of the user's own items what the most of it came from
    """

    item_id: Id
    title: str
    place: int
    score: float
    sources: Mapping[str, float]
    because: tuple[Reason, ...]

    @classmethod
    def of(cls, item: RecommendedItem) -> Self:
        return cls(item.movie_id, item.title, item.rank, item.score, item.sources or {}, item.because or ())

    def __repr__(self) -> str:
        return "\n\n".join([self._heading, *(table.text() for table in self._tables())])

    def _repr_html_(self) -> str:
        first, *rest = self._tables()
        return first.html(self._heading) + "".join(table.html() for table in rest)

    @property
    def _heading(self) -> str:
        return f"{self.title}: place {self.place:,}, score {self.score:.2f}"

    def _tables(self) -> list[Table]:
        tables = [Table(("source", "gave"), tuple((name, f"{value:+.2f}") for name, value in self.sources.items()))]
        if self.because:
            rows = tuple((reason.title, f"{reason.contribution:+.2f}") for reason in self.because)
            tables.append(Table(("because of", "gave"), rows))
        return tables
