"""`recsys serve`: the HTTP API over the registered champion."""

from pathlib import Path

import click

from pipelines.cli.options import places
from pipelines.settings import Settings

__all__ = ["serve"]


@click.command()
@places("home")
@click.option("--host", help="Address to listen on (default: RECSYS_API_HOST or 127.0.0.1, this machine).")
@click.option("--port", type=click.IntRange(0, 65535), help="Port (default: RECSYS_API_PORT or 8000).")
@click.option("--experiments", type=click.Path(path_type=Path), help="YAML file with experiments.")
def serve(settings: Settings, host: str | None, port: int | None, experiments: Path | None) -> None:
    """Answer over HTTP; follows the champion in the registry without a restart. Ctrl-C stops it.

    Listens on this machine only unless told otherwise. REDIS_URL, RECSYS_EVENTS_URL, RECSYS_EXPERIMENTS and
    RECSYS_ADMIN_TOKEN set the rest.
    """
    from serving.app import create_app
    from serving.listening import address, listen
    from serving.logs import configure_logs
    from serving.settings import ServingSettings

    told = ServingSettings.from_environment(
        home=settings.home, tracking_uri=settings.tracking_uri, experiments_file=experiments
    )
    where = address(host, port)
    configure_logs()
    listen(lambda: create_app(told), *where)
