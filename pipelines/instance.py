"""Dagster's instance inside RECSYS_HOME, and the runs that a killed process left behind."""

import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
from dagster_shared.check import CheckError

from assets.materialising.step import PLAN_TAG
from pipelines.cli.ending import end
from pipelines.settings import Settings
from recsys_core.errors import RecsysError
from recsys_core.yaml_files import read_yaml
from registry.mlflow_library import one_line

__all__ = ["UNFINISHED", "open_instance", "runs_to_remember", "write_dagster_yaml"]

UNFINISHED = dg.RunsFilter(
    statuses=[
        dg.DagsterRunStatus.QUEUED,
        dg.DagsterRunStatus.NOT_STARTED,
        dg.DagsterRunStatus.STARTING,
        dg.DagsterRunStatus.STARTED,
        dg.DagsterRunStatus.CANCELING,
    ]
)

_DAGSTER_YAML = Path(__file__).with_name("dagster.yaml")
# The address has a password in it: the file names the variable only.
_IN_POSTGRESQL = """\
storage:
  postgres:
    postgres_url:
      env: RECSYS_DAGSTER_POSTGRES_URL
"""
_VARIABLE = "RECSYS_DAGSTER_POSTGRES_URL"


def write_dagster_yaml(settings: Settings) -> None:
    """Write dagster.yaml if it is missing; RecsysError if the one that is there keeps runs elsewhere than is asked."""
    path = settings.dagster_home / "dagster.yaml"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            in_postgresql = _IN_POSTGRESQL if settings.dagster_postgres_url else ""
            path.write_text(_DAGSTER_YAML.read_text(encoding="utf-8") + in_postgresql, encoding="utf-8")
    except OSError as error:
        raise RecsysError(f"home {settings.home}: cannot be used ({error.strerror}); give another --home") from error
    named = _VARIABLE in str(read_yaml(path, "Dagster's settings"))
    if settings.dagster_postgres_url and not named:
        raise RecsysError(
            f"{_VARIABLE} is set, but {path} was written without it; remove the file or add a storage block"
        )
    if named and not settings.dagster_postgres_url:
        raise RecsysError(f"{path} keeps Dagster's runs in {_VARIABLE}, which is not set; set it or remove the file")


def open_instance(settings: Settings) -> dg.DagsterInstance:
    """The instance in ``settings.dagster_home``, made on first use.

    RecsysError when it is in a database that does not answer, or whose driver is not installed.
    """
    write_dagster_yaml(settings)
    if not settings.dagster_postgres_url:
        return _instance(settings)
    try:
        from dagster_postgres.utils import DagsterPostgresException
    except ImportError:
        raise RecsysError(
            f"{_VARIABLE} is set, but dagster-postgres is not installed; "
            "pip install '.[postgres]' in the project's folder"
        ) from None
    try:
        os.environ[_VARIABLE] = settings.dagster_postgres_url  # where dagster.yaml has it from
        return _instance(settings)
    except DagsterPostgresException as error:
        reason = str(error.__cause__ or error).splitlines()[0]
        raise RecsysError(f"Dagster's database in {_VARIABLE} cannot be used: {reason}") from None


def _instance(settings: Settings) -> dg.DagsterInstance:
    try:
        return dg.DagsterInstance.from_config(str(settings.dagster_home))
    except (dg.DagsterInvalidConfigError, CheckError) as error:
        raise RecsysError(
            f"Dagster's settings {settings.dagster_home / 'dagster.yaml'}: cannot be used ({one_line(error)}); "
            "mend the file, or remove it: the next command writes it anew"
        ) from error


def runs_to_remember(instance: dg.DagsterInstance) -> set[str]:
    """Runs whose pins are needed: those that are not over, and those of the last day that somebody may run again."""
    yesterday = datetime.now(UTC) - timedelta(days=1)
    over = [dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
    runs = [
        *instance.get_runs(filters=UNFINISHED),
        *instance.get_runs(filters=dg.RunsFilter(statuses=over, updated_after=yesterday)),
    ]
    return {found for run in runs for found in (run.run_id, run.root_run_id, run.tags.get(PLAN_TAG)) if found}


def main() -> None:
    """`python -m pipelines.instance`: dagster.yaml and the tables, before servers that use them start side by side."""
    home = None
    try:
        settings = Settings.from_environment()
        home = settings.home
        with open_instance(settings) as instance:
            print(f"Dagster's instance is ready in {instance.root_directory}")
    except Exception as error:
        sys.exit(end(error, home=home, as_json=False))


if __name__ == "__main__":
    main()
