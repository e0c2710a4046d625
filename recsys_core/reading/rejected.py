"""Rows that were refused: where they stood, why, and what they said."""

from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Final, NamedTuple, Self

import pyarrow as pa
import pyarrow.parquet as pq

__all__ = ["MAX_TEXT_CHARACTERS", "REJECTED_FILE", "REJECTED_SCHEMA", "RejectedRow", "RejectedWriter", "readable_text"]

REJECTED_FILE: Final = "rejected.parquet"
"""Name of the file of rejected rows."""
MAX_TEXT_CHARACTERS: Final = 500

REJECTED_SCHEMA: Final = pa.schema(
    [
        pa.field("file", pa.string(), nullable=False),  # name of the CSV file
        pa.field("line", pa.int64(), nullable=False),  # line number in it; the header is line 1
        pa.field("column", pa.string()),  # null where the line as a whole is at fault
        pa.field("expectation", pa.string()),  # null where reading, not validating, refused the row
        pa.field("reason", pa.string(), nullable=False),  # one of few texts, so that they can be counted
        pa.field("text", pa.string(), nullable=False),  # the line, shortened to MAX_TEXT_CHARACTERS
    ]
)
"""Of :data:`REJECTED_FILE`."""


class RejectedRow(NamedTuple):
    """One refused row; the fields are those of :data:`REJECTED_SCHEMA` without the file."""

    line: int
    reason: str
    text: str
    column: str | None = None
    expectation: str | None = None


def readable_text(line: bytes) -> str:
    """``line`` as text to show: bytes that are not UTF-8 or not printable are escaped; shortened with an ellipsis."""
    text = line[: 4 * MAX_TEXT_CHARACTERS].decode("utf-8", errors="backslashreplace").rstrip("\r\n")
    if not text.isprintable():
        text = "".join(character if character.isprintable() else _escape(character) for character in text)
    if len(text) > MAX_TEXT_CHARACTERS:
        return text[: MAX_TEXT_CHARACTERS - 1] + "…"
    return text


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


class RejectedWriter:
    """Writes ``rejected.parquet`` in constant memory. Use as a context manager; always writes a file.

    ``directory`` exists; ``file`` is the name of the CSV file that the rows come from.
    """

    def __init__(self, directory: Path, file: str, *, buffer_rows: int = 10_000) -> None:
        self.n_rows = 0
        self._file = file
        self._buffer: list[RejectedRow] = []
        self._buffer_rows = buffer_rows
        self._writer = pq.ParquetWriter(directory / REJECTED_FILE, REJECTED_SCHEMA, compression="zstd")

    def add(self, rows: Iterable[RejectedRow]) -> None:
        """Append rows in the order given."""
        for row in rows:
            self._buffer.append(row)
            self.n_rows += 1
            if len(self._buffer) >= self._buffer_rows:
                self._flush()

    def add_table(self, table: pa.Table) -> None:
        """Append a table in :data:`REJECTED_SCHEMA`, such as the rows that an earlier step refused."""
        self._flush()
        self._writer.write_table(table.cast(REJECTED_SCHEMA))
        self.n_rows += table.num_rows

    def close(self) -> None:
        self._flush()
        self._writer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _flush(self) -> None:
        if not self._buffer:
            return
        rows, self._buffer = self._buffer, []
        lines, reasons, texts, columns, expectations = zip(*rows, strict=True)
        self._writer.write_table(
            pa.table(
                [[self._file] * len(rows), lines, columns, expectations, reasons, texts],
                schema=REJECTED_SCHEMA,
            )
        )
