"""CSV files as typed Parquet; rows that cannot be read are kept beside them, with line and reason."""

from recsys_core.reading.files import locate_table
from recsys_core.reading.opening import content_digest
from recsys_core.reading.rejected import REJECTED_FILE, REJECTED_SCHEMA, RejectedRow, RejectedWriter
from recsys_core.reading.table import (
    ROWS_FILE,
    ReadSummary,
    RowsWriter,
    read_or_leave_out,
    read_table,
    write_absent_table,
)

__all__ = [
    "REJECTED_FILE",
    "REJECTED_SCHEMA",
    "ROWS_FILE",
    "ReadSummary",
    "RejectedRow",
    "RejectedWriter",
    "RowsWriter",
    "content_digest",
    "locate_table",
    "read_or_leave_out",
    "read_table",
    "write_absent_table",
]
