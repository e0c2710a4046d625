"""Titles as HTML: rows, grids and the large card on top. Every text is escaped by the templates."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import jinja2
from markupsafe import Markup

from serving import schemas
from ui.genres import known_genres
from ui.ids import word_of
from ui.placeholder import placeholder_svg
from ui.titles import shown_title
from ui.tmdb import Art
from ui.why import Part, parts_of, why_text

__all__ = ["Action", "Card", "card_of", "cards_of", "hero_html", "page_html", "row_html"]

Action = Literal["rate", "taste", "ask", "pick", "none"]
"""What a card offers: stars or a heart; like and dislike; the same and "I don't know it"; to be picked; nothing."""

_LOOK: Final = Path(__file__).parent / "look"
_TEMPLATES: Final = jinja2.Environment(
    loader=jinja2.FileSystemLoader(_LOOK),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True, slots=True)
class Card:
    """One title as the page shows it.

    kind   what people say in this catalogue: stars for ratings, a heart for counts and events
    said   what the person said of it: stars, or 1 for a heart
    value  of the person's history, in words
    """

    movie_id: schemas.Id
    rank: int | None
    name: str
    other_names: str
    year: int | None
    genres: list[str]
    link_href: str | None
    tmdb_href: str | None
    imdb_href: str | None
    drawn: Markup
    poster_url: str | None
    backdrop_url: str | None
    overview: str
    score: float | None
    why: str
    parts: list[Part]
    rating: float | None
    note: str
    new: bool = False
    kind: schemas.FeedbackKind = "ratings"
    said: float | None = None
    value: str = ""

    @property
    def word(self) -> str:
        """The id in an address of the page."""
        return word_of(self.movie_id)

    @property
    def named(self) -> str:
        """The name with its year, for alternative texts and labels."""
        return f"{self.name} ({self.year})" if self.year else self.name


def card_of(
    movie: schemas.Movie, art: Art | None = None, *, images: str = "", path: schemas.Path | None = None, note: str = ""
) -> Card:
    """A movie, its art (None: a drawn card) and why it is there as a Card; ``images`` is where posters lie."""
    title = shown_title(movie.title, movie.year)
    recommended = movie if isinstance(movie, schemas.RecommendedMovie) else None
    return Card(
        movie_id=movie.movie_id,
        rank=recommended.rank if recommended else None,
        name=title.name,
        other_names=title.other_names,
        year=title.year,
        genres=known_genres(movie.genres),
        link_href=movie.link_url,
        tmdb_href=f"https://www.themoviedb.org/movie/{movie.tmdb_id}" if movie.tmdb_id else None,
        imdb_href=_imdb_href(movie.imdb_id),
        drawn=placeholder_svg(movie.movie_id, movie.title, movie.year, movie.genres),
        poster_url=movie.picture_url or (art.poster_url(images) if art else None),
        backdrop_url=art.backdrop_url(images) if art else None,
        overview=art.overview if art else "",
        score=recommended.score if recommended else None,
        why=why_text(recommended, path) if recommended else "",
        parts=parts_of(recommended) if recommended else [],
        rating=movie.rating if isinstance(movie, schemas.RatedMovie) else None,
        note=note,
        new=recommended.new if recommended else False,
    )


def cards_of(
    movies: Iterable[schemas.Movie],
    art: Mapping[int, Art],
    *,
    images: str = "",
    path: schemas.Path | None = None,
    notes: Mapping[schemas.Id, str] | None = None,
) -> list[Card]:
    """``card_of`` for each movie; ``art`` is by tmdb_id, ``notes`` by movie_id."""
    return [
        card_of(
            movie,
            art.get(movie.tmdb_id) if movie.tmdb_id else None,
            images=images,
            path=path,
            note=(notes or {}).get(movie.movie_id, ""),
        )
        for movie in movies
    ]


def row_html(
    name: str,
    cards: Sequence[Card],
    *,
    heading: str,
    subtitle: str = "",
    action: Action = "none",
    form: Literal["row", "grid", "list"] = "row",
) -> str:
    """A section with its heading; ``name`` is unique on the page. "list" is a narrow column of small cards."""
    template = _TEMPLATES.get_template("list.html" if form == "list" else "row.html")
    return template.render(name=name, cards=cards, heading=heading, subtitle=subtitle, action=action, form=form)


def hero_html(name: str, card: Card, *, kicker: str, action: Action = "none") -> str:
    """The large card on top of a page."""
    return _TEMPLATES.get_template("hero.html").render(name=name, card=card, kicker=kicker, action=action)


def page_html(template: str, **values: object) -> str:
    """Any other template of the folder look/, with its values escaped."""
    return _TEMPLATES.get_template(template).render(**values)


def _imdb_href(imdb_id: str | None) -> str | None:
    digits = (imdb_id or "").removeprefix("tt")
    return f"https://www.imdb.com/title/tt{digits.zfill(7)}/" if digits.isdecimal() and digits.isascii() else None
