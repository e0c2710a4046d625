"""`recsys synth`: made data in ml-25m's shape, at any size."""

import os
import shlex
from pathlib import Path

import click

from pipelines.cli.options import json_wanted
from pipelines.cli.output import print_json, progress_on_terminal

__all__ = ["synth"]

_at_least_one = click.IntRange(min=1)


@click.command()
@click.option("--ratings", type=click.IntRange(min=10_000), required=True, help="How many; ml-25m has 25000095.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder to make, with all its files.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Another one, other data.")
@click.option("--users", type=_at_least_one, help="How many (default: in proportion to the ratings).")
@click.option("--movies", type=_at_least_one, help="How many (default: by the cube root of the ratings).")
@json_wanted
def synth(ratings: int, out: Path, seed: int, users: int | None, movies: int | None, as_json: bool) -> None:
    """Make a data set in MovieLens's format with planted tastes: the same options give the same bytes."""
    from recsys_core.synthesis import Shape, write_folder

    shape = Shape.of(ratings, n_users=users, n_movies=movies)
    with progress_on_terminal(quiet=as_json):
        write_folder(out, shape, seed=seed, threads=os.cpu_count() or 1)
    step = f"recsys run --data {shlex.quote(str(out))}"
    if as_json:
        print_json({"folder": str(out), "seed": seed, **shape.as_dict(), "next": step})
        return
    click.echo(f"{out}: {shape.n_ratings:,} ratings by {shape.n_users:,} users of {shape.n_movies:,} movies")
    click.echo(f"next: {step}")
