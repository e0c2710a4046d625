"""`recsys evaluate`: tune and judge every model, on a folder or on a published split."""

import logging
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipelines.cli import options
from pipelines.cli.output import print_json, progress_on_terminal
from pipelines.settings import Settings
from recsys_core.errors import ParameterError

if TYPE_CHECKING:
    from assets.configuration import Configuration
    from recsys_core.dataset.feedback import FeedbackKind
    from recsys_core.dataset.schema import DatasetSpec
    from recsys_core.splitting.overlap import Overlap

__all__ = ["evaluate"]

_LOG = logging.getLogger("recsys")
_a_path = click.Path(path_type=Path)


@click.command()
@options.data
@options.dataset
@click.option("--train", "train_csv", type=_a_path, help="Training file of a published split.")
@click.option("--test", "test_csv", type=_a_path, help="Test file of a published split.")
@click.option("--movies", "movies_csv", type=_a_path, help="movies.csv for a published split.")
@click.option(
    "--feedback",
    type=click.Choice(["ratings", "counts", "events"]),
    default="ratings",
    show_default=True,
    help="What the column rating of a published split holds.",
)
@click.option("--protocol", type=click.Choice(["user_holdout", "temporal"]), help="How --data is split.")
@click.option("--seeds", type=click.IntRange(1, 100), default=1, show_default=True, help="Splits to pool (--data).")
@click.option("--at", "ks", type=click.IntRange(1), multiple=True, help="List length; repeatable (default 10 and 20).")
@click.option("--trials", type=click.IntRange(4), help="Trials of tuning in all.")
@click.option(
    "--time-budget", type=click.FloatRange(0, min_open=True), help="Seconds for tuning (a published split: 600)."
)
@options.config
@options.json_wanted
def evaluate(
    data_dir: Path | None,
    dataset_file: Path | None,
    train_csv: Path | None,
    test_csv: Path | None,
    movies_csv: Path | None,
    feedback: "FeedbackKind",
    seeds: int,
    config_file: Path | None,
    as_json: bool,
    **wanted: Any,
) -> None:
    """Tune on validation people only, then judge popularity, item-kNN, EASE, ALS, content and hybrid on others."""
    from assets.presenting import say_trial
    from pipelines.running import check_data_folder
    from recsys_core.dataset.declaration import MOVIELENS, dataset_in
    from recsys_core.experiment.folder import evaluate_folder
    from recsys_core.experiment.published import evaluate_published
    from recsys_core.plotting.tables import evaluation_in_words
    from recsys_core.splitting import PublishedSplitParameters

    if (train_csv is None) != (test_csv is None) or (train_csv is not None and (data_dir or dataset_file)):
        raise ParameterError("give either --data DIR (and --dataset FILE), or both --train A.csv and --test B.csv")
    overlap: Overlap | None = None
    folder, dataset = None, MOVIELENS
    if train_csv is None:
        settings = Settings.from_environment(data_dir=data_dir, dataset_file=dataset_file)
        check_data_folder(settings.data_dir)
        folder, dataset = settings.data_dir, dataset_in(settings.data_dir, settings.dataset_file)
    config = _config(config_file, dataset, published=train_csv is not None, **wanted)
    common: dict[str, Any] = {name: getattr(config, name) for name in ("features", "tuning", "evaluation")}
    common |= {"clock": time.monotonic, "on_trial": say_trial}
    seed = config.split.seed
    with progress_on_terminal(quiet=as_json), tempfile.TemporaryDirectory(prefix="recsys-evaluate-") as name:
        workspace = Path(name)
        if folder is None:
            split = PublishedSplitParameters(seed=seed)
            files: dict[str, Any] = {"train_csv": train_csv, "test_csv": test_csv, "movies_csv": movies_csv}
            files |= {"dataset": dataset, "workspace": workspace}
            experiment, overlap = evaluate_published(**files, split=split, kind=feedback, **common)
            result = experiment.evaluation
        else:
            result = evaluate_folder(
                folder,
                replace(dataset, relevance=config.relevance),
                workspace,
                now=int(time.time()),
                limits=config.validation,
                splits=[config.split.replace(seed=seed + number) for number in range(seeds)],
                on_experiment=lambda number, _: _LOG.info(f"seed {seed + number} done ({number + 1} of {seeds})"),
                **common,
            )
    if as_json:
        print_json(result.summary() | (overlap.as_dict() if overlap else {}))
    else:
        click.echo(evaluation_in_words(result))
        if overlap and overlap.in_words():
            click.echo(f"\n{overlap.in_words()}")


def _config(
    path: Path | None,
    dataset: "DatasetSpec",
    *,
    published: bool,
    protocol: str | None,
    ks: tuple[int, ...],
    trials: int | None,
    time_budget: float | None,
) -> "Configuration":
    from assets.configuration import Configuration
    from recsys_core.experiment.published import published_tuning

    config = Configuration.read(path, dataset)
    split, evaluation, tuning = config.split, config.evaluation, config.tuning
    if published:
        tuning = published_tuning(tuning)
    if protocol:
        split = split.replace(protocol=protocol)
    if ks:
        evaluation, tuning = evaluation.replace(ks=tuple(sorted(set(ks)))), tuning.replace(k=min(ks))
    if trials:
        tuning = tuning.with_trials(trials)
    if time_budget:
        tuning = tuning.replace(time_budget=time_budget)
    return config.model_copy(update={"split": split, "evaluation": evaluation, "tuning": tuning})
