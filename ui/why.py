"""Why a title is in a list, in words and as parts of a bar."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from serving.schemas import Path, RecommendedMovie
from ui.titles import with_year

__all__ = ["Part", "parts_of", "why_text"]

_KNOWN: Final = ("collaborative", "content", "popularity")
_LEADS: Final = {
    "collaborative": "liked by people with your taste",
    "content": "like what you enjoy: genres, themes and years",
    "popularity": "loved by many",
}


@dataclass(frozen=True, slots=True)
class Part:
    """What one source gave to a score, and its share (0 to 1) of all that was given or taken."""

    source: str
    value: float
    share: float

    @property
    def text(self) -> str:
        """Such as "collaborative +14.98"."""
        return f"{self.source} {self.value:+.2f}"


def parts_of(sources: Mapping[str, float] | None) -> list[Part]:
    """The sources in a steady order; a source that gave nothing at all stays, with a share of 0."""
    if not sources:
        return []
    whole = sum(map(abs, sources.values()))
    order = [*(name for name in _KNOWN if name in sources), *sorted(set(sources) - set(_KNOWN))]
    return [Part(name, sources[name], abs(sources[name]) / whole if whole else 0.0) for name in order]


def why_text(movie: RecommendedMovie, path: Path | None = None, n_titles: int = 2) -> str:
    """Such as "because of Alien (1979) and Aliens (1986)"; empty where the answer does not say why."""
    raising = [because for because in movie.because or [] if because.contribution > 0]
    if raising and path != "cold":
        named = [with_year(because.title) for because in raising[:n_titles]]
        return f"because of {' and '.join([', '.join(named[:-1]), named[-1]] if len(named) > 1 else named)}"
    parts = [part for part in parts_of(movie.sources) if part.value > 0]
    if path == "cold" or not parts:
        return "popular with newcomers" if path == "cold" else ""
    strongest = max(parts, key=lambda part: part.value).source
    return _LEADS.get(strongest, f"mostly {strongest}")
