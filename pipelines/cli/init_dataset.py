"""`recsys init-dataset`: drafts the declaration of a data folder."""

import json
import shlex
from pathlib import Path
from typing import Any

import click

from pipelines.cli.options import json_wanted
from pipelines.cli.output import print_json
from recsys_core.errors import ParameterError

__all__ = ["init_dataset"]

_STANDARD_OUTPUT = Path("-")


@click.command("init-dataset")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="File to write, - for standard output.")
@click.option("--force", is_flag=True, help="Write it, even if it is there or not needed.")
@json_wanted
def init_dataset(folder: Path, out: Path | None, force: bool, as_json: bool) -> None:
    """Draft FOLDER/dataset.yaml from the headers and some rows of FOLDER's files, and say what was guessed.

    Nothing is asked. A folder that is read as MovieLens gets no file without --out or --force.
    """
    from recsys_core.dataset.declaration import DATASET_FILE
    from recsys_core.drafting import draft_dataset

    if as_json and out == _STANDARD_OUTPUT:
        raise click.UsageError("--json and --out - both print on standard output; give --out a file")
    file = out or folder / DATASET_FILE
    if file.exists() and not force:
        raise ParameterError(f"{file}: is there already; give --force to write it anew, or --out another file")
    draft = draft_dataset(folder)
    written = draft.is_needed or force or out is not None
    aside = out == _STANDARD_OUTPUT
    if written and not aside:
        file.write_text(draft.text, encoding="utf-8")
    there = shlex.quote(str(folder))
    by = "" if out is None else f" --dataset {'FILE' if aside else shlex.quote(str(out))}"
    steps = [f"recsys check {there}{by}", f"recsys run --data {there}{by}"]
    if as_json:
        guesses = [guess.as_dict() for guess in draft.guesses]
        print_json({"file": str(file) if written else None, "guesses": guesses, "next": steps})
        return
    if aside:
        click.echo(draft.text, nl=False)
    for guess in draft.guesses:
        click.echo(f"{guess.confidence:8}{guess.what}: {_in_words(guess.value)}  ({guess.why})", err=aside)
    if not written:
        click.echo(f"no {DATASET_FILE} is needed: without one the folder is read as MovieLens", err=aside)
    elif not aside:
        click.echo(f"{file} is written: correct what is wrong in it")
    click.echo(f"next: {', then '.join(steps)}", err=aside)


def _in_words(value: Any) -> str:
    if value is None:
        return "none"
    return value if isinstance(value, str) and value.isprintable() and value.strip() else json.dumps(value)
