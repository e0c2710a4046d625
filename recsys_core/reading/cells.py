"""What people write into a cell, in one notation."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from recsys_core.dataset.columns import ColumnSpec
from recsys_core.dataset.moments import FORMS, moment_of
from recsys_core.syntax import literal

__all__ = ["EMPTY_WORDS", "VERDICTS", "moments", "numbers_of_words", "sets", "tidied", "verdicts", "weights"]

EMPTY_WORDS: Final = pa.array(["", "NaN", "nan", "NA", "N/A", "\\N", "NULL", "null", "None"])
"""What stands for nothing in a column that may be empty."""
VERDICTS: Final = {
    **dict.fromkeys(("true", "t", "yes", "y", "like", "liked", "up", "thumbs up", "recommended"), "1"),
    **dict.fromkeys(("false", "f", "no", "n", "dislike", "disliked", "down", "thumbs down", "not recommended"), "0"),
}
"""Words for ratings of two values."""
_SEPARATORS: Final = ("|", ";", ",")  # of the members of a set; the first one that a cell has
_UNCUT: Final = re.compile(r"(?<=['\"])\s+(?=['\"])")  # of NumPy's arrays: ['Drama' 'War']
_WEIGHT: Final = ("weight", "count", "score", "relevance", "value")
_NAME: Final = "name"  # of a member that is written as an object: {"id": 18, "name": "Drama"}


def tidied(values: pa.ChunkedArray, column: ColumnSpec) -> tuple[pa.ChunkedArray, int]:
    """A nullable column without words for nothing and what it does not declare, and how many cells the latter were.

    The 0 of an id is a word for nothing.
    """
    nothing = pa.scalar(None, values.type)
    if pa.types.is_string(values.type):
        values = pc.if_else(pc.is_in(pc.utf8_trim_whitespace(values), value_set=EMPTY_WORDS), nothing, values)
        if not column.pattern:
            return values, 0
        parts = pc.extract_regex(values, f"^(?:{column.pattern})$")
        found = pc.struct_field(parts, "value")
        return found, found.null_count - values.null_count
    low, high = (1, None) if column.type == "id" else (column.minimum, column.maximum)
    if column.type == "id":
        values = pc.if_else(pc.equal(values, 0), nothing, values)
    kept = values
    if low is not None:
        kept = pc.if_else(pc.less(kept, low), nothing, kept)
    if high is not None:
        kept = pc.if_else(pc.greater(kept, high), nothing, kept)
    return kept, kept.null_count - values.null_count


def moments(texts: pa.StringArray, per_second: int = 1) -> pa.StringArray:
    """Dates as :func:`recsys_core.dataset.moments.moment_of` reads them as units since 1970; all else as it is."""
    others = pc.invert(pc.match_substring_regex(texts, "^-?[0-9]*$"))
    if not pc.any(others).as_py():
        return texts
    first = texts.filter(others)[0].as_py()
    forms = sorted(FORMS, key=lambda form: moment_of(first, [form]) is None)  # that of the others, too
    return pa.array([text and _units(text, per_second, forms) for text in texts.to_pylist()], type=pa.string())


def _units(text: str, per_second: int, forms: Sequence[str]) -> str:
    moment = moment_of(text, forms)
    return text if moment is None else str(int(moment.timestamp()) * per_second)


def verdicts(texts: pa.StringArray) -> pa.StringArray:
    """1 for the words of those who like something, 0 for the words of those who do not; all else as it is."""
    return pc.coalesce(_looked_up(pc.utf8_lower(texts), VERDICTS), texts)


def numbers_of_words(texts: pa.StringArray, words: Mapping[str, float]) -> pa.StringArray:
    """The number of each of ``words``; all else becomes what is no number."""
    found = _looked_up(texts, {word: repr(float(number)) for word, number in words.items()})
    return pc.if_else(pc.is_valid(texts), pc.coalesce(found, pc.binary_join_element_wise("?", texts, "")), texts)


def _looked_up(texts: pa.StringArray, words: Mapping[str, str]) -> pa.StringArray:
    return pa.array(list(words.values()), pa.string()).take(pc.index_in(texts, value_set=pa.array(list(words))))


def sets(cells: pa.ChunkedArray, separator: str = "") -> pa.ChunkedArray:
    """Sets as names between ``|``: what JSON or Python's lists say, of names or of objects with a name, and commas.

    separator  of the members, where it is declared
    """
    if separator:
        if separator == "|":
            return cells
        return pc.replace_substring_regex(pc.replace_substring(cells, "|", "/"), rf"\s*{re.escape(separator)}\s*", "|")
    others = pc.or_(pc.match_substring_regex(cells, r"^\s*\["), pc.match_substring_regex(cells, "[;,]"))
    if not pc.any(others).as_py():
        return cells
    return pa.chunked_array([pa.array([_members(cell) for cell in cells.to_pylist()], type=pa.string())])


def weights(cells: pa.ChunkedArray) -> pa.ChunkedArray:
    """Weighted names as ``name:number`` between ``|``: of JSON, or of ``name:number`` between the usual separators.

    JSON, or what Python writes, is an object of names, or a list of pairs or of objects with a name and a weight.
    A name without a number counts once, what is no weight above 0 not at all.
    """
    return pa.chunked_array([pa.array([_weighted(cell) for cell in cells.to_pylist()], type=pa.string())])


def _weighted(cell: str | None) -> str | None:
    if cell is None:
        return None
    pairs = [(name, _above_zero(weight)) for name, weight in _pairs(cell.strip())]
    return "|".join(f"{name}:{weight:g}" for name, weight in pairs if name and weight) or None


def _pairs(text: str) -> Iterator[tuple[str, object]]:
    found = _read(text) if text[:1] in ("[", "{") else None
    if isinstance(found, dict):
        yield from ((_named(name), weight) for name, weight in found.items())
    elif isinstance(found, list):
        for member in found:
            if isinstance(member, dict):
                yield _named(member), next((member[name] for name in _WEIGHT if name in member), 1)
            elif isinstance(member, (list, tuple)) and len(member) == 2:
                yield _named(member[0]), member[1]
            else:
                yield _named(member), 1
    else:
        for part in (_members(text) or "").split("|"):
            name, _, weight = part.rpartition(":")
            yield (part.strip(), 1) if _number(weight) is None else (name.strip(), weight)


def _above_zero(weight: object) -> float:
    number = _number(weight)
    return number if number is not None and 0 < number < float("inf") else 0.0


def _number(weight: object) -> float | None:
    try:
        return float(str(weight))
    except ValueError:
        return None


def _members(cell: str | None) -> str | None:
    if cell is None:
        return None
    text = cell.strip()
    if text.startswith("[") and text.endswith("]"):
        listed = _listed(text)
        if listed is not None:
            return "|".join(name for name in map(_named, listed) if name)
    separator = next((sign for sign in _SEPARATORS if sign in text), None)
    return cell if separator in (None, "|") else "|".join(part.strip() for part in text.split(separator))


def _listed(text: str) -> list[Any] | None:
    found = _read(text)
    return found if isinstance(found, list) else None


def _read(text: str) -> object:
    """What JSON, or else Python, reads in ``text``; None where it is neither."""
    for read, written in ((json.loads, text), (literal, _UNCUT.sub(", ", text))):
        try:
            found = read(written)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
        return found
    return None


def _named(member: object) -> str:
    value = member.get(_NAME) if isinstance(member, dict) else member
    return "" if value is None else str(value).replace("|", "/").strip()
