"""`recsys download`: a MovieLens data set from GroupLens."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from recsys_core.errors import DownloadError

if TYPE_CHECKING:
    from recsys_core.download import DownloadProgress
    from recsys_core.download.progress import OnProgress

__all__ = ["download"]


@click.command()
@click.argument("name", type=click.Choice(["ml-latest-small", "ml-25m", "ml-32m", "ml-1m", "ml-100k"]))
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder in which NAME/ is made.")
@click.option("--accept-licence", is_flag=True, help="Agree to the data set's licence without being asked.")
@click.option("--base-url", hidden=True, help="Another server with the same files.")
def download(name: str, out: Path, accept_licence: bool, base_url: str | None) -> None:
    """Fetch NAME into OUT/NAME: resumed where it was interrupted, checked, unpacked whole or not at all."""
    from recsys_core.download import BASE_URL, download_dataset

    consent = accept_licence or _ask
    with _bar() as show:
        done = download_dataset(name, out, accept_licence=consent, base_url=base_url or BASE_URL, on_progress=show)
    click.echo(f"{done.directory} is {'there already' if done.was_there else 'complete'}")
    click.echo(f"next: recsys run --data {done.directory}")


def _ask(licence: str) -> bool:
    click.echo(licence, err=True)
    if not sys.stdin.isatty():
        raise DownloadError("the licence above must be accepted first; add --accept-licence if you agree to it")
    return click.confirm("Do you agree to these terms?", err=True)


@contextmanager
def _bar() -> Iterator["OnProgress"]:
    """Shows steps as a progress bar on a terminal, from the first of them on; nothing elsewhere."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    progress = Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty())
    tasks: dict[str, Any] = {}

    def show(step: "DownloadProgress") -> None:
        progress.start()
        text = f"{step.stage} {step.file}"
        if text not in tasks:
            tasks[text] = progress.add_task(text, total=step.n_bytes_total)
        text_now = f"{text}: {step.message}" if step.message else text
        progress.update(tasks[text], completed=step.n_bytes, total=step.n_bytes_total, description=text_now)

    try:
        yield show
    finally:
        progress.stop()
