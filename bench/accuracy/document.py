"""What docs/accuracy.md says, from the figures of a run."""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np

from bench.accuracy.bars import BARS, lowest_differences
from bench.accuracy.cold import BALANCED_SLICES, COLD_SLICES
from bench.accuracy.comparing import Family, compare
from bench.accuracy.equal_budget import OURS, RATINGS_ALONE, WITH_FEATURES
from bench.accuracy.measuring import DIVERSITIES
from bench.accuracy.peers import takes_features
from bench.accuracy.running import Everything
from bench.accuracy.tables import ABSENT, HEADINGS, family_table, intervals_of, mean_of, slices_by_model
from bench.accuracy.temporal import TEMPORAL, TEMPORAL_SLICES
from recsys_core.evaluation import MINIMUM_DIFFERING, Evaluation, Series, simultaneous_means
from recsys_core.plotting import Table, number
from recsys_core.sources.als import ALSParameters
from recsys_core.splitting import VIEWS, SplitParameters

__all__ = ["fields", "verdict_in_words"]

CONTROLS = ("random", "metadata_count", "cosine")
_ALL = (*VIEWS, "tail")
_LONG, _SHORT = ("warm", "by_time", "tail"), ("first_1", "first_3", "first_5", "first_10")
_IN_WINDOWS = ("hybrid", "popularity")
_ALS = ("factors", "regularization", "confidence_weight", "rating_power")


def fields(found: Everything, *, peer_trials: int, is_trial: bool) -> dict[str, object]:
    """What the page's template is filled with, beside the circumstances."""
    pooled, in_time = found.pooled, found.in_time
    judged = pooled.slices["all_titles"].values
    ours = [model for model in pooled.models if model in judged and model not in CONTROLS]
    peers = [model for model in pooled.models if model in found.peers]
    baselines = [model for model in ours if model != "hybrid"]
    ablated = [m for m in pooled.models if m.startswith("hybrid_no_") and m in pooled.slices["warm"].values]
    views = partial(slices_by_model, pooled, [*ours, *peers])
    cold = partial(slices_by_model, pooled, [*ours, "hybrid_bare", *CONTROLS], COLD_SLICES)
    in_windows = partial(slices_by_model, in_time, [*ours, "random"], TEMPORAL_SLICES)
    balanced_models, strict = list(pooled.slices[BALANCED_SLICES[0]].values), partial(mean_of, pooled, "hybrid")
    return {
        "warning": "\n**A trial run, not a result: few folds or few configurations.**\n" if is_trial else "",
        "n_trials": sum(len(m.tuned.trials) for m in (*found.folds, *found.windows)),
        "n_trials_fold": len(found.folds[0].tuned.trials),
        "n_held_back": found.folds[0].notes["n_held_back"],
        "history_share": SplitParameters().history_share,
        "minimum_differing": MINIMUM_DIFFERING,
        "bars": _bars(pooled),
        "must_beat": _must_beat(pooled),
        "ndcg": views(_ALL, "ndcg@10"),
        "ndcg_intervals": views(_LONG, "ndcg@10", intervals=True),
        **{name: views(_ALL, f"{name}@10") for name in ("recall", "precision")},
        **{name: views(VIEWS, f"{name}@10", best=False) for name in ("coverage", "diversity")},
        "variety": _variety(pooled),
        "strict": ", ".join(f"{HEADINGS[name]} {number(strict(name, 'ndcg_all@10'))}" for name in VIEWS),
        **_told("ours", compare(pooled, baselines, (*_LONG, *_SHORT)), long=_LONG, short=_SHORT),
        "peer_trials": peer_trials,
        "peers": _peers(found),
        "cold": cold("ndcg@10", intervals=True),
        "cold_recall": cold("recall@10"),
        "balanced": slices_by_model(pooled, balanced_models, BALANCED_SLICES, "ndcg@10", intervals=True, best=False),
        "balanced_gains": _balanced_gains(pooled),
        **_told("cold", compare(pooled, [*baselines, *CONTROLS], COLD_SLICES), differences=COLD_SLICES),
        "n_windows": len(found.windows),
        "windows": _windows(found),
        "temporal_ndcg": in_windows("ndcg@10", intervals=True),
        "temporal_recall": in_windows("recall@10"),
        **{f"temporal_{name}": in_windows(f"{name}@10", best=False) for name in ("coverage", "diversity")},
        **_told("temporal", compare(in_time, baselines, TEMPORAL_SLICES), differences=TEMPORAL_SLICES),
        **{f"n_{name}": in_time.slices[name].n_users for name in TEMPORAL_SLICES},
        **{f"n_rows_{name}": len(in_time.slices[name].user_ids) for name in TEMPORAL_SLICES},
        **_told("ablation", compare(pooled, ablated, (*_LONG, *_SHORT, "cold")), long=(*_LONG, "cold"), short=_SHORT),
        "checks": slices_by_model(
            pooled, [*ours, "metadata_count", "random"], ("warm", "swapped", "renamed"), "ndcg@10", best=False
        ),
        "tuned": _tuned(found),
    }


def _told(name: str, family: Family, **slices: Sequence[str]) -> dict[str, object]:
    """The verdict on a family, and its tables by what they are called."""
    tables = {f"{name}_{part}": family_table(family, of) for part, of in slices.items()}
    return {f"{name}_verdict": verdict_in_words(family), **tables}


def verdict_in_words(family: Family) -> str:
    """How many comparisons the family has, how wide it makes intervals, and how they end."""
    if not family.comparisons:
        return "No comparisons."
    count = Counter(comparison.verdict for comparison in family.comparisons.values())
    left_out = count["not judged"]
    note = f" {left_out} not judged: too few users differ." if left_out else ""
    return (
        f"Family of {len(family.comparisons) - left_out} comparisons, intervals of ±{family.critical:.2f} standard "
        f"errors: {count['win']} wins, {count['tie']} ties, {count['loss']} losses.{note}"
    )


def _balanced_gains(pooled: Evaluation) -> Table:
    """What titles without ratings, and a place kept for one, change in lists of all titles: paired differences."""
    rows = []
    for suffix, known in (("", "everything"), ("_bare", "title, genres and year")):
        for name in ("hybrid", "place_10"):
            cells = [f"{name} − no new titles", known]
            for on in BALANCED_SLICES:
                if pooled.slices[on].n_users == 0:
                    cells.append(ABSENT)
                    continue
                gain = pooled.paired(f"{name}{suffix}", f"hybrid_no_new{suffix}", "ndcg@10", slice_name=on)
                mean, low, high = (number(value, "+") for value in (gain.difference, gain.ci_low, gain.ci_high))
                cells.append(f"{mean} [{low}, {high}]")
            rows.append(tuple(cells))
    return Table(("difference", "known of new titles", *(HEADINGS[name] for name in BALANCED_SLICES)), tuple(rows))


def _variety(pooled: Evaluation) -> Table:
    """The hybrid at each setting of diversity; differences to the first, off, as one family."""
    part = pooled.slices["variety"]
    ndcg = {name: part.column(name, "ndcg@10") for name in DIVERSITIES}
    off, *others = ndcg.values()
    against = intervals_of(simultaneous_means([Series(other - off, part.user_ids) for other in others]))
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
    rows = [
        (f"hybrid − {model}, {HEADINGS[name]}", number(lowest, "+"), "yes" if lowest > 0 else "**no**")
        for (model, name), lowest in lowest_differences(pooled).items()
    ]
    return Table(("lower end of the plain 95 % interval", "found", "above 0"), tuple(rows))


def _peers(found: Everything) -> str:
    """Differences, like with like, then what each peer is and found."""
    if not found.peers:
        return "This run was made without peers."
    parts = []
    for reference, what in ((RATINGS_ALONE, "With ratings alone:"), (WITH_FEATURES, "With features of titles:")):
        peers = [n for n in found.peers if n not in OURS and takes_features(n) == (reference == WITH_FEATURES)]
        family = compare(found.pooled, peers, (*_LONG, *_SHORT), reference=reference)
        tables = (family_table(family, slices).markdown() for slices in (_LONG, _SHORT))
        parts += [f"{what} {verdict_in_words(family)}", *tables] if peers else []
    rows = []
    for name, results in found.peers.items():
        ndcg, seconds = np.mean([[result.validation_ndcg, result.seconds] for result in results], axis=0)
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
