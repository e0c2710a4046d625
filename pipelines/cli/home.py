"""`recsys plan` and `recsys check-home`: what is out of date in a home, and whether what it holds is whole."""

import sys
from typing import Any

import click

from pipelines.cli.options import answers, json_wanted, places
from pipelines.cli.output import print_json
from pipelines.settings import Settings

__all__ = ["check_home", "plan"]


@click.command()
@places("data_dir", "dataset_file", "home", "config_file")
@answers
def plan(settings: Settings) -> tuple[dict[str, Any], str]:
    """Say what `recsys run` would make, and why; Dagster's pages say the same afterwards."""
    from assets.materialising.world import World
    from pipelines.instance import open_instance
    from pipelines.running import check_data_folder, look

    check_data_folder(settings.data_dir)
    world = World(settings.workspace())
    _ = world.configuration
    with open_instance(settings) as instance:
        work = look(instance, world)
    lines = [f"{name:22} {'; '.join(reasons)}" for name, reasons in work.told.items()]
    lines.append(f"{len(work.stale)} of {len(work.versions)} assets are out of date")
    return {"assets": [*map(work.names, work.versions)], "stale": work.told}, "\n".join(lines)


@click.command()
@places("home")
@json_wanted
def check_home(settings: Settings, as_json: bool) -> None:
    """Read every stored value and every version with an alias, and compare them with their checksums.

    What is damaged is made again by the next `recsys run`. Exit code 1 when anything is.
    """
    from pipelines.checking import check_everything

    checked = check_everything(settings)
    if as_json:
        print_json({"n_checked": len(checked), "faults": {what: fault for what, fault in checked.items() if fault}})
    else:
        for what, fault in checked.items():
            if fault:
                click.echo(f"{what}: {fault}")
        n_faults = sum(bool(fault) for fault in checked.values())
        click.echo(f"{len(checked)} checked, {n_faults} with faults")
    if any(checked.values()):
        sys.exit(1)
