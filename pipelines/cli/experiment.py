"""`recsys experiment report NAME`: what an experiment on live traffic shows so far."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from pipelines.cli.options import answers, places
from pipelines.settings import Settings

__all__ = ["experiment"]


@click.group()
def experiment() -> None:
    """Compare model versions on live traffic."""


@experiment.command()
@click.argument("name")
@places("home", "experiments_file", "events_url")
@answers
def report(settings: Settings, name: str) -> tuple[dict[str, Any], str]:
    """Say what experiment NAME shows so far: figures by arm, differences, and a verdict.

    May be asked as often as one likes: the intervals hold at all looks together.
    """
    from serving.experiments import in_words, load_experiments
    from serving.experiments import report as report_on

    declared = load_experiments(settings.experiments_file or Path("experiments.yaml").resolve()).named(name)
    with settings.existing_events() as store:
        found = report_on(declared, store, now=datetime.now(UTC))
    return found.as_dict(), in_words(found)
