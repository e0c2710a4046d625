"""`recsys run`: the pipeline on a folder of data."""

import sys
from typing import Any, Literal

import click

from pipelines.cli.options import json_wanted, places
from pipelines.cli.output import print_json, progress_on_terminal
from pipelines.cli.stopping import raise_if_stopped
from pipelines.settings import Settings

__all__ = ["run"]


@click.command()
@places("data_dir", "dataset_file", "home", "config_file")
@click.option("--only", type=click.Choice(["data", "training"]), help="One part of the pipeline instead of all of it.")
@click.option("--force", is_flag=True, help="Make every asset anew, up to date or not, of another catalogue, too.")
@json_wanted
def run(settings: Settings, only: Literal["data", "training"] | None, force: bool, as_json: bool) -> None:
    """Bring the pipeline up to date with a folder of data: only what changed is made anew."""
    from assets.materialising.store import Store
    from pipelines.reporting import run_report
    from pipelines.running import run_pipeline, since_process_start

    with progress_on_terminal(quiet=as_json):
        outcome = run_pipeline(settings, force=force, only=only, on_plan=None if as_json else _say_plan)
    raise_if_stopped()  # Dagster takes the signal for a failure of the run
    report = run_report(
        Store(settings.workspace().store_directory), outcome, since_process_start(), with_model=only != "data"
    )
    if as_json:
        print_json(report)
    else:
        _say_report(report)
    if report["status"] == "failed":
        sys.exit(1)


def _say_plan(plan: Any) -> None:
    if not plan.stale:
        click.echo("Everything is up to date: no file, parameter or code changed since the last run.")
        return
    click.echo(f"{len(plan.stale)} of {len(plan.versions)} assets to make.")
    for cause in plan.causes[:10] if len(plan.stale) < len(plan.versions) else []:
        click.echo(f"  because {cause}")


def _say_report(report: dict[str, Any]) -> None:
    if report["status"] == "failed":
        for failure in report["failed"]:
            where = f"{failure['asset']}" + (f" (check {failure['check']})" if failure["check"] else "")
            click.echo(f"recsys: {where}: {failure['message']}", err=True)
        return
    width = max(16, *(len(name) + 1 for name in report["rows"]))
    click.echo(f"\n{'table':{width}}{'rows in':>10}{'accepted':>10}{'rejected':>10}")
    for name, counts in report["rows"].items():
        click.echo(f"{name:{width}}{counts['in']:>10,}{counts['accepted']:>10,}{counts['rejected']:>10,}")
    if "metrics" in report:
        _say_model(report)
    assets = sum(report["seconds"]["assets"].values())
    total = report["seconds"]["total"]
    click.echo(f"{total:.1f} s in all; the assets' own work {assets:.1f} s, orchestration {total - assets:.1f} s")


def _say_model(report: dict[str, Any]) -> None:
    names = [name for name in ("ndcg@10", "recall@10", "precision@10", "coverage@10") if _has(report, name)]
    click.echo(f"\n{'model':16}" + "".join(f"{name:>14}" for name in names))
    for model, metrics in report["metrics"].items():
        click.echo(f"{model:16}" + "".join(f"{metrics[name]:>14.4f}" for name in names))
    click.echo(f"\nhybrid-recommender version {report['model_version']}: {report['verdict']}")
    for reason in report["reasons"]:
        click.echo(f"  {reason}")


def _has(report: dict[str, Any], metric: str) -> bool:
    return all(metric in metrics for metrics in report["metrics"].values())
