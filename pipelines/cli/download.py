"""`recsys download`: a MovieLens data set from GroupLens."""

import sys
from pathlib import Path
from typing import Any

import click

from recsys_core.errors import DownloadError

__all__ = ["download"]


@click.command()
@click.argument("name", type=click.Choice(["ml-latest-small", "ml-25m", "ml-32m"]))
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder in which NAME/ is made.")
@click.option("--accept-licence", is_flag=True, help="Agree to the data set's licence without being asked.")
@click.option("--base-url", hidden=True, help="Another server with the same files.")
def download(name: str, out: Path, accept_licence: bool, base_url: str | None) -> None:
    """Fetch NAME into OUT/NAME: resumed where it was interrupted, checked, unpacked whole or not at all."""
    from recsys_core.download import download_dataset

    options: dict[str, Any] = {"base_url": base_url} if base_url else {}
    with _Bar() as bar:
        done = download_dataset(name, out, accept_licence=accept_licence or _ask, on_progress=bar.show, **options)
    click.echo(f"{done.directory} is {'there already' if done.was_there else 'complete'}")
    click.echo(f"next: recsys run --data {done.directory}")


def _ask(licence: str) -> bool:
    click.echo(licence, err=True)
    if not sys.stdin.isatty():
        raise DownloadError("the licence above must be accepted first; add --accept-licence if you agree to it")
    return click.confirm("Do you agree to these terms?", err=True)


class _Bar:
    """A progress bar on a terminal; nothing elsewhere."""

    def __enter__(self) -> "_Bar":
        self._progress: Any = None
        self._tasks: dict[tuple[str, str], Any] = {}
        return self

    def __exit__(self, *_: object) -> None:
        if self._progress is not None:
            self._progress.stop()

    def show(self, step: Any) -> None:
        if not sys.stderr.isatty():
            return
        if self._progress is None:
            from rich.console import Console
            from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

            columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
            self._progress = Progress(*columns, console=Console(stderr=True))
            self._progress.start()
        key = (step.stage, step.file)
        if key not in self._tasks:
            self._tasks[key] = self._progress.add_task(f"{step.stage} {step.file}", total=step.n_bytes_total)
        text = f"{step.stage} {step.file}" + (f": {step.message}" if step.message else "")
        self._progress.update(self._tasks[key], completed=step.n_bytes, total=step.n_bytes_total, description=text)
