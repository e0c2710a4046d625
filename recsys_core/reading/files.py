"""Where a table's CSV file is, and the hash of its content."""

from pathlib import Path

from recsys_core.dataset.schema import TableSpec
from recsys_core.errors import DataError, MissingFileError

__all__ = ["locate_table"]


def locate_table(data_dir: Path, table: TableSpec) -> Path | None:
    """The CSV file of ``table`` in ``data_dir``, or None where an optional table has none.

    Every declared stem is tried (``genome_scores.csv``, ``genome-scores.csv``). Raises MissingFileError for a
    folder or a required file that is not there, DataError where two files claim to be the same table.
    """
    if not data_dir.is_dir():
        raise MissingFileError(
            f"{data_dir}: no such folder; expected a folder of CSV files with {table.name}.csv in it"
        )
    candidates = [data_dir / f"{stem}.csv" for stem in table.file_stems]
    found = [path for path in candidates if path.is_file()]
    if len(found) > 1:
        names = " and ".join(path.name for path in found)
        raise DataError(f"{data_dir}: holds {names}, both of them the table {table.name}; keep one of them")
    if found:
        return found[0]
    if not table.required:
        return None
    present = sorted(path.name for path in data_dir.iterdir() if path.suffix.lower() == ".csv")
    wanted = " or ".join(path.name for path in candidates)
    there = f"it holds {', '.join(present[:10])}" if present else "it holds no CSV file"
    alike = [name for name in present if name.lower() in {path.name for path in candidates}]
    action = f"rename {alike[0]}" if alike else "put the file there or name another folder"
    raise MissingFileError(f"{data_dir}: has no {wanted}, which the table {table.name} needs; {there}; {action}")
