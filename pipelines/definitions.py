"""The code location: `dagster dev`, the daemon and the command line all load this module."""

import logging

import dagster as dg

from assets.configuration import Configuration
from assets.graph import build_assets
from assets.launchpad import parameters_resource
from assets.undeclared import declaration_asset
from pipelines.automation import SENSORS, bring_up_to_date, retraining
from pipelines.jobs import DATA_JOB, JOBS, PIPELINE_JOB
from pipelines.settings import Settings
from pipelines.workers import marking
from recsys_core.errors import RecsysError

__all__ = ["build_definitions", "defs"]

_LOG = logging.getLogger("recsys")
# What each step's process would import for itself, for longer than most steps take.
_PRELOADED = [
    *("pipelines.running", "recsys_core.sources.als", "recsys_core.evaluation", "recsys_core.tuning"),
    *("registry.preloading", __name__),
]


def _executor(settings: Settings) -> dg.ExecutorDefinition:
    if settings.executor == "in_process":
        return marking(dg.in_process_executor)
    return marking(dg.multiprocess_executor).configured(
        {"max_concurrent": 2, "start_method": {"forkserver": {"preload_modules": _PRELOADED}}}
    )


def build_definitions(settings: Settings) -> dg.Definitions:
    """All assets, checks, jobs, schedules and sensors, bound to the places in ``settings``.

    Where the data set cannot be read, one asset says so, and whatever starts by itself runs into it.
    """
    workspace = settings.workspace()
    try:
        dataset = workspace.dataset()
    except RecsysError as error:
        _LOG.warning("%s; the code location is loaded without assets: reload it when this is mended", error)
        configuration = Configuration.read(workspace.config_path)
        assets, jobs = [declaration_asset(error)], [PIPELINE_JOB, DATA_JOB]
    else:
        configuration = Configuration.read(workspace.config_path, dataset)
        assets, jobs = build_assets(configuration, dataset), JOBS
    return dg.Definitions(
        assets=assets,
        jobs=[*jobs, bring_up_to_date],
        schedules=[retraining(settings)],
        sensors=SENSORS,
        resources={"workspace": workspace, "parameters": parameters_resource(configuration)},
        executor=_executor(settings),
    )


defs = build_definitions(Settings.from_environment())
