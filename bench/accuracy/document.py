"""docs/accuracy.md from the figures of a run."""

from collections.abc import Mapping, Sequence

import numpy as np

from bench.accuracy.bars import BARS, MUST_BEAT, lowest_differences
from bench.accuracy.cold import COLD_SLICES
from bench.accuracy.comparing import Family, compare
from bench.accuracy.running import Everything
from bench.accuracy.settings import N_FOLDS, Settings
from bench.accuracy.tables import family_table, mean_of, number, slices_by_model
from bench.accuracy.temporal import TEMPORAL, TEMPORAL_SLICES
from bench.accuracy.wording import HEADINGS, TEXT
from recsys_core.evaluation import MINIMUM_DIFFERING, Evaluation
from recsys_core.plotting import Table
from recsys_core.splitting import VIEWS

__all__ = ["document", "verdict_in_words"]

CONTROLS = ("random", "metadata_count", "cosine")
_ABLATION = "hybrid_no_"
_LONG, _SHORT = ("warm", "by_time", "tail"), ("first_1", "first_3", "first_5", "first_10")


def document(
    found: Everything, settings: Settings, *, circumstances: str, n_folds: int, peer_trials: int, quick: bool
) -> str:
    """The whole page as Markdown."""
    pooled = found.pooled
    ours = _ours(pooled)
    peers = [name for name in pooled.models if name in found.peers]
    everybody = [*ours, *peers]
    baselines = [model for model in ours if model != "hybrid"]
    ablated = [model for model in pooled.models if model.startswith(_ABLATION)]
    families = {
        "ours": compare(pooled, baselines, (*_LONG, *_SHORT)),
        "peers": compare(pooled, peers, (*_LONG, *_SHORT)),
        "cold": compare(pooled, [*baselines, *CONTROLS], COLD_SLICES),
        "temporal": compare(found.in_time, [*baselines, *peers], TEMPORAL_SLICES),
        "ablation": compare(pooled, ablated, (*_LONG, *_SHORT, "cold")),
    }
    incomplete = quick or n_folds < N_FOLDS
    return TEXT.format(
        warning="\n**A trial run, not a result: few folds or few configurations.**\n" if incomplete else "",
        circumstances=circumstances,
        n_trials=sum(len(m.tuned.trials) for m in (*found.folds, found.temporal)),
        n_trials_fold=len(found.folds[0].tuned.trials),
        bars=_bars(pooled),
        ndcg=_table(pooled, everybody, (*VIEWS, "tail"), "ndcg@10"),
        ndcg_intervals=_table(pooled, everybody, _LONG, "ndcg@10", intervals=True),
        recall=_table(pooled, everybody, (*VIEWS, "tail"), "recall@10"),
        precision=_table(pooled, everybody, (*VIEWS, "tail"), "precision@10"),
        coverage=_table(pooled, everybody, VIEWS, "coverage@10", best=False),
        diversity=_table(pooled, everybody, VIEWS, "diversity@10", best=False),
        ours_long=_differences(families["ours"], _LONG),
        ours_short=_differences(families["ours"], _SHORT),
        ours_verdict=verdict_in_words(families["ours"]),
        peers=_peers(found, families["peers"], peer_trials),
        cold=_table(pooled, [*ours, "hybrid_no_cold_content", *CONTROLS], COLD_SLICES, "ndcg@10", intervals=True),
        cold_recall=_table(pooled, [*ours, "hybrid_no_cold_content", *CONTROLS], COLD_SLICES, "recall@10"),
        cold_differences=_differences(families["cold"], COLD_SLICES),
        cold_verdict=verdict_in_words(families["cold"]),
        n_held_back=found.folds[0].notes["n_held_back"],
        temporal=_table(found.in_time, [*ours, *peers, *CONTROLS], TEMPORAL_SLICES, "ndcg@10", intervals=True),
        temporal_differences=_differences(families["temporal"], TEMPORAL_SLICES),
        temporal_verdict=verdict_in_words(families["temporal"]),
        temporal_recall=_table(found.in_time, [*ours, *peers, *CONTROLS], TEMPORAL_SLICES, "recall@10"),
        temporal_users=found.in_time.slices[TEMPORAL].n_users,
        ablation_long=_differences(families["ablation"], (*_LONG, "cold")),
        ablation_short=_differences(families["ablation"], _SHORT),
        ablation_verdict=verdict_in_words(families["ablation"]),
        checks=_checks(found, ours),
        repeats=_repeats(found),
        strict=_strict(pooled),
        tuned=_tuned(found),
        seed=settings.seed,
        minimum_differing=MINIMUM_DIFFERING,
    )


def _ours(pooled: Evaluation) -> list[str]:
    """Our models in the order of the tables, without ablations, controls and peers."""
    judged = pooled.slices["all_titles"].values
    return [m for m in pooled.models if m in judged and m not in CONTROLS]


def _table(
    evaluation: Evaluation,
    models: Sequence[str],
    slices: Sequence[str],
    metric: str,
    *,
    intervals: bool = False,
    best: bool = True,
) -> str:
    return slices_by_model(
        evaluation, models, slices, metric, intervals=intervals, best=best, headings=HEADINGS
    ).markdown()


def _differences(family: Family, slices: Sequence[str]) -> str:
    return family_table(family, slices, headings=HEADINGS).markdown()


def verdict_in_words(family: Family) -> str:
    """How many comparisons the family has, how wide it makes intervals, and how they end."""
    if not family.comparisons:
        return "No comparisons."
    left_out = family.count("not judged")
    note = f" {left_out} not judged: too few users differ." if left_out else ""
    return (
        f"Family of {len(family.comparisons) - left_out} comparisons, intervals of ±{family.critical:.2f} standard "
        f"errors: {family.count('win')} wins, {family.count('tie')} ties, {family.count('loss')} losses.{note}"
    )


def _bars(pooled: Evaluation) -> str:
    rows = []
    for bar in BARS:
        value = mean_of(pooled, "hybrid", bar.slice_name)
        reached = "aim" if value >= bar.aim else "bar" if value >= bar.least else "**not reached**"
        rows.append((HEADINGS[bar.slice_name], number(value), number(bar.least), number(bar.aim), reached))
    figures = Table(("hybrid, NDCG@10", "found", "bar", "aim", "reached"), tuple(rows)).markdown()
    lowest = lowest_differences(pooled)
    beaten = [
        (f"hybrid − {model}, {HEADINGS[name]}", number(lowest[model, name], "+"), _yes(lowest[model, name] > 0))
        for model, name in MUST_BEAT
    ]
    return (
        figures + "\n\n" + Table(("lower end of the plain 95 % interval", "found", "above 0"), tuple(beaten)).markdown()
    )


def _yes(holds: bool) -> str:
    return "yes" if holds else "**no**"


def _peers(found: Everything, family: Family, peer_trials: int) -> str:
    """Differences, then what each peer is and found."""
    if not found.peers and not found.failures:
        return "This run was made without peers."
    rows = []
    for name, results in found.peers.items():
        first = results[0]
        parameters = ", ".join(f"{key} {_short(value)}" for key, value in first.parameters.items())
        folds = results[: len(found.folds)]
        ndcg = np.mean([[result.default_validation_ndcg, result.validation_ndcg] for result in folds], axis=0)
        seconds = np.mean([result.seconds for result in folds])
        rows.append((name, first.version, number(ndcg[0]), number(ndcg[1]), f"{seconds:.0f}", parameters))
    columns = ("peer", "version", "validation, default", "validation, tuned", "seconds", "parameters found in fold 0")
    parts = [
        f"Each peer fits and judges {peer_trials} configurations on each fold, its defaults first. Ours fit "
        f"{_fits(found)}; the other trials of the hybrid weigh scores that are there already.",
        _differences(family, _LONG),
        _differences(family, _SHORT),
        verdict_in_words(family),
        Table(columns, tuple(rows)).markdown(),
    ]
    if found.failures:
        reasons = "\n".join(f"- {name}: {' '.join(reason.split())}" for name, reason in found.failures.items())
        parts.append("Not run:\n\n" + reasons)
    return "\n\n".join(parts)


def _fits(found: Everything) -> str:
    result = found.folds[0].tuned
    return " and ".join(f"{len(result.of_stage(stage))} of {stage.upper()}" for stage in ("als", "ease"))


def _short(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _checks(found: Everything, ours: Sequence[str]) -> str:
    models = [*ours, "metadata_count", "random"]
    return _table(found.pooled, models, ("warm", "swapped", "renamed"), "ndcg@10", best=False)


def _repeats(found: Everything) -> str:
    again = all(m.notes["popularity_repeats"]["again"] for m in found.folds)
    by_hand = all(m.notes["popularity_repeats"]["by_hand"] for m in found.folds)
    value = mean_of(found.pooled, "popularity", "warm")
    return (
        f"Popularity has NDCG@10 {value:.6f} (warm). Made a second time from a new split it is the same to the last "
        f"digit of every user: {_yes(again)}. By plain loops that share nothing with the evaluation but the hash that "
        f"breaks ties, within 10⁻¹²: {_yes(by_hand)}."
    )


def _strict(pooled: Evaluation) -> str:
    """The hybrid's figures when titles without a training rating are targets that nobody can reach."""
    shown = (f"{HEADINGS[name]} {number(mean_of(pooled, 'hybrid', name, 'ndcg_all@10'))}" for name in VIEWS)
    return ", ".join(shown)


def _tuned(found: Everything) -> str:
    rows = []
    for name, measured in [*((f"fold {i}", m) for i, m in enumerate(found.folds)), ("temporal", found.temporal)]:
        result = measured.tuned
        weights = {key: value for key, value in result.weights.as_dict().items() if isinstance(value, float)}
        rows.append(
            (
                name,
                f"{len(result.trials)}",
                f"{result.n_users}",
                f"{number(result.default_objective)} → {number(result.best_objective)}",
                _pairs(
                    result.als_parameters.as_dict(), ("factors", "regularization", "confidence_weight", "rating_power")
                ),
                _pairs(weights, tuple(weights)),
                f"{measured.notes['seconds']['tune']:.0f}",
            )
        )
    columns = ("", "configurations", "validation users", "objective, default → found", "ALS", "weights", "seconds")
    return Table(columns, tuple(rows)).markdown()


def _pairs(values: Mapping[str, object], names: Sequence[str]) -> str:
    return ", ".join(f"{name} {_short(values[name])}" for name in names if name in values)
