"""`recsys feedback`: ratings that people gave online, as a file, or added to a data folder for the next training."""

from pathlib import Path

import click

from pipelines.cli.options import places
from pipelines.settings import Settings

__all__ = ["feedback"]

_a_path = click.Path(path_type=Path)


@click.group()
def feedback() -> None:
    """Use the ratings that people gave online."""


@feedback.command()
@click.option("--out", type=_a_path, required=True, help="File to write; .csv or .parquet.")
@places("home", "events_url")
def export(settings: Settings, out: Path) -> None:
    """Write everybody's last rating of each movie."""
    from serving.events import export_ratings

    with settings.existing_events() as store:
        n_ratings = export_ratings(store, out)
    click.echo(f"{out}: {n_ratings:,} ratings")


@feedback.command()
@click.option("--data", "data_dir", type=_a_path, required=True, help="Folder with the data.")
@click.option("--out", type=_a_path, required=True, help="Folder to make; it must not be there yet.")
@places("home", "events_url", "dataset_file")
def merge(settings: Settings, data_dir: Path, out: Path) -> None:
    """Copy a data folder with the ratings given online added, to run the pipeline on.

    Where somebody has rated a title in both, validation keeps the newer rating.
    """
    from serving.events import merge_ratings

    with settings.existing_events() as store:
        n_ratings = merge_ratings(store, data_dir, out, declared=settings.dataset_file)
    declared = f" --dataset {settings.dataset_file}" if settings.dataset_file else ""
    click.echo(f"{out}: {n_ratings:,} ratings added; next: recsys run --data {out}{declared}")
