"""A drawn card where there is no poster: the title, the year, and colours and shapes of the genres."""

import re
import zlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from markupsafe import Markup, escape

from serving.schemas import Id
from ui.genres import Palette, known_genres, palette_of
from ui.motifs import motif_of
from ui.shapes import HEIGHT, WIDTH
from ui.titles import ShownTitle, shown_title
from ui.wrapping import fit_lines, text_width

__all__ = ["placeholder_svg"]

_SIZES: Final = (56.0, 50.0, 44.0, 38.0, 33.0, 29.0, 25.0)
_SUBTITLE_SIZES: Final = (30.0, 27.0, 24.0, 21.0)
_MARGIN: Final = 26
_LEADING: Final = 1.08
_FONT: Final = "'Source Sans','Source Sans 3','Source Sans Pro','Helvetica Neue',Arial,sans-serif"
_SUBTITLE: Final = re.compile(r"(?P<first>[^:]{2,}?)(?:: | - | – )(?P<second>.{3,})")
# The rarer a genre, the more it says: a film of Action, Adventure and Sci-Fi is drawn as Sci-Fi.
_TELLING: Final = (
    *("Film-Noir", "Western", "Musical", "War", "Documentary", "Horror", "Animation", "Sci-Fi", "Fantasy", "Mystery"),
    *("Crime", "Children", "Romance", "Thriller", "Adventure", "Comedy", "Action", "Drama", "IMAX"),
)


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    size: float
    weight: int


def placeholder_svg(movie_id: Id, title: str, year: int | None, genres: list[str]) -> Markup:
    """An SVG of 342 × 513 that always looks the same for the same movie; the title is escaped."""
    return _drawn(movie_id, title, year, tuple(known_genres(genres)))


@lru_cache(maxsize=4096)
def _drawn(movie_id: Id, title: str, year: int | None, genres: tuple[str, ...]) -> Markup:
    shown = shown_title(title, year)
    seed = zlib.crc32(f"{movie_id} {title}".encode())
    told = sorted(genres, key=lambda genre: _TELLING.index(genre) if genre in _TELLING else -1)[:2]
    if len(told) == 2 and seed % 3 == 0:  # not all films of two genres look like the first one
        told.reverse()
    first, second = (told[0], told[-1]) if told else (str(seed), str(seed))  # of no genre, all differ
    palette = palette_of(first)
    lines = _lines(shown.name)
    height = sum(line.size * _LEADING for line in lines)
    label = escape(f"Drawn card: {shown.name}" + (f" ({shown.year})" if shown.year else ""))
    motif = motif_of(first, palette.ink, seed)
    background = _background(f"card{seed:08x}", palette, palette_of(second), seed, motif, height)
    return Markup(
        f'<svg class="drawn" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}" '
        f'xmlns="http://www.w3.org/2000/svg">{background}'
        f'<g font-family="{_FONT}" fill="#ffffff" letter-spacing="-0.4">{_text(lines, HEIGHT - 78)}</g>'
        f"{_footer(shown, told, palette)}</svg>"
    )


def _lines(name: str) -> list[_Line]:
    """The name in large type; what comes after a colon or a dash is smaller."""
    parts = _SUBTITLE.fullmatch(name)
    first, second = (parts["first"], parts["second"].replace(" - ", " – ")) if parts else (name, "")
    width = WIDTH - 2 * _MARGIN
    large, size = fit_lines(first, width, _SIZES, 2)
    if size < 38 or len(large) == 1 < len(first.split()):  # three lines in larger type read better than two in small
        large, size = fit_lines(first, width, _SIZES[1:], 3)
    small, small_size = fit_lines(second, width, tuple(s for s in _SUBTITLE_SIZES if s < size) or (20.0,), 3)
    return [_Line(text, size, 800) for text in large] + [_Line(text, small_size, 500) for text in small if text]


def _text(lines: list[_Line], baseline: float) -> str:
    """Lines from the bottom up, the last one on ``baseline``."""
    drawn = ""
    for below, line in zip([None, *reversed(lines)], reversed(lines), strict=False):
        if below and below.weight != line.weight:
            baseline -= 7  # the large type's descenders
        drawn = (
            f'<text x="{_MARGIN}" y="{baseline:.1f}" font-size="{line.size:g}" font-weight="{line.weight}">'
            f"{escape(line.text)}</text>{drawn}"
        )
        baseline -= line.size * _LEADING
    return drawn


def _footer(shown: ShownTitle, told: list[str], palette: Palette) -> str:
    named = " · ".join(told).upper()
    if text_width(named) * 17 > WIDTH - 2 * _MARGIN - 60:
        named = told[0].upper()
    return (
        f'<rect x="{_MARGIN}" y="{HEIGHT - 60}" width="36" height="4" rx="2" fill="{palette.ink}"/>'
        f'<g font-family="{_FONT}" font-weight="600"><text x="{_MARGIN}" y="{HEIGHT - 25}" font-size="21" '
        f'fill="#ffffff">{shown.year or ""}</text><text x="{WIDTH - _MARGIN}" y="{HEIGHT - 25}" text-anchor="end" '
        f'font-size="17" letter-spacing="0.8" fill="{palette.ink}">{escape(named)}</text></g>'
    )


def _background(name: str, palette: Palette, other: Palette, seed: int, motif: str, text_height: float) -> str:
    """Two genres' colours, the drawing, and a shade below the text so that white letters can be read on it."""
    begins = (HEIGHT - 110 - text_height) / HEIGHT
    return (
        f'<defs><linearGradient id="{name}a" x1="0" y1="0" x2="{0.1 + seed % 9 / 10:.1f}" y2="1">'
        f'<stop offset="0" stop-color="{palette.light}"/><stop offset="{0.45 + seed % 5 / 20:.2f}" '
        f'stop-color="{other.dark}"/><stop offset="1" stop-color="{palette.dark}"/></linearGradient>'
        f'<linearGradient id="{name}b" x1="0" y1="0" x2="0" y2="1">'
        f'<stop offset="{begins - 0.16:.2f}" stop-color="#05060a" stop-opacity="0"/>'
        f'<stop offset="{begins + 0.08:.2f}" stop-color="#05060a" stop-opacity="0.68"/>'
        '<stop offset="1" stop-color="#05060a" stop-opacity="0.92"/></linearGradient></defs>'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="url(#{name}a)"/>{motif}'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="url(#{name}b)"/>'
    )
