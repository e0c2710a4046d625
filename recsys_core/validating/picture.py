"""What is in a folder of data: read and validated, and nothing kept; every finding told at once."""

import logging
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from recsys_core.dataset.feedback import FeedbackKind
from recsys_core.dataset.schema import DatasetSpec, TableSpec
from recsys_core.errors import DataError, MalformedFileError, MissingFileError
from recsys_core.features import FeatureParameters, build_item_features
from recsys_core.features.text import years_of
from recsys_core.reading import ReadSummary, locate_table, read_or_leave_out
from recsys_core.reading.opening import ENDINGS, parts_of
from recsys_core.validating.diagnosing import of_commas
from recsys_core.validating.doubts import doubts_of_interactions, doubts_of_titles
from recsys_core.validating.folder import tables_in_order
from recsys_core.validating.limits import RejectLimits
from recsys_core.validating.rejecting import ROWS_FILE
from recsys_core.validating.summary import Finding
from recsys_core.validating.table import known_ids, validate_table

__all__ = ["Picture", "TableCounts", "picture_of"]

_LOG = logging.getLogger("recsys")
_NO_TABLES: Final = ("readme", "licence", "license", "checksums", "download.json")  # begin names of what is for people
_OFTEN_ABSENT: Final = ("year", "rating")  # the year stands in titles; a rating may be absent where there are none


@dataclass(frozen=True, slots=True)
class TableCounts:
    """A table's file, None where there is none, and its rows, None where it could not be read."""

    file: str | None
    n_in: int | None = None
    n_accepted: int | None = None
    n_rejected: int | None = None

    def as_dict(self) -> dict[str, Any]:
        return {"file": self.file, "in": self.n_in, "accepted": self.n_accepted, "rejected": self.n_rejected}


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What a folder of data holds; None, or empty, is what could not be found out.

    tables        by what they are called, in the order in which they are declared
    n_accepted    accepted interactions
    scale         lowest and highest accepted rating; None where interactions have no values
    n_relevant    accepted interactions that reach ``positive_threshold``
    n_users       people with an accepted interaction
    n_items       titles of the catalogue, with an interaction or not
    times         first and last moment of an interaction, seconds since 1970, UTC
    years         first and last year of release
    n_features    columns of each group of features, fitted on all titles
    findings      errors first
    unused_files  what lies in the folder, may be a table, and none is made of it; folders end in "/"
    """

    tables: Mapping[str, TableCounts]
    feedback: FeedbackKind
    positive_threshold: float
    n_accepted: int | None
    scale: tuple[float, float] | None
    n_relevant: int | None
    n_users: int | None
    n_items: int | None
    times: tuple[int, int] | None
    years: tuple[int, int] | None
    n_features: Mapping[str, int]
    findings: tuple[Finding, ...]
    unused_files: tuple[str, ...]

    @property
    def status(self) -> Literal["ok", "warnings", "refused"]:
        if any(finding.severity == "error" for finding in self.findings):
            return "refused"
        return "warnings" if self.findings else "ok"

    @property
    def density(self) -> float | None:
        """Share of the pairs of a person and a title that have an interaction; None where some have several."""
        n_pairs = (self.n_users or 0) * (self.n_items or 0)
        return self.n_accepted / n_pairs if self.n_accepted and self.n_accepted <= n_pairs else None

    def as_dict(self) -> dict[str, Any]:
        """Plain values that JSON can hold."""
        return {
            "status": self.status,
            "tables": {name: counts.as_dict() for name, counts in self.tables.items()},
            "feedback": {"kind": self.feedback, "scale": list(self.scale) if self.scale else None},
            "n_users": self.n_users,
            "n_items": self.n_items,
            "n_features": dict(self.n_features),
            "years": list(self.years) if self.years else None,
            "findings": [
                {name: getattr(finding, name) for name in ("severity", "table", "column", "kind", "count", "message")}
                for finding in self.findings
            ],
            "unused_files": list(self.unused_files),
        }


def picture_of(
    folder: Path, dataset: DatasetSpec, *, now: int, limits: RejectLimits, features: FeatureParameters
) -> Picture:
    """Read and validate every table of ``dataset`` in ``folder``; what is wrong with one stops no other.

    A table is judged without its references to one that is refused: mending that one mends them. ``now`` is in seconds
    since 1970, UTC. Files are written to a temporary folder alone, which goes. Raises MissingFileError where ``folder``
    is none.
    """
    if not folder.is_dir():
        raise MissingFileError(f"data folder {folder} is not there; name a folder with the files of a data set")
    with tempfile.TemporaryDirectory(prefix="recsys-check-") as scratch:
        seen: dict[str, _Table] = {}
        for table in tables_in_order(dataset):
            _LOG.info("%s …", table.shown, extra={"passing": True})
            seen[table.name] = _look(folder, table, dataset, Path(scratch, table.name), seen, now=now, limits=limits)
        ordered = {table.name: seen[table.name] for table in dataset.tables}
        interactions, items = seen["ratings"], seen["movies"]
        found = {**_interactions(interactions, dataset), **_items(items, seen, features)}
        doubts = [
            finding
            for table, found_in in (
                (interactions, partial(doubts_of_interactions, n_users=found["n_users"])),
                (items, doubts_of_titles),
            )
            if table.rows is not None and table.counts.n_accepted and not table.refused
            for finding in found_in(table.rows, dataset.table(table.name).shown, table.counts.file or "")
        ]
    unused = _unused_files(folder, [table.path for table in seen.values() if table.path])
    findings = [*doubts, *(finding for table in ordered.values() for finding in table.findings)]
    name = dataset.table("movies").shown
    if dataset.table("movies").gathered:
        message = f"{name}: no table of items is declared: they are those that interactions name, called by their ids"
        findings.append(Finding("warning", name, None, "items_gathered", found["n_items"], message))
    elif found["n_items"] and not found["years"] and not items.refused:
        message = f"{name} ({items.counts.file}): no title has a year of release, in a column year or at its end"
        findings.append(Finding("warning", name, "year", "no_years", found["n_items"], message))
    findings += [
        Finding("warning", None, None, "file_unused", None, f"{file}: no table is made of it; declare it if it is one")
        for file in unused
    ]
    return Picture(
        tables={dataset.table(role).shown: table.counts for role, table in ordered.items()},
        n_accepted=interactions.counts.n_accepted,
        feedback=dataset.feedback.kind,
        positive_threshold=dataset.relevance.positive_threshold,
        findings=tuple(sorted(findings, key=lambda finding: finding.severity != "error")),
        unused_files=tuple(unused),
        **found,
    )


@dataclass(frozen=True, slots=True)
class _Table:
    """One table as far as it could be looked at; ``rows`` are the accepted ones, None where it could not be read."""

    name: str
    path: Path | None
    counts: TableCounts
    findings: tuple[Finding, ...] = ()
    rows: Path | None = None

    @property
    def refused(self) -> bool:
        return any(finding.severity == "error" for finding in self.findings)

    def read(self) -> pa.Table | None:
        """The rows of a table that can be used, if there are any."""
        return pq.read_table(self.rows) if self.counts.n_accepted and not self.refused else None

    def column(self, name: str) -> pa.ChunkedArray:
        return pq.read_table(self.rows, columns=[name])[name]


def _look(
    folder: Path,
    table: TableSpec,
    dataset: DatasetSpec,
    scratch: Path,
    seen: Mapping[str, _Table],
    *,
    now: int,
    limits: RejectLimits,
) -> _Table:
    """Read and validate one table; ``seen`` are those that it refers to."""
    raw, validated = scratch / "raw", scratch / "validated"
    for directory in (raw, validated):
        directory.mkdir(parents=True)
    path: Path | None = None
    try:
        path = locate_table(folder, table)
        read = read_or_leave_out(path, table, raw)
    except DataError as error:
        finding = Finding("error", table.shown, None, _kind_of(error), None, str(error))
        return _Table(table.name, path, TableCounts(path.name if path else None), (finding,))
    judged = tuple(reference for reference in table.references if not seen[reference[1]].refused)
    summary = validate_table(
        raw,
        replace(table, references=judged),
        dataset,
        validated,
        read=read,
        known={(other, column): known_ids(scratch.parent / other / "validated", column) for _, other, column in judged},
        now=now,
        limits=limits,
    )
    counts = TableCounts(read.file, summary.n_in, summary.n_accepted, summary.n_rejected)
    findings = (*summary.findings, *_told_by_reading(table, read))
    return _Table(table.name, path, counts, findings, validated / ROWS_FILE)


def _kind_of(error: DataError) -> str:
    if isinstance(error, MissingFileError):
        return "missing_file"
    return "malformed_file" if isinstance(error, MalformedFileError) else "several_files"


def _told_by_reading(table: TableSpec, read: ReadSummary) -> Iterator[Finding]:
    def warning(kind: str, column: str, count: int, message: str) -> Finding:
        return Finding("warning", table.shown, column, kind, count, f"{table.shown} ({read.file}): {message}")

    for name, count in read.emptied.items():
        column, cells = table.column(name), "1 cell" if count == 1 else f"{count:,} cells"
        message = f"{cells} of {column.in_file} taken for empty, as the column declares something else"
        if name in read.examples:
            message += f", such as {read.examples[name]!r}"
            commas = of_commas(column, [f'"{read.examples[name]}"'])
            message += f". {commas.words}" if commas else ""
        yield warning("cells_emptied", name, count, message)
    for name in read.absent:
        if name not in _OFTEN_ABSENT:
            message = f"has no column {table.column(name).in_file}; it is taken for empty"
            yield warning("column_absent", name, read.n_rows, message)
    further = "; if it describes titles, declare it in dataset.yaml under items: features" * (table.name == "movies")
    for name in read.unused:
        yield warning("column_unused", name, read.n_rows, f"nothing is made of the column {name!r}{further}")


def _interactions(table: _Table, dataset: DatasetSpec) -> dict[str, Any]:
    """What the accepted interactions say, a column at a time: there may be millions."""
    if not table.counts.n_accepted:
        return {"scale": None, "n_relevant": None, "n_users": table.counts.n_accepted, "times": None}
    ratings = table.column("rating")
    reached = pc.greater_equal(pc.fill_null(ratings, 1.0), dataset.relevance.positive_threshold)
    return {
        "scale": _ends(ratings),
        "n_relevant": pc.sum(reached).as_py(),
        "n_users": pc.count_distinct(table.column("user_id")).as_py(),
        "times": _ends(table.column("timestamp")),
    }


def _items(items: _Table, seen: Mapping[str, _Table], parameters: FeatureParameters) -> dict[str, Any]:
    """What is known of the titles."""
    movies = items.read()
    if movies is None:
        return {"n_items": items.counts.n_accepted, "years": None, "n_features": {}}
    scores = seen["genome_scores"]
    features = build_item_features(
        movies["item_id"].to_numpy(),
        np.ones(movies.num_rows, dtype=np.bool_),
        movies,
        tags=seen["tags"].read(),
        genome_scores=scores.rows if scores.counts.n_accepted and not scores.refused else None,
        genome_tags=seen["genome_tags"].read(),
        parameters=parameters,
    )
    years = pa.array(years_of(movies), type=pa.int64())
    n_features = {name: matrix.shape[1] for name, matrix in features.groups.items()}
    return {"n_items": movies.num_rows, "years": _ends(years), "n_features": n_features}


def _ends(values: pa.Array | pa.ChunkedArray) -> tuple[Any, Any] | None:
    """The lowest and the highest value."""
    found = pc.min_max(values).as_py()
    return None if found["min"] is None else (found["min"], found["max"])


def _unused_files(folder: Path, used: list[Path]) -> list[str]:
    """Names of what lies in ``folder`` and may be a table: a file with such an ending, or a folder of nothing else."""
    of_tables = {part.relative_to(folder).parts[0] for path in used for part in (path, *parts_of(path))}
    return [
        f"{path.name}/" if path.is_dir() else path.name
        for path in sorted(folder.iterdir())
        if path.name not in of_tables and not path.name.startswith(".") and _may_be_a_table(path)
    ]


def _may_be_a_table(path: Path) -> bool:
    parts = parts_of(path)
    return bool(parts) and all(
        not part.name.casefold().startswith(_NO_TABLES) and {*map(str.lower, part.suffixes)} & {*ENDINGS}
        for part in parts
    )
