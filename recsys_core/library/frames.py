"""Data frames of whichever library → Arrow, and back."""

import warnings
from typing import Any, Final, Literal

import pyarrow as pa
import pyarrow.compute as pc

from recsys_core.errors import ParameterError

__all__ = ["FrameKind", "arrow_of", "frame_of", "ids_of"]

FrameKind = Literal["pandas", "polars", "pyarrow"]
_KINDS: Final[tuple[FrameKind, ...]] = ("pandas", "polars", "pyarrow")
_EXPECTED: Final = "expected a data frame of pandas or Polars, or an Arrow table"
_EXACT: Final = 2.0**53


def arrow_of(frame: Any, name: str) -> tuple[pa.Table, FrameKind]:
    """The rows of ``frame`` and whose frame it is; NaN is null in them.

    Whatever has the Arrow PyCapsule interface is taken. ParameterError for all else; ``name`` is what the caller calls
    the frame.
    """
    if isinstance(frame, str) or hasattr(frame, "__fspath__"):
        raise ParameterError(f"{name} is {str(frame)!r}; {_EXPECTED}. Dataset.of(folder) reads files")
    module = type(frame).__module__.split(".")[0]
    if hasattr(frame, "collect") and not hasattr(frame, "__arrow_c_stream__"):
        raise ParameterError(f"{name} is a {type(frame).__name__} of {module}; {_EXPECTED}: call its collect()")
    if not hasattr(frame, "__arrow_c_stream__"):
        raise ParameterError(f"{name} is a {type(frame).__name__}; {_EXPECTED}, with a row for each of them")
    kind: FrameKind = next((known for known in _KINDS if known == module), "pandas")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # pyarrow 25 on pandas 3.1, of times with a zone
            if module == "pandas" and hasattr(frame, "columns"):
                table = pa.Table.from_pandas(frame, preserve_index=False)
            else:
                table = pa.table(frame)
    except (pa.ArrowException, TypeError, ValueError) as error:
        said = "; ".join(str(part).splitlines()[0] for part in error.args if str(part))
        raise ParameterError(
            f"{name} cannot be read as a table ({said}); {_EXPECTED}, each column of one type"
        ) from None
    return pa.table(
        [_plain(column) for column in table.columns], names=[str(name).strip() for name in table.column_names]
    ), kind


def frame_of(table: pa.Table, kind: FrameKind) -> Any:
    """``table`` as a frame of that kind."""
    if kind == "pandas":
        return table.to_pandas()
    if kind == "polars":
        import polars  # type: ignore[import-not-found, unused-ignore]  # whoever gave a frame of it has it

        return polars.from_arrow(table)
    return table


def ids_of(table: pa.Table, column: str, name: str) -> pa.Table:
    """``table`` with whole numbers in ``column``, where it holds them as floats (as pandas makes of missing ones)."""
    values = table[column]
    kind = values.type
    if pa.types.is_floating(kind):
        fault = pc.or_(pc.not_equal(values, pc.round(values)), pc.greater_equal(pc.abs(values), _EXACT))
        if pc.any(fault).as_py():
            example = values.filter(fault)[0].as_py()
            raise ParameterError(
                f"{name}: the column {column!r} holds {example!r}; ids are whole numbers or texts, so cast it to one"
            )
        return table.set_column(table.column_names.index(column), column, values.cast(pa.int64()))
    if pa.types.is_boolean(kind) or pa.types.is_nested(kind) or pa.types.is_temporal(kind):
        raise ParameterError(f"{name}: the column {column!r} is of type {kind}; ids are whole numbers or texts")
    return table


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_string_view(column.type):
        return column.cast(pa.large_string())
    if pa.types.is_floating(column.type):
        return pc.if_else(pc.is_nan(column), pa.scalar(None, column.type), column)
    return column
