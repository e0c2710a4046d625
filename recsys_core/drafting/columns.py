"""One column of a sample: what its cells are."""

import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from recsys_core.dataset.ids import integer_of
from recsys_core.dataset.moments import PER_SECOND, moment_of, unit_of
from recsys_core.reading.cells import EMPTY_WORDS, VERDICTS, sets

__all__ = ["Column", "is_id", "is_number", "reads_as_value"]

_NOTHING: Final = frozenset(EMPTY_WORDS.to_pylist())
_TRAILING_ZEROS: Final = re.compile(r"\.0*$")  # as floating-point columns are written
_EXACT: Final = 2.0**53
_MOSTLY: Final = 0.95  # of the cells are what the column is; rows of the others are rejected, or the cells left out
_STRAY: Final = 0.01
_THOUSANDS: Final = re.compile(r"-?\d{1,3}(,\d{3})+(\.\d+)?")
_LATEST: Final = 4_102_444_800  # seconds: 2100


def is_number(text: str) -> bool:
    try:
        return np.isfinite(float(text.strip())) and "_" not in text and text.isascii()
    except ValueError:
        return False


def reads_as_value(text: str) -> bool:
    """Whether a text is a number, or one of the words that are read for one."""
    return is_number(text) or text.lower() in VERDICTS


def is_id(text: str) -> bool:
    """Whether a text is a whole number of 64 bits; 007 is another one than 7, and 862.0 is 862."""
    written = text.strip()
    plain = _TRAILING_ZEROS.sub("", written)
    number = integer_of(plain)
    return number is not None and str(number) == plain


@dataclass(frozen=True, eq=False)
class Column:
    """``cells`` of all sampled rows, empty ones included."""

    name: str
    cells: tuple[str, ...]

    @cached_property
    def texts(self) -> list[str]:
        """What is not empty."""
        return [text for cell in self.cells if (text := cell.strip()) not in _NOTHING]

    @cached_property
    def distinct(self) -> frozenset[str]:
        """Different values; a whole number is itself with and without its .0, and 007 is another one than 7."""
        if not self.are_ids or np.abs(self.numbers).max() > _EXACT:
            return frozenset(cell for cell in self.cells if cell.strip() not in _NOTHING)
        return frozenset(str(int(number)) for number in self.numbers)

    @cached_property
    def numbers(self) -> NDArray[np.float64]:
        """The values as numbers, with commas for points or between thousands, too; (0,) where some are none."""
        point = "" if self.has_thousands else "."
        found = [float(text) for cell in self.texts if is_number(text := cell.replace(",", point))]
        return np.array(found if len(found) >= _MOSTLY * len(self.texts) else [], dtype=np.float64)

    @cached_property
    def values(self) -> NDArray[np.float64]:
        """:attr:`numbers`, or what is read for the words of those who like something and of those who do not."""
        words = [VERDICTS[text.lower()] for text in self.texts if text.lower() in VERDICTS]
        return self.numbers if len(words) < _MOSTLY * len(self.texts) else np.array(words, dtype=np.float64)

    @cached_property
    def unread(self) -> list[str]:
        """Texts that are neither numbers nor words for them; commas, which all of them may have, are told elsewhere."""
        return [text for text in self.texts if not reads_as_value(text.replace(",", ""))]

    @cached_property
    def has_thousands(self) -> bool:
        """Whether commas stand between thousands: 17,096."""
        commas = [text for text in self.texts if "," in text]
        return len(commas) > 0 and all(_THOUSANDS.fullmatch(text) for text in commas)

    @cached_property
    def has_decimal_commas(self) -> bool:
        return len(self.numbers) > 0 and not self.has_thousands and any("," in text for text in self.texts)

    @cached_property
    def whole(self) -> bool:
        """Whether all values are whole numbers."""
        return 0 < len(self.numbers) == len(self.texts) and bool((self.numbers % 1 == 0).all())

    @cached_property
    def are_ids(self) -> bool:
        """Whether all values can be whole numbers of 64 bits that say the same when they are read and written."""
        return len(self.texts) > 0 and not self._not_ids

    @cached_property
    def no_ids(self) -> list[str]:
        """Texts among whole numbers that are none, where there are few; with many, ids are texts."""
        return self._not_ids if len(self._not_ids) <= _STRAY * len(self.texts) else []

    @cached_property
    def _not_ids(self) -> list[str]:
        return [text for text in self.texts if not is_id(text)]

    @cached_property
    def is_unique(self) -> bool:
        return len(self.texts) > 0 and len(self.distinct) >= 0.99 * len(self.cells)

    @cached_property
    def hardly_repeats(self) -> bool:
        return len(self.texts) > 0 and len(self.distinct) >= 0.9 * len(self.cells)

    @cached_property
    def moments(self) -> str:
        """The unit of moments since 1970, "dates" for what is read as dates, "" for what is neither or mixed."""
        if len(self.numbers):
            units = {unit_of(float(moment)) for moment in np.quantile(self.numbers, [0.05, 0.5, 0.95])}
            unit = units.pop()
            return unit if not units and unit and np.median(self.numbers) < _LATEST * PER_SECOND[unit] else ""
        return "dates" if self.texts and len(self.no_dates) <= (1 - _MOSTLY) * len(self.texts) else ""

    @cached_property
    def no_dates(self) -> list[str]:
        """Texts that are not read as dates; of many, which take long to try, so many as tell that it has none."""
        tried = (text for text in self.texts if moment_of(text) is None)
        return list(islice(tried, 1 + int((1 - _MOSTLY) * len(self.texts))))

    @cached_property
    def has_letters(self) -> bool:
        """Whether most values are text, and no address of a page or a picture."""
        words = [text for text in self.texts if any(character.isalpha() for character in text)]
        pages = [text for text in self.texts if "://" in text or text.startswith(("www.", "/"))]
        return 2 * len(words) > len(self.texts) and 2 * len(pages) < len(self.texts)

    def members(self, separator: str = "") -> Counter[str]:
        """The members of the cells as sets, and in how many cells each is."""
        read = sets(pa.chunked_array([pa.array(self.texts, pa.string())]), separator)
        return Counter(
            member for cell in read.to_pylist() for member in {part.strip() for part in cell.split("|")} if member
        )

    @cached_property
    def separator(self) -> str:
        """Of the members of a set, where reading would not find it by itself."""
        share = {sign: sum(sign in text for text in self.texts) / max(len(self.texts), 1) for sign in "|;,/["}
        if share["["] > 0.5:
            return ""
        if share["|"] > 0.1:
            return "|" if share[","] or share[";"] else ""
        if share[";"] > 0.1:
            return ";" if share[","] else ""
        if share[","] == 0 and share["/"] > 0.1:
            apart = all("/" not in text.replace(" / ", "") for text in self.texts)
            return " / " if apart else "/"
        return ""
