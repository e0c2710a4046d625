"""Titles as people write them: "Lost World, The (1997)" is The Lost World."""

import re
from dataclasses import dataclass
from typing import Final

from serving.schemas import Movie

__all__ = ["ShownTitle", "shown_title", "with_year"]

_YEAR: Final = re.compile(r"\s*\((\d{4})(?:[–-]\d{0,4})?\)\s*$")
_OTHER_NAMES: Final = re.compile(r"\s*\(([^()]*(?:\([^()]*\)[^()]*)*)\)\s*$")
_ARTICLES: Final = "The|An?|L'|Les?|La|Los|Las|El|Il|Lo|I|Der|Die|Das|Den|Det|De|Het|Een|Ein|Eine|Une?|O|Os|As"
_ARTICLE: Final = re.compile(rf"^(?P<rest>.+), (?P<article>{_ARTICLES})$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ShownTitle:
    """The name that is shown, the other names in brackets (may be empty), and the year."""

    name: str
    other_names: str
    year: int | None


def shown_title(title: str, year: int | None = None) -> ShownTitle:
    """Split a MovieLens title; ``year`` is used where the title has none.

    >>> shown_title("City of Lost Children, The (Cité des enfants perdus, La) (1995)")
    ShownTitle(name='The City of Lost Children', other_names='La Cité des enfants perdus', year=1995)
    """
    found = _YEAR.search(title)
    rest = title[: found.start()] if found else title
    other = _OTHER_NAMES.search(rest)
    name = rest[: other.start()] if other else rest
    if not name.strip():  # nothing but brackets: they are the name
        name, other = rest, None
    return ShownTitle(
        name=_article_first(name.strip()) or title.strip(),
        other_names=_article_first(other.group(1).strip()) if other else "",
        year=int(found.group(1)) if found else year,
    )


def with_year(movie: Movie | str) -> str:
    """The name and, in brackets, the year where it is known."""
    title = shown_title(movie) if isinstance(movie, str) else shown_title(movie.title, movie.year)
    return f"{title.name} ({title.year})" if title.year else title.name


def _article_first(name: str) -> str:
    found = _ARTICLE.match(name)
    if not found:
        return name
    article = found["article"]
    return f"{article}{'' if article.endswith(chr(39)) else ' '}{found['rest']}"
