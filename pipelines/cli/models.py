"""`recsys models`, `recsys promote`, `recsys rollback`: the registry from the command line."""

import getpass
from datetime import UTC, datetime
from typing import Any

import click

from pipelines.cli.output import print_json

__all__ = ["models", "promote", "rollback"]

_home = click.option(
    "--home", type=click.Path(), help="Folder for all that runs make (default: RECSYS_HOME or .recsys)."
)
_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")


@click.command()
@_home
@_json
def models(home: str | None, as_json: bool) -> None:
    """List the registered versions, the newest first."""
    from pipelines.settings import Settings
    from registry.versions import Versions

    document = Versions(Settings.from_environment(home=home).existing_tracking()).list_models()
    if as_json:
        print_json(document)
        return
    click.echo(f"{'version':9}{'made':22}{'verdict':12}{'ndcg@10':>9}{'recall@10':>11}  aliases")
    for entry in document["models"]:
        hybrid = entry["metrics"].get("hybrid", {})
        figures = [f"{hybrid[name]:.4f}" if name in hybrid else "–" for name in ("ndcg@10", "recall@10")]
        click.echo(
            f"{entry['version']:9}{entry['created_at']:22}{entry['verdict'] or '–':12}{figures[0]:>9}{figures[1]:>11}"
            f"  {', '.join(entry['aliases'])}"
        )


@click.command()
@click.argument("version")
@click.option("--reason", default="promoted by hand", show_default=True, help="Why; goes into the promotion log.")
@_home
@_json
def promote(version: str, reason: str, home: str | None, as_json: bool) -> None:
    """Make VERSION the champion, whatever the gate said; the old one becomes previous_champion."""
    _report(_promotions(home).promote(version, reason=reason, at=datetime.now(UTC), actor=_actor()), as_json)


@click.command()
@click.option("--reason", default="rolled back", show_default=True, help="Why; goes into the promotion log.")
@_home
@_json
def rollback(reason: str, home: str | None, as_json: bool) -> None:
    """Swap the champion and the one before it."""
    _report(_promotions(home).rollback(at=datetime.now(UTC), actor=_actor(), reason=reason), as_json)


def _promotions(home: str | None) -> Any:
    from pipelines.settings import Settings
    from registry.promotion import Promotions

    return Promotions(Settings.from_environment(home=home).existing_tracking())


def _report(entry: Any, as_json: bool) -> None:
    document = entry.as_dict()
    if as_json:
        print_json(document)
        return
    after = document["after"]
    click.echo(f"champion: version {after['champion']} (before: {document['before']['champion']})")
    click.echo(f"previous_champion: version {after['previous_champion']}")


def _actor() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # no entry for this user id
        return "unknown"
