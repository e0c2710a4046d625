"""A block of CSV lines → a typed Arrow table, and the rows of it that are not what the columns declare."""

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
from numpy.typing import NDArray

from recsys_core.dataset.columns import ColumnSpec
from recsys_core.dataset.schema import TableSpec
from recsys_core.reading.cells import EMPTY_WORDS, moments, numbers_of_words, sets, tidied, verdicts, weights
from recsys_core.reading.header import Header
from recsys_core.reading.line_guard import Block
from recsys_core.reading.rejected import RejectedRow, readable_text

__all__ = ["BlockReader", "ConvertedBlock"]

TOO_FEW: Final = "too few columns"
TOO_MANY: Final = "too many columns"
HEADER_AGAIN: Final = "the header once more"
NOT_UTF8: Final = "not UTF-8"
NOT_WHOLE: Final = "not a whole number"
NOT_64_BITS: Final = "whole number beyond 64 bits"
NOT_A_NUMBER: Final = "not a number"
NO_MOMENT: Final = "neither seconds since 1970 nor a date"

_SHOWN: Final = 40  # characters of a cell
_REPLACEMENT = "\ufffd"
_BEFORE_A_FIELD = np.frombuffer(b',\n" \t+-', dtype=np.uint8)
# One field and the comma before it, for lines that the guard let pass.
_FIELD = re.compile(rb'(?:^|,)(?:"(?:[^"]|"")*"|[^",][^,]*|)')


@dataclass(frozen=True, slots=True)
class ConvertedBlock:
    """Typed rows (declared columns, then ``line``) and refused rows in order of their lines.

    emptied   cells of nullable columns that were not what the column declares, and are null now, by column
    examples  how the first of them begins that could not be read, by column
    """

    rows: pa.Table
    rejected: list[RejectedRow]
    emptied: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)


class BlockReader:
    """Reads blocks of lines whose columns are ``names`` into the columns that ``table`` declares.

    A block goes through pyarrow's typed reader. Only where that refuses the block is it read again, as text, to
    find the rows at fault, or cells in another notation (``862.0``, a date); every other row becomes what the typed
    reader would have made of it. A column that the file does not have is empty. Ids that are texts stay so.
    A line that is the header once more, as where files were appended to each other, is refused.
    Instances keep nothing between blocks, and may be shared by threads.
    """

    def __init__(self, table: TableSpec, header: Header) -> None:
        names = header.names
        self._header = header.text
        declared = set(table.column_names)
        self._names = tuple(name if name in declared else f"column {place}" for place, name in enumerate(names))
        self._there = [column for column in table.columns if column.name in names]
        self._types = {column.name: _read_as(column) for column in self._there}
        self._has_words = any(column.words for column in self._there)
        self._copies = [column for column in table.columns if column.copies]
        # Empty cells of any column are for validation to judge, so everything is nullable here.
        self._schema = pa.schema([*((c.name, _read_as(c)) for c in table.columns), ("line", pa.int64())])

    def read(self, block: Block) -> ConvertedBlock:
        """Convert one block."""
        if not block.data:
            return ConvertedBlock(self._schema.empty_table(), block.rejected)
        if self._has_words:
            return self.read_carefully(block)
        # pyarrow takes 0x10 for sixteen; the careful way does not.
        if not _has_hexadecimal(block.data) and not (self._header and self._header in block.data):
            try:
                columns = self._parse(block.data, self._types)
            except pa.ArrowInvalid:
                pass
            else:
                return self._converted(columns, block.line_numbers(), block.rejected)
        return self.read_carefully(block)

    def read_carefully(self, block: Block) -> ConvertedBlock:
        """Convert one block by way of text, refusing single rows."""
        numbers = block.line_numbers()
        lines = block.data.split(b"\n")[:-1]
        reasons: dict[int, tuple[str, str | None]] = {}  # row of the block -> reason, column
        n_columns = _count_columns(block.data, lines)
        for row in (row for row, line in enumerate(lines) if self._header and line.rstrip(b"\r") == self._header):
            reasons[row] = HEADER_AGAIN, None
            n_columns[row] = -1
        for row in np.flatnonzero(n_columns != len(self._names)).tolist():
            reasons.setdefault(row, ((TOO_FEW if n_columns[row] < len(self._names) else TOO_MANY), None))
        places = np.flatnonzero(n_columns == len(self._names))  # row of the block for each row that is parsed
        parsed, damaged = _repair_utf8([lines[row] for row in places.tolist()])
        texts = self._parse(b"".join(line + b"\n" for line in parsed), dict.fromkeys(self._types, pa.string()))
        columns: list[pa.Array] = []
        emptied: Counter[str] = Counter()
        examples: dict[str, str] = {}
        good = np.ones(len(places), dtype=bool)
        for column in self._there:
            values, faults = _convert(texts.column(column.name).combine_chunks(), column, damaged)
            columns.append(values)
            if column.nullable:
                emptied[column.name] += len(faults)
                if faults:
                    examples[column.name] = texts.column(column.name)[min(faults)].as_py()[:_SHOWN]
                continue
            for number, reason in faults.items():
                good[number] = False
                reasons.setdefault(int(places[number]), (reason, column.name))
        typed = pa.table(columns, names=list(self._types))
        rejected = [
            RejectedRow(int(numbers[row]), reason, readable_text(lines[row]), column=name)
            for row, (reason, name) in reasons.items()
        ]
        return self._converted(
            typed.filter(pa.array(good)),
            numbers[places[good]],
            sorted([*block.rejected, *rejected], key=lambda row: row.line),
            emptied,
            examples,
        )

    def _parse(self, data: bytes, types: dict[str, pa.DataType]) -> pa.Table:
        if not data:
            return pa.schema(list(types.items())).empty_table()
        options = {
            # One chunk per block: the threads are those that read blocks side by side.
            "read_options": pacsv.ReadOptions(
                use_threads=False, block_size=len(data) + 1, column_names=list(self._names)
            ),
            "parse_options": pacsv.ParseOptions(ignore_empty_lines=False),
            "convert_options": pacsv.ConvertOptions(
                column_types=types,
                include_columns=list(self._types),
                null_values=[""],  # "NA" is a title; only the empty field is missing
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
            ),
        }
        with pacsv.open_csv(pa.BufferReader(data), **options) as reader:
            return reader.read_all()

    def _converted(
        self,
        columns: pa.Table,
        numbers: NDArray[np.int64],
        rejected: list[RejectedRow],
        emptied: Counter[str] | None = None,
        examples: dict[str, str] | None = None,
    ) -> ConvertedBlock:
        """``columns`` in one notation, with line numbers, and those that the file does not have."""
        found = emptied or Counter[str]()
        values = dict(zip(columns.column_names, columns.columns, strict=True))
        for column in self._copies:
            values[column.name] = values[column.copies].cast(pa.string())
        for column in self._there:
            if column.nullable and column.type != "text id":
                values[column.name], n_emptied = tidied(values[column.name], column)
                found[column.name] += n_emptied
            if column.type == "set":
                values[column.name] = sets(values[column.name], column.separator)
            if column.type == "weights":
                values[column.name] = weights(values[column.name])
            if column.per_second > 1:
                values[column.name] = pc.divide(values[column.name], column.per_second)
        nothing = pa.scalar(None)
        arrays = [
            values.get(f.name, pa.repeat(nothing, len(numbers))) if f.name != "line" else pa.array(numbers)
            for f in self._schema
        ]
        return ConvertedBlock(
            pa.table(arrays, names=self._schema.names).cast(self._schema), rejected, +found, examples or {}
        )


def _read_as(column: ColumnSpec) -> pa.DataType:
    return pa.string() if column.type == "text id" else column.arrow_type


def _has_hexadecimal(data: bytes) -> bool:
    """Whether a field begins with 0x."""
    octets = np.frombuffer(data, dtype=np.uint8)
    for sign in (b"0x", b"0X"):
        if sign[1:] not in data:
            continue
        for start in (0, 1):  # two bytes at a time: many texts have the letter
            pairs = np.frombuffer(data, dtype=np.uint16, offset=start, count=(len(data) - start) // 2)
            places = 2 * np.flatnonzero(pairs == np.frombuffer(sign, dtype=np.uint16)) + start
            if np.isin(octets[places - 1], _BEFORE_A_FIELD).any():  # before the first stands the last, a line end
                return True
    return False


def _count_columns(data: bytes, lines: list[bytes]) -> NDArray[np.int64]:
    """Number of columns of every line of ``data``."""
    octets = np.frombuffer(data, dtype=np.uint8)
    ends = np.flatnonzero(octets == ord("\n"))
    commas = np.flatnonzero(octets == ord(","))
    counts = np.diff(np.searchsorted(commas, ends), prepend=0) + 1
    quoted = np.unique(np.searchsorted(ends, np.flatnonzero(octets == ord('"'))))
    for row in quoted.tolist():
        counts[row] = len(_FIELD.findall(lines[row]))
    return counts


def _repair_utf8(lines: list[bytes]) -> tuple[list[bytes], NDArray[np.bool_]]:
    """The lines with a replacement character for what is not UTF-8, and in which of them there was such."""
    repaired: list[bytes] = []
    damaged = np.zeros(len(lines), dtype=bool)
    for row, line in enumerate(lines):
        try:
            line.decode("utf-8")
        except UnicodeDecodeError:
            damaged[row] = True
            repaired.append(line.decode("utf-8", errors="replace").encode("utf-8"))
        else:
            repaired.append(line)
    return repaired, damaged


def _convert(texts: pa.StringArray, column: ColumnSpec, damaged: NDArray[np.bool_]) -> tuple[pa.Array, dict[int, str]]:
    """The values of ``texts`` as ``column`` declares them (null where impossible), and each impossible one's reason."""
    arrow_type = _read_as(column)
    faults: dict[int, str] = {}
    if damaged.any():
        lost = pc.fill_null(pc.match_substring(texts, _REPLACEMENT), False).to_numpy(zero_copy_only=False) & damaged
        faults.update(dict.fromkeys(np.flatnonzero(lost).tolist(), NOT_UTF8))
    if pa.types.is_string(arrow_type):
        return texts, faults
    trimmed = pc.ascii_trim(texts, " \t")  # as the typed reader does
    if column.may_be_null or column.type == "id":  # an id that is none is missing, which validation says
        trimmed = pc.if_else(pc.is_in(trimmed, value_set=EMPTY_WORDS), pa.scalar(None, pa.string()), trimmed)
    if column.words:
        trimmed = numbers_of_words(trimmed, dict(column.words))
    elif column.name == "rating":
        trimmed = verdicts(trimmed)
    if pa.types.is_integer(arrow_type):
        trimmed = pc.replace_substring_regex(trimmed, r"^(-?[0-9]+)\.0*$", r"\1")
        if column.type == "timestamp":
            trimmed = pc.replace_substring_regex(trimmed, r"^(-?[0-9]+)\.[0-9]*$", r"\1")
            trimmed = moments(trimmed, column.per_second)
        plausible, implausible, impossible = pc.match_substring_regex(trimmed, r"^-?[0-9]+$"), NOT_WHOLE, NOT_64_BITS
        implausible = NO_MOMENT if column.type == "timestamp" else implausible
    else:
        plausible, implausible, impossible = pc.match_substring_regex(trimmed, "[0-9nN]"), NOT_A_NUMBER, NOT_A_NUMBER
    wrong = ~pc.fill_null(plausible, True).to_numpy(zero_copy_only=False)
    for row in np.flatnonzero(wrong).tolist():
        faults.setdefault(row, implausible)
    values, refused = _cast(pc.if_else(pa.array(wrong), pa.scalar(None, pa.string()), trimmed), arrow_type)
    for row in refused:
        faults.setdefault(row, impossible)
    return values, faults


def _cast(texts: pa.StringArray, arrow_type: pa.DataType) -> tuple[pa.Array, list[int]]:
    """Cast by pyarrow's own rules; where it refuses, halve until the single values at fault are found."""
    try:
        return pc.cast(texts, arrow_type), []
    except pa.ArrowInvalid:
        if len(texts) == 1:
            return pa.nulls(1, arrow_type), [0]
    middle = len(texts) // 2
    left, left_refused = _cast(texts[:middle], arrow_type)
    right, right_refused = _cast(texts[middle:], arrow_type)
    return pa.concat_arrays([left, right]), left_refused + [middle + row for row in right_refused]
