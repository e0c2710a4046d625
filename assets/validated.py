"""Validated tables: Great Expectations suites decide which rows go on, and whether anything goes on at all."""

from dataclasses import fields
from typing import Any

import dagster as dg
import numpy as np
from numpy.typing import NDArray

from assets.declaring import Made, recsys_asset
from assets.presenting import table_metadata, text_table
from assets.tables import CleanTable, RawTable
from assets.workspace import Workspace
from recsys_core.dataset.schema import MOVIELENS
from recsys_core.reading import ReadSummary
from recsys_core.validating import ValidationSummary, validate_table

__all__ = ["VALIDATED_ASSETS"]

_CHECKS = (
    ("expectations", "every table-level expectation of the suite holds, and few enough rows were rejected"),
    ("rows_add_up", "rows in = rows accepted + rows rejected"),
)
_READ_FIELDS = [field.name for field in fields(ReadSummary)]
Known = dict[tuple[str, str], NDArray[np.int64]]


def _ids(table: CleanTable, name: str, column: str) -> Known:
    ids = table.read([column])[column].to_numpy()
    return {(name, column): np.unique(ids)}


def _validate(name: str, raw: RawTable, workspace: Workspace, known: Known) -> Made[CleanTable]:
    table = MOVIELENS.table(name)
    directory = workspace.store.scratch()
    summary = validate_table(
        raw.directory,
        table,
        workspace.dataset,
        directory,
        read=ReadSummary(**{name: raw.summary[name] for name in _READ_FIELDS}),
        known=known,
        now=workspace.now(),
        limits=workspace.config.validation,
        docs_directory=workspace.docs_directory,
    )
    clean = CleanTable(directory, summary.as_dict())
    metadata: dict[str, Any] = table_metadata(table, clean)
    if summary.docs_path is not None:
        metadata["data_docs"] = dg.MetadataValue.url(summary.docs_path.resolve().as_uri())
    return Made(clean, metadata, _check_results(summary))


def _check_results(summary: ValidationSummary) -> tuple[dg.AssetCheckResult, ...]:
    outcomes = text_table(
        ["expectation", "column", "severity", "rows failing", "examples"],
        [(o.expectation, o.column, o.severity, o.n_unexpected, ", ".join(o.examples)) for o in summary.outcomes],
    )
    counts = {"rows_in": summary.n_in, "accepted": summary.n_accepted, "rejected": summary.n_rejected}
    return (
        dg.AssetCheckResult(
            check_name="expectations",
            passed=summary.passed,
            severity=dg.AssetCheckSeverity.ERROR,
            description="; ".join(summary.faults) or f"{len(summary.outcomes)} expectations",
            metadata={"expectations": outcomes},
        ),
        dg.AssetCheckResult(
            check_name="rows_add_up",
            passed=summary.n_in == summary.n_accepted + summary.n_rejected,
            severity=dg.AssetCheckSeverity.ERROR,
            description=f"{summary.n_in} = {summary.n_accepted} + {summary.n_rejected}",
            metadata=counts,
        ),
    )


_declared = recsys_asset(
    group="validated", kinds={"greatexpectations", "parquet"}, parameters=("validation",), checks=_CHECKS
)


@_declared
def movies(workspace: Workspace, raw_movies: RawTable) -> Made[CleanTable]:
    """The catalogue: every movie once, with title and genres."""
    return _validate("movies", raw_movies, workspace, {})


@_declared
def genome_tags(workspace: Workspace, raw_genome_tags: RawTable) -> Made[CleanTable]:
    """The tags of the tag genome, each id once."""
    return _validate("genome_tags", raw_genome_tags, workspace, {})


@_declared
def ratings(workspace: Workspace, raw_ratings: RawTable, movies: CleanTable) -> Made[CleanTable]:
    """Ratings on the declared scale, the newest of each user and movie, of movies in the catalogue."""
    return _validate("ratings", raw_ratings, workspace, _ids(movies, "movies", "movieId"))


@_declared
def links(workspace: Workspace, raw_links: RawTable, movies: CleanTable) -> Made[CleanTable]:
    """Each movie's ids at IMDb and TMDB."""
    return _validate("links", raw_links, workspace, _ids(movies, "movies", "movieId"))


@_declared
def tags(workspace: Workspace, raw_tags: RawTable, movies: CleanTable) -> Made[CleanTable]:
    """Free-text tags that users gave to movies."""
    return _validate("tags", raw_tags, workspace, _ids(movies, "movies", "movieId"))


@_declared
def genome_scores(
    workspace: Workspace, raw_genome_scores: RawTable, movies: CleanTable, genome_tags: CleanTable
) -> Made[CleanTable]:
    """The tag genome: relevance, 0 to 1, of each tag to each movie that was judged."""
    known = _ids(movies, "movies", "movieId") | _ids(genome_tags, "genome_tags", "tagId")
    return _validate("genome_scores", raw_genome_scores, workspace, known)


VALIDATED_ASSETS = [movies, ratings, links, tags, genome_scores, genome_tags]
