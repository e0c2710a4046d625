"""docs/accuracy.md from the figures of a run."""

from collections.abc import Mapping
from functools import partial

import numpy as np

from bench.accuracy.bars import BARS, MUST_BEAT, lowest_differences
from bench.accuracy.cold import BALANCED_SLICES, COLD_SLICES
from bench.accuracy.comparing import Family, compare
from bench.accuracy.equal_budget import OURS, RATINGS_ALONE, WITH_FEATURES
from bench.accuracy.peers import takes_features
from bench.accuracy.running import Everything
from bench.accuracy.settings import N_FOLDS
from bench.accuracy.tables import ABSENT, HEADINGS, family_table, intervals_of, mean_of, number, slices_by_model
from bench.accuracy.temporal import TEMPORAL, TEMPORAL_SLICES
from bench.accuracy.variety import DIVERSITIES
from bench.page import filled
from recsys_core.evaluation import MINIMUM_DIFFERING, Evaluation, Series, simultaneous_means
from recsys_core.plotting import Table
from recsys_core.sources.als import ALSParameters
from recsys_core.splitting import VIEWS, SplitParameters

__all__ = ["document", "verdict_in_words"]

CONTROLS = ("random", "metadata_count", "cosine")
_ALL = (*VIEWS, "tail")
_LONG, _SHORT = ("warm", "by_time", "tail"), ("first_1", "first_3", "first_5", "first_10")
_IN_WINDOWS = ("hybrid", "popularity")
_ALS = ("factors", "regularization", "confidence_weight", "rating_power")


def document(found: Everything, *, circumstances: str, n_folds: int, peer_trials: int, quick: bool) -> str:
    """The whole page as Markdown."""
    pooled, in_time = found.pooled, found.in_time
    judged = pooled.slices["all_titles"].values
    ours = [model for model in pooled.models if model in judged and model not in CONTROLS]
    peers = [model for model in pooled.models if model in found.peers]
    baselines = [model for model in ours if model != "hybrid"]
    ablated = [m for m in pooled.models if m.startswith("hybrid_no_") and m in pooled.slices["warm"].values]
    cold_models, temporal_models = [*ours, "hybrid_bare", *CONTROLS], [*ours, "random"]
    balanced_models = list(pooled.slices[BALANCED_SLICES[0]].values)
    against_ours = compare(pooled, baselines, (*_LONG, *_SHORT))
    on_cold = compare(pooled, [*baselines, *CONTROLS], COLD_SLICES)
    later = compare(in_time, baselines, TEMPORAL_SLICES)
    ablation = compare(pooled, ablated, (*_LONG, *_SHORT, "cold"))

    views = partial(slices_by_model, pooled, [*ours, *peers])
    in_windows = partial(slices_by_model, in_time, temporal_models, TEMPORAL_SLICES)
    incomplete = quick or n_folds < N_FOLDS
    return filled(
        "bench.accuracy",
        warning="\n**A trial run, not a result: few folds or few configurations.**\n" if incomplete else "",
        circumstances=circumstances,
        n_trials=sum(len(m.tuned.trials) for m in (*found.folds, *found.windows)),
        n_trials_fold=len(found.folds[0].tuned.trials),
        n_held_back=found.folds[0].notes["n_held_back"],
        history_share=SplitParameters().history_share,
        bars=_bars(pooled),
        must_beat=_must_beat(pooled),
        ndcg=views(_ALL, "ndcg@10"),
        ndcg_intervals=views(_LONG, "ndcg@10", intervals=True),
        recall=views(_ALL, "recall@10"),
        precision=views(_ALL, "precision@10"),
        coverage=views(VIEWS, "coverage@10"),
        diversity=views(VIEWS, "diversity@10"),
        variety=_variety(pooled),
        strict=", ".join(
            f"{HEADINGS[name]} {number(mean_of(pooled, 'hybrid', name, 'ndcg_all@10'))}" for name in VIEWS
        ),
        ours_long=family_table(against_ours, _LONG),
        ours_short=family_table(against_ours, _SHORT),
        ours_verdict=verdict_in_words(against_ours),
        peers=_peers(found, peer_trials),
        cold=slices_by_model(pooled, cold_models, COLD_SLICES, "ndcg@10", intervals=True),
        cold_recall=slices_by_model(pooled, cold_models, COLD_SLICES, "recall@10"),
        balanced=slices_by_model(pooled, balanced_models, BALANCED_SLICES, "ndcg@10", intervals=True, best=False),
        balanced_gains=_balanced_gains(pooled),
        cold_differences=family_table(on_cold, COLD_SLICES),
        cold_verdict=verdict_in_words(on_cold),
        n_windows=len(found.windows),
        windows=_windows(found),
        **{f"temporal_{name}": in_windows(f"{name}@10") for name in ("recall", "coverage", "diversity")},
        temporal_ndcg=in_windows("ndcg@10", intervals=True),
        temporal_differences=family_table(later, TEMPORAL_SLICES),
        temporal_verdict=verdict_in_words(later),
        **{f"n_{name}": in_time.slices[name].n_users for name in TEMPORAL_SLICES},
        **{f"n_rows_{name}": len(in_time.slices[name].user_ids) for name in TEMPORAL_SLICES},
        ablation_long=family_table(ablation, (*_LONG, "cold")),
        ablation_short=family_table(ablation, _SHORT),
        ablation_verdict=verdict_in_words(ablation),
        checks=slices_by_model(
            pooled, [*ours, "metadata_count", "random"], ("warm", "swapped", "renamed"), "ndcg@10", best=False
        ),
        tuned=_tuned(found),
        minimum_differing=MINIMUM_DIFFERING,
    )


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


def _balanced_gains(pooled: Evaluation) -> Table:
    """What titles without ratings, and a place kept for one, change in lists of all titles: paired differences."""
    rows = []
    for suffix, known in (("", "everything"), ("_bare", "title, genres and year")):
        for name in ("hybrid", "place_10"):
            cells = (_gain(pooled, f"{name}{suffix}", f"hybrid_no_new{suffix}", on) for on in BALANCED_SLICES)
            rows.append((f"{name} − no new titles", known, *cells))
    return Table(("difference", "known of new titles", *(HEADINGS[name] for name in BALANCED_SLICES)), tuple(rows))


def _gain(pooled: Evaluation, model: str, other: str, slice_name: str) -> str:
    if pooled.slices[slice_name].n_users == 0:
        return ABSENT
    found = pooled.paired(model, other, "ndcg@10", slice_name=slice_name)
    return f"{number(found.difference, '+')} [{number(found.ci_low, '+')}, {number(found.ci_high, '+')}]"


def _variety(pooled: Evaluation) -> Table:
    """The hybrid at each setting of diversity; differences to the first, off, as one family."""
    part = pooled.slices["variety"]
    ndcg = {name: part.column(name, "ndcg@10") for name in DIVERSITIES}
    off, *others = ndcg.values()
    against = intervals_of(simultaneous_means([Series(other - off, part.user_ids) for other in others]), "+.3f")
    rows = []
    for (name, share), difference in zip(DIVERSITIES.items(), ["", *against], strict=True):
        beside = mean_of(pooled, name, "variety", "diversity@10"), float(np.mean(part.overall[name]["coverage@10"]))
        rows.append((f"{share:g}", number(float(ndcg[name].mean())), difference, *map(number, beside)))
    return Table(("diversity", "NDCG@10", "against off", "diversity@10", "coverage@10"), tuple(rows))


def _bars(pooled: Evaluation) -> Table:
    rows = []
    for name, least, aim in BARS:
        value = mean_of(pooled, "hybrid", name)
        reached = "aim" if value >= aim else "bar" if value >= least else "**not reached**"
        rows.append((HEADINGS[name], number(value), number(least), number(aim), reached))
    return Table(("hybrid, NDCG@10", "found", "bar", "aim", "reached"), tuple(rows))


def _must_beat(pooled: Evaluation) -> Table:
    lowest = lowest_differences(pooled)
    rows = [
        (f"hybrid − {model}, {HEADINGS[name]}", number(lowest[model, name], "+"), _yes(lowest[model, name] > 0))
        for model, name in MUST_BEAT
    ]
    return Table(("lower end of the plain 95 % interval", "found", "above 0"), tuple(rows))


def _yes(holds: bool) -> str:
    return "yes" if holds else "**no**"


def _peers(found: Everything, peer_trials: int) -> str:
    """Differences, like with like, then what each peer is and found."""
    if not found.peers:
        return "This run was made without peers."
    budget = f"Each model of this section tries {peer_trials} configurations on each fold, its defaults first"
    parts = [f"{budget}; `implicit_default` is the defaults alone."]
    for reference, what in ((RATINGS_ALONE, "With ratings alone:"), (WITH_FEATURES, "With features of titles:")):
        peers = [n for n in found.peers if n not in OURS and takes_features(n) == (reference == WITH_FEATURES)]
        family = compare(found.pooled, peers, (*_LONG, *_SHORT), reference=reference)
        tables = (family_table(family, slices).markdown() for slices in (_LONG, _SHORT))
        parts += [f"{what} {verdict_in_words(family)}", *tables] if peers else []
    rows = []
    for name, results in found.peers.items():
        folds = results[: len(found.folds)]
        ndcg, seconds = np.mean([[result.validation_ndcg, result.seconds] for result in folds], axis=0)
        rows.append((name, results[0].version or ABSENT, number(ndcg), f"{seconds:.0f}", _pairs(results[0].parameters)))
    parts.append(Table(("", "version", "validation", "seconds", "parameters found in fold 0"), tuple(rows)).markdown())
    if found.failures:
        parts += ["Not run:", "\n".join(f"- {name}: {' '.join(why.split())}" for name, why in found.failures.items())]
    return "\n\n".join(parts)


def _windows(found: Everything) -> Table:
    rows = []
    for i, measured in enumerate(found.windows, 1):
        users = [str(measured.evaluation.slices[name].n_users) for name in TEMPORAL_SLICES]
        ndcg = [number(mean_of(measured.evaluation, model, TEMPORAL)) for model in _IN_WINDOWS]
        rows.append((str(i), measured.notes["begins"], str(measured.notes["n_train_users"]), *users, *ndcg))
    return Table(
        ("window", "begins", "people before it", "all users", "users with a history", *_IN_WINDOWS), tuple(rows)
    )


def _tuned(found: Everything) -> Table:
    rows = []
    kinds = (("fold", found.folds, 0), ("window", found.windows, 1))
    for name, measured in [(f"{kind} {i}", m) for kind, of, first in kinds for i, m in enumerate(of, first)]:
        result = measured.tuned
        als = (result.parameters["als"] or ALSParameters()).as_dict()
        of = result.weights
        weights = {**of.taste, **{f"prior {name}": weight for name, weight in of.prior.items()}, "kappa": of.kappa}
        objective = f"{number(result.default_objective)} → {number(result.best_objective)}"
        counts = (str(len(result.trials)), str(result.n_users))
        found_parameters = (_pairs({key: als[key] for key in _ALS if key in als}), _pairs(weights))
        rows.append((name, *counts, objective, *found_parameters, f"{measured.notes['seconds']['tune']:.0f}"))
    columns = ("", "configurations", "validation users", "objective, default → found", "ALS", "weights", "seconds")
    return Table(columns, tuple(rows))


def _pairs(values: Mapping[str, object]) -> str:
    return ", ".join(
        f"{name} {value:.3g}" if isinstance(value, float) else f"{name} {value}" for name, value in values.items()
    )
