"""Genres, and the colours that each one has on the page."""

import zlib
from dataclasses import dataclass
from typing import Final

__all__ = ["Palette", "known_genres", "palette_of"]


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours of a drawn card: where the background begins and ends, and what is drawn on it."""

    dark: str
    light: str
    ink: str


_PALETTES: Final = {
    "Action": Palette("#3a0d12", "#b4322a", "#ffb08a"),
    "Adventure": Palette("#0d2b2a", "#1f7a63", "#ffd98a"),
    "Animation": Palette("#251253", "#7a48c9", "#ffd166"),
    "Children": Palette("#0c2f52", "#2a86c8", "#ffe08a"),
    "Comedy": Palette("#472404", "#c47a17", "#ffe9a8"),
    "Crime": Palette("#12161f", "#46536b", "#f2b84b"),
    "Documentary": Palette("#132a2e", "#4c7c78", "#d8efe4"),
    "Drama": Palette("#2a0f24", "#8a3358", "#f6c1a8"),
    "Fantasy": Palette("#1b1147", "#5f45b5", "#bfe3ff"),
    "Film-Noir": Palette("#0a0b0e", "#4a4d55", "#e6e2d6"),
    "Horror": Palette("#0b0b10", "#541620", "#ff6a5a"),
    "IMAX": Palette("#06243f", "#16699c", "#a9e4ff"),
    "Musical": Palette("#3a0b3d", "#a93a8e", "#ffc6ec"),
    "Mystery": Palette("#0b1b30", "#2d5480", "#9fd0ff"),
    "Romance": Palette("#46102a", "#c2466b", "#ffd0d8"),
    "Sci-Fi": Palette("#071b3b", "#1b62a8", "#7fe3ff"),
    "Thriller": Palette("#0c1f1f", "#2b5f5b", "#ff9a62"),
    "War": Palette("#1d2113", "#666a3a", "#f0d9a0"),
    "Western": Palette("#3d1c08", "#b5652a", "#ffd7a0"),
}
_OTHERS: Final = (
    Palette("#10213f", "#3c5f9a", "#cfe0ff"),
    Palette("#22153a", "#66489a", "#e4d3ff"),
    Palette("#0f2a24", "#2f7f6b", "#c9f2e2"),
    Palette("#351c12", "#96563a", "#ffdcc4"),
)


def known_genres(genres: list[str]) -> list[str]:
    """``genres`` without the words that mean that there is none."""
    return [genre for genre in genres if genre and not genre.startswith("(no ")]


def palette_of(genre: str) -> Palette:
    """The genre's colours; a genre that is not in the list always gets the same ones."""
    return _PALETTES.get(genre) or _OTHERS[zlib.crc32(genre.encode()) % len(_OTHERS)]
