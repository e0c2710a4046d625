"""Why a run failed, as its events tell it: the same for the command line, the sensor and whoever is notified."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import dagster as dg

from assets.materialising.step import MAY_PASS

__all__ = ["Failure", "failures_of"]

_TOLD_BY = {
    dg.DagsterEventType.ASSET_CHECK_EVALUATION,
    dg.DagsterEventType.STEP_FAILURE,
    dg.DagsterEventType.RUN_FAILURE,
}


@dataclass(frozen=True, slots=True)
class Failure:
    """What failed: an asset, by its check perhaps, or (None) the run; ``may_pass`` if another run may succeed."""

    asset: str | None
    check: str | None
    message: str
    may_pass: bool = False

    def as_dict(self) -> dict[str, str | None]:
        return {"asset": self.asset, "check": self.check, "message": self.message}

    def __str__(self) -> str:
        return f"{self.asset or 'the run'}{f' (check {self.check})' if self.check else ''}: {self.message}"


def failures_of(instance: dg.DagsterInstance, run_id: str) -> list[Failure]:
    """Failed blocking checks, then failed assets; one that failed through its check is named once.

    Why the run failed itself where no asset did; nothing for a run that succeeded.
    """
    records = instance.get_records_for_run(run_id, of_type=_TOLD_BY).records
    events = [event for record in records if (event := record.event_log_entry.dagster_event) is not None]
    found = list(_of_checks(events))
    checked = {failure.asset for failure in found}
    found += [_of_step(event) for event in events if event.is_step_failure and event.step_key not in checked]
    return found or [_of_run(event) for event in events if event.event_type == dg.DagsterEventType.RUN_FAILURE][:1]


def _of_checks(events: list[dg.DagsterEvent]) -> Iterator[Failure]:
    for event in events:
        if event.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            result = event.asset_check_evaluation_data
            if result.blocking and not result.passed and result.severity == dg.AssetCheckSeverity.ERROR:
                yield Failure(result.asset_key.path[-1], result.check_name, result.description or "")


def _of_step(event: dg.DagsterEvent) -> Failure:
    data = event.step_failure_data
    told = data.user_failure_data
    if told is not None and told.description:
        return Failure(event.step_key, None, told.description, may_pass=MAY_PASS in told.metadata)
    return Failure(event.step_key, None, _unexpected(data.error), may_pass=True)


def _of_run(event: dg.DagsterEvent) -> Failure:
    error = event.job_failure_data.error
    return Failure(None, None, _unexpected(error) if error else event.message or "it failed", may_pass=True)


def _unexpected(error: Any) -> str:
    while error is not None and error.cause is not None:
        error = error.cause
    first_line = (error.message.strip().splitlines() or [""])[0] if error is not None else "unknown"
    return f"unexpected error: {first_line}; the run's page in the Dagster UI has the details"
