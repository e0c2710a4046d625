"""Dagster is told what a plan has found, so that its pages, the sensor and the command line say the same."""

from collections.abc import Mapping, Set
from typing import Any

import dagster as dg

from assets.materialising import RECIPES
from assets.materialising.planning import Plan
from assets.materialising.step import INPUT_VERSION, STORED, label
from assets.materialising.world import World

__all__ = ["tell_dagster"]

_VERSION = "dagster/data_version"
_INPUT_EVENT = "dagster/input_event_pointer/"  # and the name of an asset: the event that was loaded, or NULL


def tell_dagster(instance: dg.DagsterInstance, world: World, work: Plan) -> None:
    """Report what Dagster does not know yet: files, store and champion as observed, values as stored, losses.

    Nothing is reported twice: what Dagster says already is left alone.
    """
    for name in dict.fromkeys(name for asset in work.versions for name in RECIPES[asset].outside):
        found = world.outside(name)
        key = work.names.key(name)
        (told, *_) = [*instance.fetch_observations(key, limit=1).records, None]
        if _tags(told).get(_VERSION) != found:
            instance.report_runless_asset_event(dg.AssetObservation(key, tags={_VERSION: found}))
    keys = {name: work.names.key(name) for name in work.current}
    records = instance.get_asset_records([*keys.values()])
    made = {found.asset_entry.asset_key: found.asset_entry.last_materialization_record for found in records}
    known = {name for name, key in keys.items() if made.get(key) is not None}
    for name, record in work.current.items():
        if record is not None and record.usable:
            tags = _with_pointers(label(record, work.names))
            if not _says(_tags(made.get(keys[name])), tags):
                instance.report_runless_asset_event(dg.AssetMaterialization(keys[name], tags=tags))
                known.add(name)
    _tell_losses(instance, work, known & work.versions.keys())


def _tell_losses(instance: dg.DagsterInstance, work: Plan, known: Set[str]) -> None:
    """The check ``stored`` of every asset that Dagster takes for made: failed with the reason, or passed again."""
    checks = {name: dg.AssetCheckKey(work.names.key(name), STORED) for name in sorted(known)}
    latest = instance.event_log_storage.get_latest_asset_check_execution_by_key(list(checks.values()))
    for name, check in checks.items():
        execution, lost = latest.get(check), work.lost.get(name)
        if execution is not None and (execution.status.value == "SUCCEEDED") == (lost is None):
            continue
        instance.report_runless_asset_event(
            dg.AssetCheckEvaluation(
                asset_key=check.asset_key,
                check_name=STORED,
                passed=lost is None,
                severity=dg.AssetCheckSeverity.ERROR,
                description=lost or "",
            )
        )


def _with_pointers(tags: Mapping[str, str]) -> dict[str, str]:
    """The tags with one more for each input: without it Dagster takes the input for a new one, and shows "unsynced"."""
    inputs = [tag.removeprefix(INPUT_VERSION) for tag in tags if tag.startswith(INPUT_VERSION)]
    return {**tags, **{f"{_INPUT_EVENT}{name}": "NULL" for name in inputs}}


def _says(told: Mapping[str, str], tags: Mapping[str, str]) -> bool:
    """Whether an event that was ``told`` is of this version, and of the same inputs by the names that they have now."""
    inputs = {tag for tag in tags if tag.startswith((INPUT_VERSION, _INPUT_EVENT))}
    return told.get(_VERSION) == tags[_VERSION] and inputs <= told.keys()


def _tags(event: Any) -> Mapping[str, str]:
    """What an event was tagged with."""
    found = (event.asset_materialization or event.asset_observation) if event is not None else None
    return (found.tags if found is not None else None) or {}
