"""Where a table's file is."""

import shlex
from pathlib import Path

from recsys_core.dataset.schema import TableSpec
from recsys_core.errors import DataError, MissingFileError
from recsys_core.reading.opening import ENDINGS, PACKED

__all__ = ["locate_table"]


def locate_table(data_dir: Path, table: TableSpec) -> Path | None:
    """The file of ``table`` in ``data_dir``, or the folder of its parts, or None where an optional table has none.

    Every declared stem (``genome_scores``, ``genome-scores``) is tried in any case and with every ending that can be
    read. Raises MissingFileError for a folder or a required file that is not there, DataError where two files claim to
    be the same table.
    """
    if not data_dir.is_dir():
        raise MissingFileError(
            f"{data_dir}: no such folder; expected a folder with {table.file_in_words or 'files of data'} in it"
        )
    if table.file:
        return _declared(data_dir, table)
    wanted = {f"{stem}{ending}{packed}" for stem in table.file_stems for ending in ENDINGS for packed in ("", *PACKED)}
    present = sorted(path for path in data_dir.iterdir() if not path.name.startswith("."))
    found = [path for path in present if path.name.lower() in wanted]
    if len(found) > 1:
        names = " and ".join(path.name for path in found)
        raise DataError(f"{data_dir}: holds {names}, all of them the table {table.shown}; keep one of them")
    if found:
        return found[0]
    if not table.required:
        return None
    there = f"it holds {', '.join(path.name for path in present[:10])}" if present else "it is empty"
    raise MissingFileError(
        f"{data_dir}: has no {table.file_in_words}, which the table {table.shown} needs; {there}; "
        "put the file there or name another folder; of other data, draft first what they are: "
        f"recsys init-dataset {shlex.quote(str(data_dir))}"
    )


def _declared(data_dir: Path, table: TableSpec) -> Path | None:
    """The file that the declaration names; of several that fit it, the pattern: they are read as one."""
    found = sorted(data_dir.glob(table.file))
    if found:
        return found[0] if len(found) == 1 else data_dir / table.file
    if not table.required:
        return None
    raise MissingFileError(
        f"{data_dir}: has no {table.file}, which is declared as the table {table.shown}; put the file there or correct "
        "the declaration"
    )
