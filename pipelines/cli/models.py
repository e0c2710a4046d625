"""`recsys models`, `recsys promote`, `recsys rollback`: the registry from the command line."""

import getpass
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from pipelines.cli.options import answers, places
from pipelines.settings import Settings

if TYPE_CHECKING:
    from registry.promotion import Promotions
    from registry.promotion_log import LogEntry

__all__ = ["models", "promote", "rollback"]


@click.command()
@places("home")
@answers
def models(settings: Settings) -> tuple[dict[str, Any], str]:
    """List the registered versions, the newest first."""
    from registry.in_words import models_in_words
    from registry.versions import Versions

    document = Versions(settings.existing_tracking()).list_models()
    return document, models_in_words(document)


@click.command()
@click.argument("version")
@click.option("--reason", default="promoted by hand", show_default=True, help="Why; goes into the promotion log.")
@places("home")
@answers
def promote(settings: Settings, version: str, reason: str) -> tuple[dict[str, Any], str]:
    """Make VERSION the champion, whatever the gate said; the old one becomes previous_champion."""
    return _by_hand(settings, lambda promotions, how: promotions.promote(version, reason=reason, **how))


@click.command()
@click.option("--reason", default="rolled back", show_default=True, help="Why; goes into the promotion log.")
@places("home")
@answers
def rollback(settings: Settings, reason: str) -> tuple[dict[str, Any], str]:
    """Swap the champion and the one before it."""
    return _by_hand(settings, lambda promotions, how: promotions.rollback(reason=reason, **how))


def _by_hand(
    settings: Settings, move: Callable[["Promotions", dict[str, Any]], "LogEntry"]
) -> tuple[dict[str, Any], str]:
    from registry.in_words import promotion_in_words
    from registry.promotion import Promotions

    try:
        actor = getpass.getuser()
    except (OSError, KeyError):  # no entry for this user id
        actor = "unknown"
    entry = move(Promotions(settings.existing_tracking()), {"at": datetime.now(UTC), "actor": actor})
    return entry.as_dict(), promotion_in_words(entry)
