"""`recsys dev`: the Dagster and MLflow pages, the daemon, the API and the web page, started and stopped together."""

import signal
import threading

import click

from pipelines.cli.options import places
from pipelines.settings import Settings
from recsys_core.errors import RecsysError

__all__ = ["dev"]


@click.command()
@places("data_dir", "dataset_file", "home", "config_file")
@click.option("--dagster-port", "dagster", default=3000, show_default=True, help="Port of the Dagster UI.")
@click.option("--mlflow-port", "mlflow", default=5000, show_default=True, help="Port of the MLflow UI.")
@click.option("--api-port", "api", default=8000, show_default=True, help="Port of the API.")
@click.option("--page-port", "page", default=8501, show_default=True, help="Port of the web page.")
def dev(settings: Settings, **ports: int) -> None:
    """Start the Dagster UI and daemon, the MLflow UI, the API and the web page; stop them all with Ctrl-C."""
    from pipelines.services import Ports, Services, development_services

    asked_to_stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: asked_to_stop.set())
    if not settings.tracking_uri:
        _ = settings.workspace().tracking().client  # makes the store: two servers at once would collide
    with Services(settings, development_services(settings, Ports(**ports))) as services:
        click.echo(f"starting (logs are in {services.log_directory}) …")
        services.wait_until_ready(asked_to_stop)
        for service in services.described():
            click.echo(f"  {service}")
        click.echo("Ctrl-C stops them all.")
        while not asked_to_stop.wait(0.5):
            gone = services.first_gone()
            if gone:
                raise RecsysError(f"{gone}; the others were stopped, too")
    click.echo("stopped")
