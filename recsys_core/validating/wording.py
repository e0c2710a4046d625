"""Rejected rows in words, a column at a time: a million of them must not take minutes."""

from collections.abc import Sequence
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from recsys_core.reading import REJECTED_SCHEMA
from recsys_core.reading.rejected import MAX_TEXT_CHARACTERS, readable_text
from recsys_core.validating.suites import Rule

__all__ = ["rejected_table", "shown_values"]

_SHOWN_CHARACTERS: Final = 80  # of one value in a reason


def rejected_table(rows: pa.Table, rule: Rule, *, file: str, remarks: Sequence[str] | None = None) -> pa.Table:
    """``rows`` (declared columns and ``line``), all rejected by ``rule``, in REJECTED_SCHEMA.

    remarks  what is added to each row's reason
    """
    reasons = _repeat(rule.reason, rows)
    if rule.shows_value:
        before, after = rule.words_around_value()
        reasons = _joined([_repeat(before, rows), shown_values(rows, rule.columns), _repeat(after, rows)])
    if remarks is not None:
        reasons = _joined([reasons, pa.array(remarks, type=pa.string())])
    lines_of_csv = _joined([_text(rows[name]) for name in rows.column_names if name != "line"], ",")
    columns = [
        _repeat(file, rows),
        rows["line"],
        _repeat(rule.column, rows),
        _repeat(rule.expectation, rows),
        _readable(reasons),
        _readable(lines_of_csv),
    ]
    return pa.table(columns, schema=REJECTED_SCHEMA)


def shown_values(rows: pa.Table, columns: Sequence[str]) -> pa.StringArray:
    """The values of ``columns`` as people write them, in parentheses where there are several."""
    shown = [_shown(rows[name]) for name in columns if name in rows.column_names]
    if len(shown) < 2:
        return shown[0] if shown else _repeat("", rows)
    return _joined([_repeat("(", rows), _joined(shown, ", "), _repeat(")", rows)])


def _shown(column: pa.ChunkedArray) -> pa.StringArray:
    texts = pc.utf8_slice_codeunits(_text(column), 0, _SHOWN_CHARACTERS)
    if pa.types.is_string(column.type):
        quote = pa.scalar("'")
        texts = pc.binary_join_element_wise(quote, texts, quote, "")
    return pc.if_else(_whole(pc.is_null(column)), pa.scalar("empty"), texts)


def _text(column: pa.ChunkedArray) -> pa.StringArray:
    """Values as text; a float keeps its point, a missing value is an empty text."""
    texts = pc.fill_null(pc.cast(_whole(column), pa.string()), "")
    if not pa.types.is_floating(column.type):
        return texts
    with_point = pc.binary_join_element_wise(texts, pa.scalar(".0"), "")
    return pc.if_else(pc.match_substring_regex(texts, "^-?[0-9]+$"), with_point, texts)


def _readable(texts: pa.StringArray) -> pa.StringArray:
    """As readable as the lines that reading refused: escaped where not printable, shortened where long."""
    fine = pc.and_(pc.utf8_is_printable(texts), pc.less_equal(pc.utf8_length(texts), MAX_TEXT_CHARACTERS))
    if pc.all(fine).as_py() in {True, None}:
        return texts
    pairs = zip(texts.to_pylist(), fine.to_pylist(), strict=True)
    return pa.array([text if good else readable_text(text.encode()) for text, good in pairs], type=pa.string())


def _joined(parts: Sequence[pa.StringArray], separator: str = "") -> pa.StringArray:
    return pc.binary_join_element_wise(*parts, separator)


def _whole(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _repeat(text: str | None, rows: pa.Table) -> pa.StringArray:
    return pa.repeat(pa.scalar(text, type=pa.string()), rows.num_rows)
