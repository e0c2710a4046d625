"""Which list somebody wants."""

from dataclasses import dataclass

from recsys_core.dataset.ids import Id
from recsys_core.hybrid import ModelName

__all__ = ["ListOptions"]


@dataclass(frozen=True, slots=True)
class ListOptions:
    """What :meth:`recsys_core.bundle.ModelBundle.recommend_for_user` and its siblings return.

    k          number of movies; fewer are returned when fewer are left
    model      "hybrid", or "als", "ease" or "content" alone
    alpha      "hybrid" only: share of the collaborative part, 0 to 1, the rest is content's; None: the tuned balance
    genres     only movies with at least one of them, in whatever case; none: all movies
    year_from  only movies of that year or later; those without a year are left out
    year_to    only movies of that year or earlier
    exclude    movie ids that must not be in the list; unknown ones do not matter
    explain    say what each source gave, and because of which titles
    n_because  titles named per movie; None: every title of the person
    diversity  0 to 1: above 0 the best 100 are chosen from anew so that the list is less alike
               (:class:`recsys_core.reranking.Reranker`); scores stay the model's own
    new_titles "hybrid" only: places at the end of the list that are kept for movies without a rating, as far as there
               are so many; with ``k`` of them the list has no others
    """

    k: int = 10
    model: ModelName = "hybrid"
    alpha: float | None = None
    genres: tuple[str, ...] = ()
    year_from: int | None = None
    year_to: int | None = None
    exclude: tuple[Id, ...] = ()
    explain: bool = False
    n_because: int | None = 3
    diversity: float = 0.0
    new_titles: int = 0

    @property
    def filters(self) -> bool:
        """Whether some movies are left out for what they are."""
        return bool(self.genres) or self.year_from is not None or self.year_to is not None
