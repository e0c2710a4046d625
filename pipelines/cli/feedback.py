"""`recsys feedback`: ratings that people gave online, as a file, or added to a data folder for the next training."""

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from recsys_core.errors import DataError

if TYPE_CHECKING:
    from serving.events import EventStore

__all__ = ["feedback"]

_HOME = click.option("--home", type=click.Path(), help="Folder for all that runs make (default: RECSYS_HOME).")
_EVENTS = click.option("--events", "events_url", help="Path or URL of the events (default: RECSYS_EVENTS_URL).")


@click.group()
def feedback() -> None:
    """Use the ratings that people gave online."""


@feedback.command()
@click.option("--out", type=click.Path(path_type=Path), required=True, help="File to write; .csv or .parquet.")
@_HOME
@_EVENTS
def export(out: Path, home: str | None, events_url: str | None) -> None:
    """Write everybody's last rating of each movie."""
    from serving.events import export_ratings

    with _store(home, events_url) as store:
        n_ratings = export_ratings(store, out)
    click.echo(f"{out}: {n_ratings:,} ratings")


@feedback.command()
@click.option("--data", "data_dir", type=click.Path(path_type=Path), required=True, help="Folder with the CSV files.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder to make; it must not be there yet.")
@_HOME
@_EVENTS
def merge(data_dir: Path, out: Path, home: str | None, events_url: str | None) -> None:
    """Copy a data folder with the ratings given online added, to run the pipeline on.

    Where somebody has rated a title in both, validation keeps the newer rating.
    """
    from recsys_core.dataset.schema import MOVIELENS
    from recsys_core.reading import locate_table
    from recsys_core.storage import atomic_directory
    from serving.events import export_ratings

    ratings = locate_table(data_dir, MOVIELENS.table("ratings"))
    if ratings is None:
        raise DataError(f"{data_dir}: has no ratings.csv to add to")
    if out.exists():
        raise DataError(f"{out}: is there already; name a folder that is not, or remove it")
    with _store(home, events_url) as store, tempfile.TemporaryDirectory(prefix="recsys-feedback-") as folder:
        drop = Path(folder) / "ratings.csv"
        n_ratings = export_ratings(store, drop)
        with atomic_directory(out) as staging:
            for path in sorted(data_dir.glob("*.csv")):
                shutil.copyfile(path, staging / path.name)
            _append(staging / ratings.name, drop)
    click.echo(f"{out}: {n_ratings:,} ratings added; next: recsys run --data {out}")


def _store(home: str | None, events_url: str | None) -> "EventStore":
    from pipelines.settings import Settings
    from serving.events import EventStore, event_store_path

    settings = Settings.from_environment(home=home, events_url=events_url)
    return EventStore.open(settings.events_url or event_store_path(settings.home), create=False)


def _append(ratings: Path, drop: Path) -> None:
    """Add the lines of ``drop`` to ``ratings``; their columns must stand in the same order."""
    with ratings.open("r+b") as target, drop.open("rb") as added:
        head, wanted = target.readline().strip().lstrip(b"\xef\xbb\xbf"), added.readline().strip()
        if head.replace(b'"', b"") != wanted:
            raise DataError(
                f"{ratings.name}: its columns are {head.decode(errors='replace')}, expected {wanted.decode()}"
            )
        target.seek(-1, 2)
        if target.read(1) != b"\n":
            target.write(b"\n")
        target.seek(0, 2)
        shutil.copyfileobj(added, target)
