"""Data Docs: one page per table and validation with the numbers of all chunks, and an index of all of them.

Only the new page and the index are rendered (0.3 s a table; the whole site costs more with every validation kept).
"""

import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache, partial
from importlib import import_module
from pathlib import Path
from types import CodeType
from typing import Any, Final

from filelock import FileLock
from jinja2 import BytecodeCache, Environment
from jinja2.bccache import Bucket

from recsys_core.validating.running import expectation_of, import_great_expectations, without_telemetry
from recsys_core.validating.tally import RuleTally

__all__ = ["KEPT_VALIDATIONS", "docs_index", "publish"]

KEPT_VALIDATIONS: Final = 10  # of each table; older pages are removed, as the index reads every one that is kept
_VALIDATIONS: Final = Path("gx/uncommitted/validations")
_SITE: Final = Path("gx/uncommitted/data_docs/local_site")


def docs_index(docs_directory: Path) -> Path:
    """The page that lists all validations; it exists once :func:`publish` has run."""
    return docs_directory / _SITE / "index.html"


def publish(docs_directory: Path, table: str, tallies: Sequence[RuleTally], *, now: int, content: str) -> Path:
    """Write the page of one validation and renew the index; returns the page's path in ``docs_directory``.

    now      when it was validated, seconds since 1970, UTC
    content  hash of the validated file: the page's run is named after it
    """
    docs_directory.mkdir(parents=True, exist_ok=True)
    with FileLock(docs_directory / ".lock"):  # tables may be validated side by side, by several processes
        # without any row an expectation has no result to show
        evaluated = [tally for tally in tallies if tally.error is None and tally.validation is not None]
        return _publish(docs_directory, table, evaluated, now, content)


class _Compiled(BytecodeCache):
    """What Jinja has compiled in this process: every page has an environment of its own, and each compiled all anew."""

    def __init__(self) -> None:
        self._codes: dict[tuple[str, str], CodeType | None] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._codes[bucket.key, bucket.checksum] = bucket.code


@cache
def _compile_templates_once() -> None:
    views: Any = import_module("great_expectations.render.view.view")
    views.Environment = partial(Environment, bytecode_cache=_Compiled())


def _publish(docs_directory: Path, table: str, tallies: Sequence[RuleTally], now: int, content: str) -> Path:
    gx = import_great_expectations()
    from great_expectations.core.expectation_validation_result import ExpectationSuiteValidationResult
    from great_expectations.core.run_identifier import RunIdentifier
    from great_expectations.data_context.types import resource_identifiers as identifiers

    _compile_templates_once()
    context = gx.get_context(mode="file", project_root_dir=docs_directory)
    if context.config.analytics_enabled is not False:  # its first time here
        context.config.data_docs_sites[_SITE.name]["show_how_to_buttons"] = False  # advertisements
        without_telemetry(context)
    suite = gx.ExpectationSuite(name=table, expectations=[expectation_of(tally.rule) for tally in tallies])
    context.suites.add_or_update(suite)
    suite_key = identifiers.ExpectationSuiteIdentifier(name=table)
    run_id = RunIdentifier(run_name=content[:12] or "unnamed", run_time=datetime.fromtimestamp(now, UTC))
    key = identifiers.ValidationResultIdentifier(
        expectation_suite_identifier=suite_key, run_id=run_id, batch_identifier=table
    )
    results = [tally.whole_table_validation() for tally in tallies]
    validation = ExpectationSuiteValidationResult(
        results=results,
        success=all(result.success for result in results),
        suite_name=table,
        statistics=_statistics(results),
        meta={
            "great_expectations_version": gx.__version__,
            "run_id": run_id,
            "validation_time": datetime.fromtimestamp(now, UTC),
            "batch_spec": {},
            "batch_markers": {},
            "active_batch_definition": {"data_asset_name": table, "batch_identifiers": {"content": content}},
        },
    )
    context.stores["validation_results_store"].set(key, validation)
    _forget_old(docs_directory, table)
    context.build_data_docs(resource_identifiers=[key, suite_key])
    (site,) = context.get_docs_sites_urls(key)
    page = Path(site["site_url"].removeprefix("file://"))  # as it stands: nothing in it is escaped
    return page.resolve().relative_to(docs_directory.resolve())


def _statistics(results: Sequence[Any]) -> dict[str, Any]:
    successful = sum(bool(result.success) for result in results)
    return {
        "evaluated_expectations": len(results),
        "successful_expectations": successful,
        "unsuccessful_expectations": len(results) - successful,
        "success_percent": 100.0 * successful / len(results) if results else None,
    }


def _forget_old(docs_directory: Path, table: str) -> None:
    """Remove all but the newest validations of ``table``, stored results and pages alike."""
    stored = docs_directory / _VALIDATIONS / table
    runs = sorted((path for path in stored.glob("*/*") if path.is_dir()), key=lambda path: path.name)
    for run in runs[:-KEPT_VALIDATIONS]:
        name = run.relative_to(docs_directory / _VALIDATIONS)
        for folder in (run, docs_directory / _SITE / "validations" / name):
            shutil.rmtree(folder, ignore_errors=True)
            if folder.parent.is_dir() and not any(folder.parent.iterdir()):
                folder.parent.rmdir()
