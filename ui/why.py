"""Why a title is in a list, in words and as parts of a bar."""

from dataclasses import dataclass
from typing import Final

from serving.schemas import Path, RecommendedMovie
from ui.titles import with_year

__all__ = ["Part", "parts_of", "why_text"]

_ORDER: Final = ("als", "ease", "neighbours", "collaborative", "content", "popularity", "dislikes")
_LABELS: Final = {"als": "ALS", "ease": "EASE", "dislikes": "disliked titles"}
_TOGETHER: Final = {"recent_popularity": "popularity"}
_CONSTANT: Final = "constant"  # the same for every title: it says nothing of this one
_SMALLEST: Final = 0.005  # of what is shown with two decimals
_TASTE: Final = "liked by people with your taste"
_LEADS: Final = {
    "als": _TASTE,
    "ease": "often liked together with your favourites",
    "neighbours": _TASTE,
    "collaborative": _TASTE,
    "content": "much like what you enjoy",
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
        """Such as "ALS +14.98"."""
        return f"{_LABELS.get(self.source, self.source)} {self.value:+.2f}"


def parts_of(movie: RecommendedMovie) -> list[Part]:
    """The sources in a steady order, without those that gave what rounds to nothing."""
    gave: dict[str, float] = {}
    for name, value in (movie.terms or movie.sources or {}).items():
        if name != _CONSTANT:
            gave[_TOGETHER.get(name, name)] = gave.get(_TOGETHER.get(name, name), 0.0) + value
    gave = {name: value for name, value in gave.items() if abs(value) >= _SMALLEST}
    whole = sum(map(abs, gave.values()))
    order = [*(name for name in _ORDER if name in gave), *sorted(set(gave) - set(_ORDER))]
    return [Part(name, gave[name], abs(gave[name]) / whole) for name in order]


def why_text(movie: RecommendedMovie, path: Path | None = None, n_titles: int = 2) -> str:
    """Such as "because of Alien (1979) and Aliens (1986)"; empty where the answer does not say why."""
    raising = [because for because in movie.because or [] if because.contribution > 0]
    if raising and path != "cold":
        named = [with_year(because.title) for because in raising[:n_titles]]
        return f"because of {' and '.join([', '.join(named[:-1]), named[-1]] if len(named) > 1 else named)}"
    parts = [part for part in parts_of(movie) if part.value > 0]
    if path == "cold" or not parts:
        return "popular with newcomers" if path == "cold" else ""
    strongest = max(parts, key=lambda part: part.value).source
    return _LEADS.get(strongest, f"mostly {strongest}")
