"""What several commands share: options that say where things are, and --json."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from pipelines.cli.output import print_json
from pipelines.settings import Settings

__all__ = ["answers", "config", "data", "dataset", "json_wanted", "places"]

_a_path = click.Path(path_type=Path)

data = click.option("--data", "data_dir", type=_a_path, help="Folder with the data (default: the bundled sample).")
dataset = click.option(
    "--dataset",
    "dataset_file",
    type=_a_path,
    help="YAML file that declares the data (default: dataset.yaml in the folder).",
)
config = click.option("--config", "config_file", type=_a_path, help="YAML file with parameters that differ.")
json_wanted = click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")

_PLACES = {
    "data_dir": data,
    "dataset_file": dataset,
    "home": click.option(
        "--home", type=_a_path, help="Folder for all that runs make (default: RECSYS_HOME or .recsys)."
    ),
    "config_file": config,
    "experiments_file": click.option(
        "--file",
        "experiments_file",
        type=_a_path,
        help="Where experiments are declared (default: RECSYS_EXPERIMENTS or experiments.yaml).",
    ),
    "events_url": click.option(
        "--events",
        "events_url",
        help="Path or URL of the event store (default: RECSYS_EVENTS_URL or HOME/serving/events.db).",
    ),
}


def places(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add the options for these fields of Settings; the command is called with ``settings`` in their place."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(command)
        def called(**values: Any) -> Any:
            given = {name: values.pop(name) for name in names}
            settings = Settings.from_environment(**given)
            click.get_current_context().find_root().obj = settings.home  # where a fault is looked for and logged
            return command(settings=settings, **values)

        for name in reversed(names):
            called = _PLACES[name](called)
        return called

    return decorate


def answers(command: Callable[..., tuple[Any, str]]) -> Callable[..., None]:
    """Add --json: the command returns a document and the same in words, and one of them is printed."""

    @json_wanted
    @functools.wraps(command)
    def called(*, as_json: bool, **values: Any) -> None:
        document, words = command(**values)
        if as_json:
            print_json(document)
        else:
            click.echo(words)

    return called
