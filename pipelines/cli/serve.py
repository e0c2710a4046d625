"""`recsys serve`: the HTTP API over the registered champion."""

import ipaddress
import os
from pathlib import Path

import click

from recsys_core.errors import ParameterError

__all__ = ["serve"]

# MLflow's client tries for minutes; a server that follows an alias asks again soon anyway.
_IMPATIENT = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1", "MLFLOW_HTTP_REQUEST_TIMEOUT": "10"}


@click.command()
@click.option("--home", type=click.Path(), help="Folder for all that runs make (default: RECSYS_HOME or .recsys).")
@click.option(
    "--host", default=None, help="Address to listen on (default: RECSYS_API_HOST or 127.0.0.1, this machine)."
)
@click.option("--port", type=click.IntRange(0, 65535), default=None, help="Port (default: RECSYS_API_PORT or 8000).")
@click.option("--experiments", type=click.Path(path_type=Path), help="YAML file with experiments.")
def serve(home: str | None, host: str | None, port: int | None, experiments: Path | None) -> None:
    """Answer over HTTP; follows the champion in the registry without a restart. Ctrl-C stops it.

    Listens on this machine only unless told otherwise. REDIS_URL, RECSYS_EVENTS_URL, RECSYS_EXPERIMENTS and
    RECSYS_ADMIN_TOKEN set the rest.
    """
    import uvicorn

    from pipelines.settings import Settings
    from serving.app import create_app
    from serving.logs import configure_logs
    from serving.settings import ServingSettings

    places = Settings.from_environment(home=home)
    settings = ServingSettings.from_environment(
        home=places.home, tracking_uri=places.tracking_uri, experiments_file=experiments
    )
    host = host or os.environ.get("RECSYS_API_HOST") or "127.0.0.1"
    port = _port(port)
    configure_logs()
    for name, value in _IMPATIENT.items():
        os.environ.setdefault(name, value)
    app = create_app(settings)
    if not _is_local(host):
        click.echo(f"recsys: listening on {host}: whoever reaches this machine can ask", err=True)
    click.echo(f"http://{host}:{port}  (documents: /docs)", err=True)
    uvicorn.run(
        app,
        host=host,
        port=port,
        access_log=False,
        log_config=None,
        log_level="warning",
        timeout_graceful_shutdown=5,
        limit_concurrency=512,
    )


def _port(given: int | None) -> int:
    text = os.environ.get("RECSYS_API_PORT", "") if given is None else str(given)
    if not text:
        return 8000
    if not text.isdecimal() or int(text) > 65535:
        raise ParameterError(f"RECSYS_API_PORT is {text!r}, expected a port, 0 to 65535")
    return int(text)


def _is_local(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
