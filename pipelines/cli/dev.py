"""`recsys dev`: the Dagster and MLflow pages, the daemon, the API and the web page, started and stopped together."""

import signal
import threading
from typing import Any

import click

from recsys_core.errors import RecsysError

__all__ = ["dev"]


@click.command()
@click.option("--data", "data_dir", type=click.Path(), help="Folder with the CSV files (default: the bundled sample).")
@click.option("--home", type=click.Path(), help="Folder for all that runs make (default: RECSYS_HOME or .recsys).")
@click.option("--config", "config_file", type=click.Path(), help="YAML file with parameters that differ.")
@click.option("--dagster-port", default=3000, show_default=True, help="Port of the Dagster UI.")
@click.option("--mlflow-port", default=5000, show_default=True, help="Port of the MLflow UI.")
@click.option("--api-port", default=8000, show_default=True, help="Port of the API.")
@click.option("--page-port", default=8501, show_default=True, help="Port of the web page.")
def dev(
    data_dir: str | None,
    home: str | None,
    config_file: str | None,
    dagster_port: int,
    mlflow_port: int,
    api_port: int,
    page_port: int,
) -> None:
    """Start the Dagster UI and daemon, the MLflow UI, the API and the web page; stop them all with Ctrl-C."""
    from pipelines.services import Ports, Services, development_services
    from pipelines.settings import Settings

    settings = Settings.from_environment(home=home, data_dir=data_dir, config_file=config_file)
    ports = Ports(dagster_port, mlflow_port, api_port, page_port)
    asked_to_stop = threading.Event()

    def stop(_signal: int, _frame: Any) -> None:
        asked_to_stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    if not settings.tracking_uri:
        _ = settings.workspace().tracking().client  # makes the store: two servers at once would collide
    with Services(settings, development_services(settings, ports)) as services:
        click.echo("starting (logs are in " + str(services.log_directory) + ") …")
        services.wait_until_ready(asked_to_stop)
        for service in services.described():
            click.echo(f"  {service}")
        click.echo("Ctrl-C stops them all.")
        while not asked_to_stop.wait(0.5):
            gone = services.first_gone()
            if gone:
                raise RecsysError(f"{gone}; the others were stopped, too")
    click.echo("stopped")
