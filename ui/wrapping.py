"""Breaking a title into lines that fit a drawn card, without a font at hand."""

import unicodedata
from typing import Final

__all__ = ["fit_lines", "text_width"]

_NARROW: Final = frozenset("iljtfrI.,:;'’!|()[]-–·* ")
_WIDE: Final = frozenset("mwMW@%—…&")
_AVERAGE: Final = 0.56
"""Widths in units of the type size, of a bold sans serif; measured on the wider of those that the cards name."""


def text_width(text: str) -> float:
    """Width of ``text`` in units of the type size; rather too wide than too narrow."""
    return sum(map(_width_of, text))


def _width_of(letter: str) -> float:
    if unicodedata.combining(letter):
        return 0.0
    if unicodedata.east_asian_width(letter) in "WF":
        return 1.0
    if letter in _NARROW:
        return 0.33
    if letter in _WIDE:
        return 0.88
    return 0.68 if letter.isupper() else _AVERAGE


def fit_lines(text: str, width: float, sizes: tuple[float, ...], n_lines: int) -> tuple[list[str], float]:
    """Lines of ``text`` in the largest of ``sizes`` (largest first) that fits ``n_lines`` lines of ``width``.

    Words are broken only where one alone is too wide for the smallest size; what is too long for all ends in "…".
    Returns the lines and their size.
    """
    words = text.split()
    for size in sizes:
        most = width / size
        if all(text_width(word) <= most for word in words):
            lines = _wrap(words, most)
            if len(lines) <= n_lines:
                return _balanced(words, most, len(lines)), size
    size = sizes[-1]
    lines = _wrap([part for word in words for part in _broken(word, width / size)], width / size)
    if len(lines) > n_lines:
        lines = [*lines[: n_lines - 1], _shortened(" ".join(lines[n_lines - 1 :]), width / size)]
    return lines, size


def _wrap(words: list[str], most: float) -> list[str]:
    lines: list[str] = []
    for word in words:
        if lines and text_width(f"{lines[-1]} {word}") <= most:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def _balanced(words: list[str], most: float, n_lines: int) -> list[str]:
    """As many lines, as even as can be: the narrowest width that needs no further line."""
    best = _wrap(words, most)
    for step in range(19, 0, -1):
        narrower = _wrap(words, most * step / 20)
        if len(narrower) > n_lines:
            break
        best = narrower
    return best


def _broken(word: str, most: float) -> list[str]:
    parts = [""]
    for letter in word:
        if parts[-1] and text_width(parts[-1] + letter) > most:
            parts.append("")
        parts[-1] += letter
    return parts


def _shortened(text: str, most: float) -> str:
    if text_width(text) <= most:
        return text
    while text and text_width(text + "…") > most:
        text = text[:-1]
    return text.rstrip() + "…"
