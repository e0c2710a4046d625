"""Dagster is told what a plan has found, so that its pages, the sensor and the command line say the same."""

from collections.abc import Set
from typing import Any

import dagster as dg

from assets.materialising import RECIPES
from assets.materialising.planning import Plan
from assets.materialising.step import STORED, label
from assets.materialising.world import World

__all__ = ["tell_dagster"]

_VERSION = "dagster/data_version"


def tell_dagster(instance: dg.DagsterInstance, world: World, work: Plan) -> None:
    """Report what Dagster does not know yet: files, store and champion as observed, values as stored, losses.

    Nothing is reported twice: what Dagster says already is left alone.
    """
    for name in dict.fromkeys(name for asset in work.versions for name in RECIPES[asset].outside):
        found = world.outside(name)
        (told, *_) = [*instance.fetch_observations(dg.AssetKey(name), limit=1).records, None]
        if _version(told) != found:
            instance.report_runless_asset_event(dg.AssetObservation(name, tags={_VERSION: found}))
    records = instance.get_asset_records([dg.AssetKey(name) for name in work.current])
    made = {found.asset_entry.asset_key.to_user_string(): found.asset_entry for found in records}
    known = {name for name, entry in made.items() if entry.last_materialization_record is not None}
    for name, record in work.current.items():
        event = made[name].last_materialization_record if name in known else None
        if record is not None and record.usable and _version(event) != record.origin.version:
            instance.report_runless_asset_event(dg.AssetMaterialization(name, tags=label(record)))
            known.add(name)
    _tell_losses(instance, work, known & work.versions.keys())


def _tell_losses(instance: dg.DagsterInstance, work: Plan, known: Set[str]) -> None:
    """The check ``stored`` of every asset that Dagster takes for made: failed with the reason, or passed again."""
    checks = {name: dg.AssetCheckKey(dg.AssetKey(name), STORED) for name in sorted(known)}
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


def _version(event: Any) -> str | None:
    """The data version that an event was tagged with."""
    if event is None:
        return None
    found = event.asset_materialization or event.asset_observation
    return found.tags.get(_VERSION) if found is not None and found.tags else None
