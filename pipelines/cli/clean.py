"""`recsys clean`: what runs have left behind and nobody needs, removed by policy."""

from typing import Any

import click

from pipelines.cli.options import answers, places
from pipelines.settings import Settings

__all__ = ["clean"]


@click.command()
@places("home", "config_file", "experiments_file")
@click.option("--dry-run", is_flag=True, help="Say what would go, and remove nothing.")
@answers
def clean(settings: Settings, dry_run: bool) -> tuple[dict[str, Any], str]:
    """Remove old values, model versions and runs that nothing uses; every run does so at its end.

    How many stay is said by the section `retention` of the configuration.
    """
    from assets.configuration import Configuration
    from pipelines.retention import clean

    cleaned = clean(settings, Configuration.read(settings.config_file).retention, dry_run=dry_run)
    document = cleaned.as_dict()
    lines = [f"{part.n:>8,} {part.kind:16}{part.bytes / 1e6:>10,.1f} MB" for part in cleaned.freed]
    lines.append(f"{document['bytes'] / 1e6:,.1f} MB {'would be freed' if dry_run else 'freed'}")
    return document, "\n".join(lines + cleaned.notes)
