"""`recsys models`, `recsys promote`, `recsys rollback`: the registry from the command line."""

from typing import Any

import click

from pipelines.cli.output import print_json

__all__ = ["models", "promote", "rollback"]

_home = click.option("--home", type=click.Path(), help="Folder for all that runs make (default: RECSYS_HOME or .recsys).")
_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")
