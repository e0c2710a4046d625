"""Ids as people write them, and the whole numbers that everything is computed with."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from recsys_core.errors import DataError, ShapeError, StorageError

__all__ = ["INTEGERS", "Id", "IdKind", "Ids", "TextNumbers", "ids_in", "integer_of", "number_of"]

Id = int | str
"""What a person or an item is called: a whole number of 64 bits, or a text, as the data set declares."""
IdKind = Literal["integer", "text"]
"""What a data set's ids are."""
NO_NUMBER: Final = -(2**63)
"""Stands for an id that no data can have, where a number is needed."""
_NO_ID: Final = frozenset(["", "NaN", "nan", "\\N", "NULL", "null", "None"])  # NA may be somebody's
_LOOKED_AT: Final = 1000  # texts, to tell whether the others stand in runs
_MOST_DIGITS = 20  # and the sign
_SCHEMA = pa.schema([pa.field("number", pa.int64(), nullable=False), pa.field("text", pa.string(), nullable=False)])


def number_of(text: str) -> int:
    """The number of a text id: 63 bits of its BLAKE2b, so that it depends on nothing but the text."""
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()) >> 1


def integer_of(written: Id) -> int | None:
    """The whole number of 64 bits that somebody wrote, as a number or as text; None for what is none."""
    if isinstance(written, str):
        word = written.strip()
        if not (word.isascii() and word.removeprefix("-").isdecimal() and len(word) <= _MOST_DIGITS):
            return None
        written = int(word)
    return written if -(2**63) <= written < 2**63 else None


def ids_in(written: str, kind: IdKind) -> list[Id]:
    """The ids that somebody wrote: ``1,260``, or a JSON list, for texts with commas or spaces around them.

    ValueError for what is neither.
    """
    text = written.strip()
    parts = json.loads(text) if text.startswith("[") else [part.strip() for part in text.split(",") if part.strip()]
    if kind == "text":
        return [str(part) for part in parts]
    if not all(isinstance(part, int | str) for part in parts):
        raise ValueError("no ids")
    return [int(part) for part in parts]


class _Numbers(dict[str, int | None]):
    """Number by text; asked for a new one, it hashes it and keeps it, unless it is a word for none."""

    def __missing__(self, text: str) -> int | None:
        if text in _NO_ID:
            return None
        number = self[text] = number_of(text)
        return number


def _in_runs(texts: pa.Array | pa.ChunkedArray) -> bool:
    """Whether a text mostly stands many times together, as people do in most files."""
    first = texts[:_LOOKED_AT].to_numpy(zero_copy_only=False)
    return bool(4 * np.count_nonzero(first[1:] != first[:-1]) < len(first))


class TextNumbers:
    """Numbers of texts, each hashed once, with the texts kept. May be shared by threads.

    Two texts with one number are a :class:`DataError`: of ten million ids that happens once in 200,000 catalogues.
    """

    def __init__(self) -> None:
        self._numbers = _Numbers()

    def of(self, texts: pa.StringArray | pa.DictionaryArray | pa.ChunkedArray) -> pa.Array:
        """Int64, aligned with ``texts``; null where the text is null or one of the words that programs write for it."""
        if not _in_runs(texts):
            return self._of_each(texts)
        runs = pc.run_end_encode(texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts)
        lengths = np.diff(runs.run_ends.to_numpy(), prepend=0)
        return self._of_each(runs.values).take(pa.array(np.repeat(np.arange(len(lengths)), lengths)))

    def _of_each(self, texts: pa.StringArray | pa.DictionaryArray | pa.ChunkedArray) -> pa.Array:
        encoded = texts.dictionary_encode()
        if isinstance(encoded, pa.ChunkedArray):
            encoded = encoded.combine_chunks()
        names = encoded.dictionary.to_numpy(zero_copy_only=False).tolist()  # several times faster than to_pylist
        numbers = list(map(self._numbers.__getitem__, names))
        return pa.array(numbers, type=pa.int64()).take(encoded.indices)

    def ids(self) -> "Ids":
        """All texts seen so far."""
        numbers = np.fromiter(self._numbers.values(), dtype=np.int64, count=len(self._numbers))
        order = np.argsort(numbers)
        same = np.flatnonzero(np.diff(numbers[order]) == 0)
        texts = list(self._numbers)
        if len(same):
            one, other = texts[order[same[0]]], texts[order[same[0] + 1]]
            raise DataError(f"the ids {one!r} and {other!r} have the same number; rename one of them")
        return Ids(numbers[order], pa.array(texts, type=pa.string()).take(pa.array(order)))


@dataclass(frozen=True, eq=False)
class Ids:
    """Numbers and what they are called; without ``texts`` a number is called by itself.

    numbers  int64 of shape (n,), sorted, unique
    texts    aligned with them
    """

    numbers: NDArray[np.int64]
    texts: pa.StringArray | None = None

    def __post_init__(self) -> None:
        if self.texts is not None and len(self.texts) != len(self.numbers):
            raise ShapeError(f"{len(self.texts)} texts of {len(self.numbers)} ids")

    @property
    def kind(self) -> IdKind:
        return "integer" if self.texts is None else "text"

    def named(self, written: Id) -> Id | None:
        """An id as the data have ids, ``7`` or ``"7"``; None for what can be none."""
        return str(written) if self.texts is not None else integer_of(written)

    def number(self, name: Id) -> int:
        """What ``name`` is computed with, whether or not it is among these; ``NO_NUMBER`` for what no id can be."""
        if self.texts is not None:
            return number_of(str(name))
        number = integer_of(name)
        return NO_NUMBER if number is None else number

    def numbers_of(self, names: Iterable[Id]) -> NDArray[np.int64]:
        """:meth:`number` of each."""
        return np.fromiter((self.number(name) for name in names), dtype=np.int64)

    def name(self, number: int) -> Id:
        """What ``number`` is called; one that is not among these, by itself."""
        return self.names_of([number])[0]

    def names_of(self, numbers: Sequence[int] | NDArray[np.int64]) -> list[Id]:
        """:meth:`name` of each."""
        wanted = np.asarray(numbers, dtype=np.int64)
        plain: list[int] = wanted.tolist()
        if self.texts is None:
            return list(plain)
        places = np.minimum(np.searchsorted(self.numbers, wanted), max(len(self.numbers) - 1, 0))
        if not len(self.numbers):
            return list(plain)
        found = self.texts.take(pa.array(places)).to_pylist()
        there = self.numbers[places] == wanted
        return [text if known else number for text, known, number in zip(found, there, plain, strict=True)]

    def among(self, numbers: NDArray[np.int64]) -> "Ids":
        """Those of sorted ``numbers``, each of which is among these."""
        if self.texts is None:
            return Ids(numbers)
        places = np.searchsorted(self.numbers, numbers)
        if len(numbers) and not np.array_equal(self.numbers[np.minimum(places, len(self.numbers) - 1)], numbers):
            raise ShapeError("numbers without a text")
        return Ids(numbers, self.texts.take(pa.array(places)))

    def column(self, numbers: NDArray[np.int64]) -> pa.Array:
        """What ``numbers``, each among these, are called: int64, or strings."""
        if self.texts is None:
            return pa.array(numbers, type=pa.int64())
        return self.texts.take(pa.array(np.searchsorted(self.numbers, numbers)))

    def save(self, path: Path) -> None:
        """Write text ids to a Parquet file; whole numbers need none."""
        if self.texts is not None:
            pq.write_table(pa.table([pa.array(self.numbers), self.texts], schema=_SCHEMA), path, compression="zstd")

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what :meth:`save` wrote."""
        try:
            table = pq.read_table(path).cast(_SCHEMA)
        except (OSError, ValueError, pa.ArrowException) as error:
            raise StorageError(f"{path}: cannot be read as ids ({error}); make it again") from error
        return cls(table["number"].to_numpy(), table["text"].combine_chunks())


INTEGERS: Final = Ids(np.zeros(0, dtype=np.int64))
"""Whole numbers: each is called by itself."""
