"""Runs of single assets in this process, by Dagster, on values that are stored already."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import dagster as dg
import pytest

from assets.configuration import Configuration
from assets.graph import build_assets
from assets.launchpad import parameters_resource
from assets.materialising import RECIPES
from assets.workspace import Workspace

__all__ = ["failure", "materialize", "messages", "tags_of", "wrap"]

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def materialize(
    workspace: Workspace,
    *names: str,
    instance: dg.DagsterInstance,
    run_config: dict[str, Any] | None = None,
    **options: Any,
) -> dg.ExecuteInProcessResult:
    configuration = Configuration.read(workspace.config_path)
    return dg.materialize(
        build_assets(configuration),
        selection=list(names),
        resources={"workspace": workspace, "parameters": parameters_resource(configuration)},
        instance=instance,
        raise_on_error=False,
        run_config={**QUIET, **(run_config or {})},
        **options,
    )


def wrap(patch: pytest.MonkeyPatch, name: str, around: Callable[[Callable[[], Any]], Any]) -> None:
    """Let an asset's function be called by ``around``, which is given it; its code counts as it was."""
    function = RECIPES[name].function

    def called(*arguments: Any, **values: Any) -> Any:
        return around(lambda: function(*arguments, **values))

    patch.setitem(RECIPES, name, replace(RECIPES[name], function=called))


def tags_of(result: dg.ExecuteInProcessResult, name: str) -> dict[str, str]:
    (event,) = result.asset_materializations_for_node(name)
    return dict(event.tags or {})


def messages(instance: dg.DagsterInstance, result: dg.ExecuteInProcessResult, level: int) -> list[str]:
    return [entry.user_message for entry in instance.all_logs(result.run_id) if entry.level == level]


def failure(result: dg.ExecuteInProcessResult) -> str:
    """The one line that a failed step says."""
    (event,) = [event for event in result.all_events if event.is_step_failure]
    data = event.step_failure_data
    assert data.user_failure_data is not None, data.error
    return str(data.user_failure_data.description)
