"""`recsys check`: what a folder of data holds, before anything is made of it."""

import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipelines.cli.options import json_wanted, places
from pipelines.cli.output import print_json, progress_on_terminal
from pipelines.settings import Settings

if TYPE_CHECKING:
    from recsys_core.validating.picture import Picture

__all__ = ["check"]


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@places("dataset_file", "config_file")
@json_wanted
def check(settings: Settings, folder: Path, as_json: bool) -> None:
    """Read and validate FOLDER as `recsys run --data FOLDER` would, and say what it holds; make nothing.

    Exit code 1 when the data are refused.
    """
    from dataclasses import replace

    from assets.configuration import Configuration
    from recsys_core.dataset.declaration import dataset_in
    from recsys_core.validating.picture import picture_of

    dataset = dataset_in(folder, settings.dataset_file)
    configuration = Configuration.read(settings.config_file, dataset)
    with progress_on_terminal(quiet=as_json):
        picture = picture_of(
            folder.resolve(),
            replace(dataset, relevance=configuration.relevance),
            now=int(time.time()),
            limits=configuration.validation,
            features=configuration.features,
        )
    if as_json:
        print_json(picture.as_dict())
    else:
        click.echo("\n".join(_in_words(picture)))
    if picture.status == "refused":
        sys.exit(1)


def _in_words(picture: "Picture") -> list[str]:
    width = max(16, *(len(name) + 1 for name in picture.tables))
    lines = [f"{'table':{width}}{'rows in':>12}{'accepted':>12}{'rejected':>12}  file"]
    for name, counts in picture.tables.items():
        numbers = "".join(f"{_number(n):>12}" for n in (counts.n_in, counts.n_accepted, counts.n_rejected))
        lines.append(f"{name:{width}}{numbers}  {counts.file or '-'}")
    lines += ["", _feedback(picture), _size(picture), *_of_items(picture), ""]
    lines += [f"{finding.severity}: {finding.message}" for finding in picture.findings]
    lines.append(f"{picture.status}: {_count(picture, 'error')}, {_count(picture, 'warning')}")
    return lines


def _feedback(picture: "Picture") -> str:
    scale = f", found from {picture.scale[0]:g} to {picture.scale[1]:g}" if picture.scale else ""
    if not picture.n_accepted or picture.n_relevant is None:
        return f"feedback: {picture.feedback}{scale}"
    share = picture.n_relevant / picture.n_accepted
    return f"feedback: {picture.feedback}{scale}; {share:.1%} are at least {picture.positive_threshold:g}, so relevant"


def _size(picture: "Picture") -> str:
    words = f"{_number(picture.n_users)} users, {_number(picture.n_items)} items"
    if picture.density is not None:
        words += f", density {picture.density:.2%}"
    if picture.times:
        first, last = (datetime.fromtimestamp(moment, UTC) for moment in picture.times)
        words += f", from {first:%Y-%m-%d} to {last:%Y-%m-%d}"
    return words


def _of_items(picture: "Picture") -> list[str]:
    lines = []
    if picture.n_features:
        lines.append("features: " + ", ".join(f"{name} {n:,}" for name, n in picture.n_features.items()))
    if picture.years:
        lines.append(f"years of release: {picture.years[0]} to {picture.years[1]}")
    return lines


def _count(picture: "Picture", severity: str) -> str:
    count = sum(finding.severity == severity for finding in picture.findings)
    return f"1 {severity}" if count == 1 else f"{count} {severity}s"


def _number(count: int | None) -> str:
    return "?" if count is None else f"{count:,}"
