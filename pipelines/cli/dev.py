"""`recsys dev`: the Dagster and MLflow pages and the daemon, started and stopped together."""

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
def dev(data_dir: str | None, home: str | None, config_file: str | None, dagster_port: int, mlflow_port: int) -> None:
    """Start the Dagster UI and daemon and the MLflow UI; stop them all with Ctrl-C."""
    from pipelines.services import Services, development_services
    from pipelines.settings import Settings

    settings = Settings.from_environment(home=home, data_dir=data_dir, config_file=config_file)
    asked_to_stop = threading.Event()

    def stop(_signal: int, _frame: Any) -> None:
        asked_to_stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    with Services(settings, development_services(settings, dagster_port, mlflow_port)) as services:
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
