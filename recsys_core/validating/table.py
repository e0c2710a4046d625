"""Validates one table, chunk by chunk: sound rows on one side, rejected ones with their reasons on the other."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from recsys_core.dataset.ids import Ids
from recsys_core.dataset.schema import DatasetSpec, TableSpec
from recsys_core.dataset.table_folders import link_ids, text_ids
from recsys_core.reading import ReadSummary
from recsys_core.validating.data_docs import publish
from recsys_core.validating.derived import KeyColumns, frame_of
from recsys_core.validating.limits import RejectLimits
from recsys_core.validating.rejecting import ROWS_FILE, Remarks, RowWriter
from recsys_core.validating.running import ExpectationRunner, RuleResult
from recsys_core.validating.suites import Rule, key_rule, row_rules, structure_rules
from recsys_core.validating.summary import Finding, ValidationSummary
from recsys_core.validating.tally import RuleTally
from recsys_core.validating.totals import judge_totals

__all__ = ["known_ids", "validate_table"]

_LEFT_OUT: Final = "the table is left out"
_TIME: Final = "timestamp"
_CHUNK_ROWS: Final = 1_000_000


def known_ids(directory: Path, column: str) -> NDArray[np.int64]:
    """The different values of an id column of ``directory/rows.parquet``, sorted."""
    values = pq.read_table(directory / ROWS_FILE, columns=[column])[column]
    return np.unique(values.drop_null().to_numpy()).astype(np.int64)


def validate_table(
    raw_directory: Path,
    table: TableSpec,
    dataset: DatasetSpec,
    directory: Path,
    *,
    read: ReadSummary,
    known: Mapping[tuple[str, str], NDArray[np.int64]],
    now: int,
    limits: RejectLimits,
    docs_directory: Path | None = None,
    chunk_rows: int = _CHUNK_ROWS,
) -> ValidationSummary:
    """Validate ``raw_directory`` (as :func:`recsys_core.reading.read_table` left it) into ``directory``.

    Writes ``rows.parquet`` (accepted rows, declared columns, in the file's order) and ``rejected.parquet`` (rows
    that reading refused, then those that broke an expectation). Row-level faults reject rows; what must stop
    everything built on the table is in the summary's ``faults``, and nothing is raised for it.

    known           for every reference of the table, the sorted ids that exist: ``{("movies", "item_id"): ids}``
    now             seconds since 1970, UTC; later timestamps lie in the future
    docs_directory  where Data Docs are kept; None for none
    """
    table = table.without_values_of(read.absent)
    if read.file is None or read.fault:
        with RowWriter(directory, table, "") as writer:
            writer.add_unreadable(raw_directory)
        return ValidationSummary(table.name, 0, 0, 0, findings=(_left_out(table, read.fault),) if read.fault else ())
    runner = ExpectationRunner()
    names = text_ids(raw_directory)
    link_ids(raw_directory, directory)
    with (
        pq.ParquetFile(raw_directory / ROWS_FILE) as source,
        RowWriter(directory, table, read.file, names=names) as writer,
    ):
        writer.add_unreadable(raw_directory)
        tallies = _judge_structure(source, table, runner)
        broken = [tally.rule for tally in tallies if not tally.success]
        if broken:
            for chunk in _chunks(source, chunk_rows):
                writer.add_chunk(chunk, np.ones(chunk.num_rows, dtype=np.uint8), broken, {})
        else:
            tallies += _sort_rows(
                source,
                table,
                dataset,
                row_rules(table, dataset, now),
                known=known,
                runner=runner,
                writer=writer,
                chunk_rows=chunk_rows,
                names=names,
            )
    judged = judge_totals(table, dataset, read, limits, writer=writer, runner=runner, tallies=tallies)
    faults, n_accepted = judged.faults, writer.n_accepted
    by_reason = {count.reason: count.n_rows for count in writer.counts.values()}
    if faults and table.shown_only:
        pq.write_table(table.arrow_schema.empty_table(), directory / ROWS_FILE)
        by_reason[_LEFT_OUT] = n_accepted
        n_accepted, faults = 0, tuple(_left_out(table, fault.message) for fault in faults)
    docs_path = None
    if docs_directory is not None:
        docs_path = publish(
            docs_directory, table.shown, [*tallies, *judged.tallies], now=now, content=read.sha256 or ""
        )
    return ValidationSummary(
        table=table.name,
        n_in=read.n_rows,
        n_accepted=n_accepted,
        n_rejected=writer.n_rejected + by_reason.get(_LEFT_OUT, 0),
        rejected_by_reason=by_reason,
        outcomes=(*(tally.outcome() for tally in tallies), *judged.outcomes),
        findings=(*faults, *(count.finding(table.shown, read.file) for count in writer.most_frequent())),
        docs_path=docs_path,
    )


def _left_out(table: TableSpec, why: str) -> Finding:
    return Finding(
        "warning", table.shown, None, "left_out", None, f"{why}. The table is left out: nothing is learnt of it"
    )


def _chunks(source: pq.ParquetFile, chunk_rows: int) -> Iterator[pa.Table]:
    """The rows in chunks; while one is judged, the next is read.

    Times that are 0 or less throughout stand for none: they are empty.
    """
    batches = source.iter_batches(batch_size=chunk_rows)
    no_times = _has_no_times(source)
    with ThreadPoolExecutor(1, thread_name_prefix="read-rows") as reader:
        waiting = reader.submit(next, batches, None)
        while (batch := waiting.result()) is not None:
            waiting = reader.submit(next, batches, None)
            rows = pa.Table.from_batches([batch])
            if no_times:
                place = rows.schema.get_field_index(_TIME)
                rows = rows.set_column(place, rows.field(place), pa.nulls(len(rows), rows.field(place).type))
            yield rows


def _has_no_times(source: pq.ParquetFile) -> bool:
    """Whether a file has times, and all of them are 0 or less, by its statistics."""
    place = source.schema_arrow.get_field_index(_TIME)
    if place < 0:
        return False
    groups = (source.metadata.row_group(number) for number in range(source.metadata.num_row_groups))
    latest = [group.column(place).statistics.max for group in groups if group.column(place).statistics.has_min_max]
    return bool(latest) and max(latest) <= 0


def _judge_structure(source: pq.ParquetFile, table: TableSpec, runner: ExpectationRunner) -> list[RuleTally]:
    """Columns present and typed, asked of the file's schema alone."""
    empty = source.schema_arrow.empty_table().to_pandas()
    results = runner.run(empty, structure_rules(table))
    if not results[0].success:  # the types of columns that are not there cannot be asked
        del results[1:]
    tallies = [RuleTally(result.rule) for result in results]
    for tally, result in zip(tallies, results, strict=True):
        tally.add(result)
    return tallies


def _sort_rows(
    source: pq.ParquetFile,
    table: TableSpec,
    dataset: DatasetSpec,
    rules: tuple[Rule, ...],
    *,
    known: Mapping[tuple[str, str], NDArray[np.int64]],
    runner: ExpectationRunner,
    writer: RowWriter,
    chunk_rows: int,
    names: Mapping[str, Ids],
) -> list[RuleTally]:
    """Judge every row by itself, then the keys of the sound ones; write all rows to where they belong."""
    tallies = [RuleTally(rule, names=names) for rule in rules]
    keys = KeyColumns(table)
    first_broken: list[NDArray[np.uint8]] = []
    for chunk in _chunks(source, chunk_rows):
        codes = np.zeros(chunk.num_rows, dtype=np.uint8)
        for number, result in enumerate(runner.run(frame_of(chunk, table, dataset, known), rules)):
            tallies[number].add(result, chunk)
            if result.rule.rejects_rows:
                codes[result.positions[codes[result.positions] == 0]] = number + 1
        if not table.repeats:
            keys.add(chunk.filter(pa.array(codes == 0)) if codes.any() else chunk)
        first_broken.append(codes)
    if table.repeats:
        for chunk, codes in zip(_chunks(source, chunk_rows), first_broken, strict=True):
            writer.add_chunk(chunk, codes, rules, {})
        return tallies
    unique = RuleTally(key_rule(table), names=names)
    newest, remarks = _kept_rows(source, keys, first_broken)
    start = 0
    for chunk, codes in zip(_chunks(source, chunk_rows), first_broken, strict=True):
        sound = np.flatnonzero(codes == 0)
        result = _judge_keys(unique.rule, newest[start : start + len(sound)], runner)
        unique.add(result, chunk.take(pa.array(sound)) if len(result.positions) else None)
        codes[sound[result.positions]] = len(rules) + 1
        start += len(sound)
        writer.add_chunk(chunk, codes, (*rules, unique.rule), remarks)
    return [*tallies, unique]


def _kept_rows(
    source: pq.ParquetFile, keys: KeyColumns, first_broken: list[NDArray[np.uint8]]
) -> tuple[NDArray[np.bool_], Remarks]:
    """For every sound row whether it is kept, and for those that are not, the line that is kept instead."""
    sound = np.concatenate(first_broken) == 0 if first_broken else np.zeros(0, dtype=bool)
    kept = np.ones(int(sound.sum()), dtype=bool)
    repeats = keys.repeats()
    if len(repeats.losers) == 0:
        return kept, {}
    kept[repeats.losers] = False
    lines = source.read(columns=["line"])["line"].to_numpy()[sound]
    pairs = zip(lines[repeats.losers].tolist(), lines[repeats.winners].tolist(), strict=True)
    return kept, {line: f", on line {winner}" for line, winner in pairs}


def _judge_keys(rule: Rule, kept: NDArray[np.bool_], runner: ExpectationRunner) -> RuleResult:
    import pandas as pd

    (result,) = runner.run(pd.DataFrame({rule.arguments["column"]: kept}), [rule])
    return result
