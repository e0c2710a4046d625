"""`recsys evaluate`: tune and judge every model, on a folder or on a published split."""

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipelines.cli.output import print_json, progress_on_terminal, say
from recsys_core.errors import ParameterError

if TYPE_CHECKING:
    from assets.configuration import PipelineConfig
    from recsys_core.evaluation import Evaluation

__all__ = ["evaluate"]

_TRIAL_SHARES = {"als": 3, "ease": 2, "blend": 4, "gate": 1}  # of --trials; the blend's are the cheapest


@click.command()
@click.option("--data", "data_dir", type=click.Path(path_type=Path), help="Folder with the CSV files.")
@click.option("--train", "train_csv", type=click.Path(path_type=Path), help="Training file of a published split.")
@click.option("--test", "test_csv", type=click.Path(path_type=Path), help="Test file of a published split.")
@click.option("--movies", "movies_csv", type=click.Path(path_type=Path), help="movies.csv for a published split.")
@click.option("--protocol", type=click.Choice(["user_holdout", "temporal"]), help="How --data is split.")
@click.option("--seeds", type=click.IntRange(1, 100), default=1, show_default=True, help="Splits to pool (--data).")
@click.option("--at", "ks", type=click.IntRange(1), multiple=True, help="List length; repeatable (default 10 and 20).")
@click.option("--trials", type=click.IntRange(4), help="Trials of tuning in all.")
@click.option("--time-budget", type=click.FloatRange(0, min_open=True), help="Seconds for tuning.")
@click.option("--config", "config_file", type=click.Path(path_type=Path), help="YAML file with parameters that differ.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")
def evaluate(
    data_dir: Path | None,
    train_csv: Path | None,
    test_csv: Path | None,
    movies_csv: Path | None,
    protocol: str | None,
    seeds: int,
    ks: tuple[int, ...],
    trials: int | None,
    time_budget: float | None,
    config_file: Path | None,
    as_json: bool,
) -> None:
    """Tune on validation people only, then judge popularity, item-kNN, EASE, ALS, content and hybrid on others."""
    if (train_csv is None) != (test_csv is None) or (data_dir is not None and train_csv is not None):
        raise ParameterError("give either --data DIR, or both --train A.csv and --test B.csv")
    config = _config(config_file, protocol, ks, trials, time_budget)
    with progress_on_terminal(quiet=as_json), tempfile.TemporaryDirectory(prefix="recsys-evaluate-") as workspace:
        if train_csv is not None and test_csv is not None:
            result = _published(train_csv, test_csv, movies_csv, config, Path(workspace))
        else:
            result = _folder(data_dir, config, seeds, Path(workspace))
    if as_json:
        print_json(result.summary())
    else:
        _say(result)


def _folder(data_dir: Path | None, config: "PipelineConfig", seeds: int, workspace: Path) -> "Evaluation":
    from pipelines.running import check_data_folder
    from pipelines.settings import Settings
    from recsys_core.experiment.folder import evaluate_folder

    settings = Settings.from_environment(data_dir=data_dir)
    check_data_folder(settings.data_dir)
    first = config.split.seed
    return evaluate_folder(
        settings.data_dir,
        settings.workspace().dataset,
        workspace,
        now=int(time.time()),
        limits=config.validation,
        splits=[config.split.replace(seed=first + number) for number in range(seeds)],
        features=config.features,
        tuning=config.tuning,
        evaluation=config.evaluation,
        clock=time.monotonic,
        on_trial=_say_trial,
        on_experiment=lambda number, _: say(f"seed {first + number} done ({number + 1} of {seeds})"),
    )


def _published(
    train_csv: Path, test_csv: Path, movies_csv: Path | None, config: "PipelineConfig", workspace: Path
) -> "Evaluation":
    from recsys_core.dataset.schema import MOVIELENS
    from recsys_core.experiment.published import evaluate_published
    from recsys_core.splitting import PublishedSplitParameters

    return evaluate_published(
        train_csv,
        test_csv,
        movies_csv,
        MOVIELENS,
        workspace,
        split=PublishedSplitParameters(seed=config.split.seed),
        features=config.features,
        tuning=config.tuning.replace(whole_history_share=1.0),  # its people are judged with all that the file has
        evaluation=config.evaluation.replace(positive_threshold=None, max_users=None),  # all, as published figures are
        clock=time.monotonic,
        on_trial=_say_trial,
    ).evaluation


def _config(
    path: Path | None, protocol: str | None, ks: tuple[int, ...], trials: int | None, time_budget: float | None
) -> "PipelineConfig":
    from assets.configuration import load_config

    config = load_config(path)
    changes: dict[str, Any] = {}
    if protocol:
        changes["split"] = config.split.replace(protocol=protocol)
    if ks:
        changes["evaluation"] = config.evaluation.replace(ks=tuple(sorted(set(ks))))
    tuning = config.tuning.replace(k=min(ks)) if ks else config.tuning
    if trials:
        tuning = tuning.replace(**_shares(trials))
    if time_budget:
        tuning = tuning.replace(time_budget=time_budget)
    return config.model_copy(update={**changes, "tuning": tuning})


def _shares(trials: int) -> dict[str, int]:
    """``trials`` in all, at least one for each stage."""
    whole = sum(_TRIAL_SHARES.values())
    shares = {stage: max(1, trials * share // whole) for stage, share in _TRIAL_SHARES.items()}
    shares["blend"] = max(1, shares["blend"] + trials - sum(shares.values()))
    return {f"n_trials_{stage}": count for stage, count in shares.items()}


def _say_trial(trial: Any, n_trials: int, best: Any) -> None:
    say(f"tuning {trial.stage}: trial {trial.number + 1} of {n_trials}, best {best.value:.4f}", passing=True)


def _say(result: "Evaluation") -> None:
    from recsys_core.evaluation.tables import metrics_table, paired_table, slices_table

    k = result.parameters.ks[0]
    names = [f"{name}@{k}" for name in ("ndcg", "recall", "precision", "map", "coverage", "novelty", "diversity")]
    click.echo(f"{result.n_users} test users, {result.protocol}; 95 % bootstrap intervals over users\n")
    click.echo(metrics_table(result, names).text())
    click.echo("\n" + paired_table(result, names[:2]).text())
    click.echo(f"\nndcg@{k} by slice\n" + slices_table(result, f"ndcg@{k}").text())
