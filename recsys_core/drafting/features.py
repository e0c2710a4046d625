"""Further columns of items: what describes them, pictures, pages."""

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np

from recsys_core.dataset.addresses import Address
from recsys_core.dataset.names import plain_name
from recsys_core.drafting.columns import Column
from recsys_core.drafting.guesses import Confidence, Guess

__all__ = ["guess_addresses", "guess_features", "guess_flags"]

_ITEMS: Final = 10  # fewer do not show what repeats
_REPEATED: Final = 0.6  # of different members to members
_LONG: Final = 40  # characters of a member, on average, are a sentence
_FLAGS: Final = 3
_WORDS: Final = 6  # in a cell, on average, are a text
_BINS: Final = 10  # into which numbers are cut: fewer different ones tell less
_MOSTLY: Final = 0.9
_WEIGHTED: Final = re.compile(
    r"\{\s*\"[^\"]+\"\s*:\s*-?[\d.]+\s*[,}]"  # {"epic": 3}, or [{"name": "epic", "count": "3"}]
    r"|\[\s*\{(?=[^}]*\"name\"\s*:)[^}]*\"(weight|count|score|relevance|value)\"\s*:"
)
_COUNTED: Final = re.compile(r"rating|vote|popular|rank|review|score|sales|likes|views|plays|(?<!page)(?<!word)count$")
"""Names of numbers that come from the very people whose taste is to be foretold."""
_IDENTIFIES: Final = re.compile(r"(id|ids|isbn\d*|asin|sku|ean|index|number|no|code)$")
_PICTURE: Final = re.compile(r"image|img|picture|photo|cover|poster|thumb")
_PICTURE_FILE: Final = re.compile(r"\.(jpe?g|png|webp|gif|avif)(\?|$)", re.IGNORECASE)
_SIZES: Final = (r"thumb|small|[-_ ]s$", r"medium|[-_ ]m$", r"large|[-_ ]l$")
Described = tuple[str, Confidence, str]
"""What is declared of a column, how sure that is, and why."""


def guess_features(columns: Sequence[Column]) -> tuple[dict[str, str], list[Guess]]:
    """What the columns that describe items are declared to hold, by name."""
    features: dict[str, str] = {}
    guesses = []
    for column in columns:
        if len(column.texts) < _ITEMS or column.moments or column.name in features:
            continue
        found = _members(column) or _numbers(column) or _text(column)
        if found is not None:
            said, confidence, why = found
            features[column.name] = said
            guesses.append(Guess(f"items.features.{column.name}", said, confidence, why))
    return features, guesses


def _members(column: Column) -> Described | None:
    """Categories and sets that several items share, by the separator that must be declared; and weighted tags."""
    if not column.has_letters or len(column.numbers):
        return None
    if sum(_PICTURE_FILE.search(text) is not None for text in column.texts) > _MOSTLY * len(column.texts):
        return None
    weighted = [text for text in column.texts if _WEIGHTED.match(text)]
    if len(weighted) > _MOSTLY * len(column.texts):
        return "weighted tags", "likely", f"such as {weighted[0][:_LONG]}"
    members = column.members(column.separator)
    if not 1 < len(members) <= _REPEATED * members.total() or np.mean([len(name) for name in members]) > _LONG:
        return None
    return column.separator, "likely", f"{len(members):,} different values in {len(column.texts):,} items"


def _numbers(column: Column) -> Described | None:
    """Numbers that are the item's own: a price, a length; no number that people made, or that names the item."""
    name = plain_name(column.name)
    if len(column.numbers) == 0 or column.has_decimal_commas or _COUNTED.search(name) or _IDENTIFIES.search(name):
        return None
    if len(np.unique(column.numbers)) < _BINS or (column.whole and column.is_unique):
        return None
    low, high = column.numbers.min(), column.numbers.max()
    return "number", "guess", f"numbers from {low:g} to {high:g}"


def _text(column: Column) -> Described | None:
    """Sentences of the item's own."""
    lengths = [len(text.split()) for text in column.texts]
    if not column.has_letters or len(column.distinct) <= 1 or np.mean(lengths) < _WORDS:
        return None
    if any(column.texts[0].startswith(sign) for sign in "[{<"):
        return None  # what programs wrote for programs
    return "text", "likely", f"texts of {np.mean(lengths):.0f} words on average"


def guess_addresses(columns: Sequence[Column]) -> Iterator[tuple[str, str, Guess]]:
    """The largest picture of an item and its page, where columns hold their addresses: key, template, guess."""
    found = [column for column in columns if _are_addresses(column) and not {*column.name} & {*"{}"}]
    pictures = [column for column in found if _is_picture(column)]
    pages = [column for column in found if column not in pictures]
    if pictures:
        template = f"{{{max(pictures, key=_size).name}}}"
        yield "picture", template, Guess("items.picture", template, "likely", "addresses of pictures")
    if pages:
        template = f"{{{pages[0].name}}}"
        yield "link", template, Guess("items.link", template, "likely", f"addresses such as {pages[0].texts[0]}"[:100])


def _are_addresses(column: Column) -> bool:
    address = Address("{address}")
    there = [text for text in column.texts if address.of({"address": text})]
    return 2 * len(column.texts) > len(column.cells) and len(there) > _MOSTLY * len(column.texts)


def _is_picture(column: Column) -> bool:
    files = [text for text in column.texts if _PICTURE_FILE.search(text)]
    return bool(_PICTURE.search(plain_name(column.name))) or len(files) > _MOSTLY * len(column.texts)


def _size(column: Column) -> int:
    """0 for a small picture to 2 for a large one, as its name says."""
    sizes = [size for size, words in enumerate(_SIZES) if re.search(words, column.name.lower())]
    return sizes[-1] if sizes else 1


def guess_flags(columns: Sequence[Column]) -> list[str]:
    """Names of columns of 0 and 1, each for one genre, where there are several of them."""
    flags: list[Any] = [c.name for c in columns if c.whole and c.distinct == {"0", "1"} and c.name[:1].isalpha()]
    return flags if len(flags) >= _FLAGS else []
