"""What diversity costs: accuracy against diversity and coverage for each re-ranking method, as docs/diversity.md.

python -m bench.diversity
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from bench.accuracy.data import Bundle, load_data
from bench.circumstances import circumstances
from bench.default_hybrid import fit_default_hybrid
from bench.diversity_plot import METHOD_LABELS, trade_off_plot
from bench.diversity_text import TEXT
from bench.options import options
from recsys_core.evaluation import Series, bootstrap_means, hits_of, ndcg_at, simultaneous_means
from recsys_core.evaluation.beyond_accuracy import coverage, diversity, unit_features
from recsys_core.features import ItemFeatures
from recsys_core.hybrid import Ranking
from recsys_core.plotting import Table
from recsys_core.reranking import METHODS, Method, Reranker, RerankParameters, miscalibration
from recsys_core.splitting import SplitParameters, split_interactions

__all__ = ["main"]

K: Final = 10
FOLDS: Final = (0, 1)
FRESH_FOLDS: Final = (2, 3)
SETTINGS: Final = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0)
TOLERANCE: Final = 0.05  # share of NDCG@10 that may be lost, at the lower end of the interval
EQUAL_DIVERSITY: Final = (0.82, 0.84, 0.86, 0.88)
POOLS: Final = (30, 100, 300)


@dataclass(frozen=True, slots=True, eq=False)
class Fold:
    """One fold's validation users, and what the model fitted without them says."""

    reranker: Reranker
    scores: NDArray[np.float32]
    history: csr_matrix
    targets: csr_matrix
    user_ids: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """One setting: figures by user, pooled over the folds, and the mean coverage of the folds."""

    parameters: RerankParameters
    ndcg: NDArray[np.float64]
    diversity: NDArray[np.float64]
    miscalibration: NDArray[np.float64]
    coverage: float

    def row(self) -> tuple[str, ...]:
        return (
            f"{self.ndcg.mean():.4f}",
            f"{self.diversity.mean():.3f}",
            f"{self.coverage:.4f}",
            f"{self.miscalibration.mean():.3f}",
        )


def fitted(bundle: Bundle, fold: int) -> Fold:
    """The hybrid with its default parameters, fitted on the fold's training part; its test part is not looked at."""
    split = split_interactions(
        bundle.interactions,
        SplitParameters(n_folds=5, fold=fold, validation_share=0.2),
        catalogue_ids=bundle.tables.catalogue_ids,
    )
    model = fit_default_hybrid(split, bundle.tables)
    part = split.validation
    history = part.history.ratings
    return Fold(Reranker(model.content.features), model.score(history), history, part.targets, part.user_ids)


def outcome(folds: Sequence[Fold], parameters: RerankParameters) -> Outcome:
    by_fold = []
    for fold in folds:
        lists = padded(fold.reranker.rerank(fold.scores, fold.history, parameters, K), len(fold.scores))
        hits, n_targets = hits_of(lists, fold.targets), np.diff(fold.targets.indptr).astype(np.int64)
        features: ItemFeatures = fold.reranker.features
        by_fold.append(
            (
                ndcg_at(hits, n_targets, K),
                diversity(lists, unit_features(features)),
                miscalibration(lists, fold.history, features),
                coverage(lists, fold.scores.shape[1]),
            )
        )
    ndcg, spread, distance = (np.concatenate([part[num] for part in by_fold]) for num in range(3))
    return Outcome(parameters, ndcg, spread, distance, float(np.mean([part[3] for part in by_fold])))


def padded(ranking: Ranking, n_users: int) -> NDArray[np.int32]:
    lists = np.full((n_users, K), -1, dtype=np.int32)
    lists[ranking.user_nums, ranking.ranks - 1] = ranking.item_nums
    return lists


def milliseconds(fold: Fold, method: Method, n_requests: int = 300) -> float:
    """Median time of one request for 20 titles of one user, from the scores on, with one thread."""
    parameters = RerankParameters(method=method, diversity=0.4)
    laps = []
    with threadpool_limits(1):
        for request in range(n_requests + 20):
            row = request % len(fold.scores)
            scores, history = fold.scores[row : row + 1], fold.history[row]
            started = time.perf_counter()
            fold.reranker.rerank(scores, history, parameters, 20)
            laps.append(time.perf_counter() - started)
    return float(np.median(laps[20:]) * 1e3)


def suggested(losses: Sequence[float], least: float) -> float:
    """The largest setting up to which all intervals are known to lie above ``least``; 0 where the first does not."""
    found = 0.0
    for setting, low in zip(SETTINGS, losses, strict=True):
        if not low >= least:  # NaN: not judged
            break
        found = setting
    return found


def at_diversity(curve: Sequence[Outcome], wanted: float) -> NDArray[np.float64] | None:
    """NDCG by user where the curve's mean diversity is ``wanted``, between its two neighbouring settings; or None."""
    for before, after in pairwise(curve):
        low, high = before.diversity.mean(), after.diversity.mean()
        if low <= wanted <= high and low < high:
            share = (wanted - low) / (high - low)
            return np.asarray((1 - share) * before.ndcg + share * after.ndcg)
    return None


def main(argv: Sequence[str] | None = None) -> None:
    arguments = options("bench.diversity", __doc__, "docs/diversity.md", data=True, workspace=True).parse_args(argv)
    bundle = load_data(arguments.workspace, arguments.data)
    folds = [fitted(bundle, fold) for fold in FOLDS]
    user_ids = np.concatenate([fold.user_ids for fold in folds])
    off = outcome(folds, RerankParameters())
    curves = {
        method: [outcome(folds, RerankParameters(method=method, diversity=setting)) for setting in SETTINGS]
        for method in METHODS
    }
    points = [point for curve in curves.values() for point in curve]
    losses = simultaneous_means([Series(point.ndcg - off.ndcg, user_ids) for point in points])
    low = dict(zip(METHODS, losses.ci_low.reshape(len(METHODS), -1).tolist(), strict=True))
    high = dict(zip(METHODS, losses.ci_high.reshape(len(METHODS), -1).tolist(), strict=True))
    chosen = {method: suggested(low[method], -TOLERANCE * off.ndcg.mean()) for method in METHODS}
    at_chosen = {m: next((p for p in curves[m] if p.parameters.diversity == chosen[m]), off) for m in METHODS}
    best = max(METHODS, key=lambda method: at_chosen[method].diversity.mean())
    pools = [outcome(folds, at_chosen[best].parameters.replace(n_candidates=pool)) for pool in POOLS]
    equal, n_apart, n_levels = equal_table(off, curves, user_ids)
    text = TEXT.format(
        circumstances=circumstances(
            "bench.diversity",
            argv,
            data=bundle.source,
            people=f"{len(user_ids)} validation users of folds {_words(FOLDS)}; test parts not looked at",
        ),
        best=METHOD_LABELS[best],
        setting=chosen[best],
        tolerance=TOLERANCE,
        critical=losses.critical,
        n_users=len(user_ids),
        n_comparisons=len(points),
        n_better=int((losses.ci_low > 0).sum()),
        n_apart=n_apart,
        n_levels=n_levels,
        table=curve_table(off, curves, low, high, chosen).markdown(),
        equal=equal.markdown(),
        pools=Table(
            ("candidates", "NDCG@10", "diversity@10", "coverage@10", "genre distance"),
            tuple((str(pool), *point.row()) for pool, point in zip(POOLS, pools, strict=True)),
        ).markdown(),
        times=", ".join(f"{METHOD_LABELS[m]} {milliseconds(folds[0], m):.1f} ms" for m in METHODS),
        **told(off, at_chosen[best], user_ids),
        **fresh(bundle, at_chosen[best].parameters),
    )
    arguments.out.write_text(text, encoding="utf-8")
    picture = arguments.out.parent / "images" / "diversity.png"
    picture.parent.mkdir(exist_ok=True)
    picture.write_bytes(trade_off_plot(off, curves, low, high, at_chosen[best], len(user_ids)))
    print(text)


def told(off: Outcome, point: Outcome, user_ids: NDArray[np.int64]) -> dict[str, str]:
    """Words about one setting alone, with a paired interval of its own."""
    lost = bootstrap_means((point.ndcg - off.ndcg)[:, None], user_ids, n_samples=2_000)
    return {
        "ndcg": f"{off.ndcg.mean():.4f} → {point.ndcg.mean():.4f}",
        "against": f"{lost.mean[0]:+.4f} [{lost.ci_low[0]:+.4f}, {lost.ci_high[0]:+.4f}]",
        "diversity": f"{off.diversity.mean():.3f} → {point.diversity.mean():.3f}",
        "genres": f"{off.miscalibration.mean():.3f} → {point.miscalibration.mean():.3f}",
    }


def fresh(bundle: Bundle, parameters: RerankParameters) -> dict[str, str]:
    """The same words about validation users who had no part in the choice."""
    folds = [fitted(bundle, fold) for fold in FRESH_FOLDS]
    user_ids = np.concatenate([fold.user_ids for fold in folds])
    words = told(outcome(folds, RerankParameters()), outcome(folds, parameters), user_ids)
    counts = {"n_fresh": str(len(user_ids)), "fresh_folds": _words(FRESH_FOLDS)}
    return counts | {f"fresh_{name}": value for name, value in words.items()}


def _words(folds: Sequence[int]) -> str:
    return " and ".join(str(fold) for fold in folds)


def curve_table(
    off: Outcome,
    curves: dict[Method, list[Outcome]],
    low: dict[Method, list[float]],
    high: dict[Method, list[float]],
    chosen: dict[Method, float],
) -> Table:
    rows = [("off", "0", off.row()[0], "", *off.row()[1:])]
    for method, curve in curves.items():
        for num, point in enumerate(curve):
            setting = point.parameters.diversity
            mark = "**" if setting == chosen[method] else ""
            lost = f"{(point.ndcg - off.ndcg).mean():+.4f} [{low[method][num]:+.4f}, {high[method][num]:+.4f}]"
            label = f"{mark}{METHOD_LABELS[method]}{mark}"
            rows.append((label, f"{mark}{setting:g}{mark}", point.row()[0], lost, *point.row()[1:]))
    heads = ("method", "diversity", "NDCG@10", "against off", "diversity@10", "coverage@10", "genre distance")
    return Table(heads, tuple(rows))


def equal_table(
    off: Outcome, curves: dict[Method, list[Outcome]], user_ids: NDArray[np.int64]
) -> tuple[Table, int, int]:
    """DPP and MMR compared where their lists are equally diverse; at how many levels they differ, and of how many."""
    kept = []
    for wanted in EQUAL_DIVERSITY:
        mmr, dpp = (at_diversity([off, *curves[method]], wanted) for method in ("mmr", "dpp"))
        if mmr is not None and dpp is not None:
            kept.append((wanted, mmr, dpp))
    heads = ("diversity@10", "MMR", "DPP", "DPP − MMR")
    if not kept:  # a small catalogue: lists are never that diverse
        return Table(heads, ()), 0, 0
    found = simultaneous_means([Series(dpp - mmr, user_ids) for _, mmr, dpp in kept])
    rows = tuple(
        (
            f"{wanted:.2f}",
            f"{mmr.mean():.4f}",
            f"{dpp.mean():.4f}",
            f"{found.mean[num]:+.4f} [{found.ci_low[num]:+.4f}, {found.ci_high[num]:+.4f}]",
        )
        for num, (wanted, mmr, dpp) in enumerate(kept)
    )
    n_apart = int(((found.ci_low > 0) | (found.ci_high < 0)).sum())
    return Table(heads, rows), n_apart, len(kept)


if __name__ == "__main__":
    main()
