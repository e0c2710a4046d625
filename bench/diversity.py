"""What diversity costs: accuracy against diversity and coverage of re-ranked lists, as docs/diversity.md.

python -m bench.diversity
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from bench.accuracy.data import Bundle, load_data
from bench.accuracy.tables import intervals_of
from bench.default_hybrid import fit_default_hybrid
from bench.options import options
from bench.page import write_page
from recsys_core.evaluation import Series, SimultaneousIntervals, hits_of, ndcg_at, simultaneous_means
from recsys_core.evaluation.beyond_accuracy import coverage, diversity, unit_features
from recsys_core.plotting import Table
from recsys_core.plotting.plot_style import ACCENT, INK, MUTED, new_figure, png_of, quiet, titled
from recsys_core.ranking import Ranking
from recsys_core.reranking import Reranker, RerankParameters
from recsys_core.splitting import SplitParameters, split_interactions

__all__ = ["main"]

K: Final = 10
FOLDS: Final = (0, 1)
FRESH_FOLDS: Final = (2, 3)
SETTINGS: Final = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0)
TOLERANCE: Final = 0.05  # share of NDCG@10 that may be lost, at the lower end of the interval
POOLS: Final = (30, 100, 300)
_HEADS: Final = ("NDCG@10", "diversity@10", "coverage@10")
_PANELS: Final = ("Intra-list diversity@10  →  more varied", "Coverage@10  →  more of the catalogue")


@dataclass(frozen=True, slots=True, eq=False)
class Fold:
    """One fold's validation users, and how a model fitted without them ranks for them."""

    reranker: Reranker
    ranking: Ranking
    history: csr_matrix
    targets: csr_matrix
    user_ids: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """One setting: figures by user, pooled over the folds, and the mean coverage of the folds."""

    parameters: RerankParameters
    ndcg: NDArray[np.float64]
    diversity: NDArray[np.float64]
    coverage: float

    @property
    def cells(self) -> tuple[str, str, str]:
        return f"{self.ndcg.mean():.4f}", f"{self.diversity.mean():.3f}", f"{self.coverage:.4f}"


def fitted(bundle: Bundle, fold: int) -> Fold:
    """The hybrid with its default parameters, fitted on the fold's training part; its test part is not looked at."""
    splitting = SplitParameters(n_folds=5, fold=fold, validation_share=0.2)
    split = split_interactions(bundle.interactions, splitting, catalogue_ids=bundle.tables.catalogue_ids)
    model, part = fit_default_hybrid(bundle, split), split.validation
    history = part.history.ratings
    ranking = model.recommend(part.history, max(POOLS))
    return Fold(Reranker(model.content.features), ranking, history, part.targets, part.user_ids)


def outcome(folds: Sequence[Fold], parameters: RerankParameters) -> Outcome:
    ndcg, spread, shares = [], [], []
    for fold in folds:
        ranking = fold.reranker.rerank(fold.ranking, fold.history, parameters, K)
        lists = np.full((len(fold.user_ids), K), -1, dtype=np.int32)
        lists[ranking.user_nums, ranking.ranks - 1] = ranking.item_nums
        ndcg.append(ndcg_at(hits_of(lists, fold.targets), np.diff(fold.targets.indptr).astype(np.int64), K))
        spread.append(diversity(lists, unit_features(fold.reranker.features)))
        shares.append(coverage(lists, fold.history.shape[1]))
    return Outcome(parameters, np.concatenate(ndcg), np.concatenate(spread), float(np.mean(shares)))


def milliseconds(fold: Fold, n_requests: int = 300) -> float:
    """Median time of one request for 20 titles of one user, from the ranking on, with one thread."""
    laps = []
    with threadpool_limits(1):
        for request in range(n_requests + 20):
            row = request % len(fold.user_ids)
            mine = np.flatnonzero(fold.ranking.user_nums == row)[:100]
            ranking = Ranking(np.zeros(len(mine), np.int64), fold.ranking.item_nums[mine], fold.ranking.scores[mine])
            history = fold.history[row]
            started = time.perf_counter()
            fold.reranker.rerank(ranking, history, RerankParameters(diversity=0.4), 20)
            laps.append(time.perf_counter() - started)
    return float(np.median(laps[20:]) * 1e3)


def suggested(curve: Sequence[Outcome], lows: Sequence[float], off: Outcome) -> Outcome:
    """The last point up to which no interval's lower end allows a greater loss than ``TOLERANCE``; or ``off``."""
    found = off
    for point, low in zip(curve, lows, strict=True):
        if not low >= -TOLERANCE * off.ndcg.mean():  # NaN: not judged
            break
        found = point
    return found


def told(off: Outcome, point: Outcome, user_ids: NDArray[np.int64]) -> dict[str, str]:
    """Words about one setting alone, with a paired interval of its own."""
    return {
        "ndcg": f"{off.ndcg.mean():.4f} → {point.ndcg.mean():.4f}",
        "against": intervals_of(simultaneous_means([Series(point.ndcg - off.ndcg, user_ids)]), "+.4f")[0],
        "diversity": f"{off.diversity.mean():.3f} → {point.diversity.mean():.3f}",
    }


def main(argv: Sequence[str] | None = None) -> None:
    arguments = options("bench.diversity", __doc__, "docs/diversity.md", data=True, workspace=True).parse_args(argv)
    bundle = load_data(arguments.workspace, arguments.data)
    folds, fresh = ([fitted(bundle, fold) for fold in some] for some in (FOLDS, FRESH_FOLDS))
    user_ids, fresh_ids = (np.concatenate([fold.user_ids for fold in some]) for some in (folds, fresh))
    off = outcome(folds, RerankParameters())
    curve = [outcome(folds, RerankParameters(diversity=setting)) for setting in SETTINGS]
    losses = simultaneous_means([Series(point.ndcg - off.ndcg, user_ids) for point in curve])
    best = suggested(curve, losses.ci_low.tolist(), off)
    on_fresh = told(outcome(fresh, RerankParameters()), outcome(fresh, best.parameters), fresh_ids)
    rows = [("0", off.cells[0], "", *off.cells[1:])]
    for point, loss in zip(curve, intervals_of(losses, "+.4f"), strict=True):
        mark = "**" if point is best else ""
        rows.append((f"{mark}{point.parameters.diversity:g}{mark}", point.cells[0], loss, *point.cells[1:]))
    pools = [outcome(folds, best.parameters.replace(n_candidates=pool)) for pool in POOLS]
    people = f"{len(user_ids)} validation users of folds {_words(FOLDS)}; test parts not looked at"
    write_page(
        arguments.out,
        "diversity",
        argv,
        {"data": bundle.source, "people": people},
        setting=best.parameters.diversity,
        tolerance=TOLERANCE,
        critical=losses.critical,
        n_users=len(user_ids),
        n_comparisons=len(curve),
        n_better=int((losses.ci_low > 0).sum()),
        n_fresh=len(fresh_ids),
        fresh_folds=_words(FRESH_FOLDS),
        table=Table(("diversity", _HEADS[0], "against off", *_HEADS[1:]), tuple(rows)),
        pools=Table(
            ("candidates", *_HEADS), tuple((str(pool), *p.cells) for pool, p in zip(POOLS, pools, strict=True))
        ),
        milliseconds=milliseconds(folds[0]),
        **told(off, best, user_ids),
        **{f"fresh_{name}": value for name, value in on_fresh.items()},
    )
    picture = arguments.out.parent / "images" / "diversity.png"
    picture.parent.mkdir(exist_ok=True)
    picture.write_bytes(trade_off_plot([off, *curve], losses, best))


def _words(folds: Sequence[int]) -> str:
    return " and ".join(str(fold) for fold in folds)


def trade_off_plot(curve: Sequence[Outcome], losses: SimultaneousIntervals, best: Outcome) -> bytes:
    """Two panels that share NDCG@10; the line runs from off to diversity 1."""
    figure = new_figure(10.4, 4.6)
    titled(
        figure,
        "What diversity costs",
        f"NDCG@10 of {len(curve[0].ndcg)} validation users at diversity 0 (off), .1, .2, .3, .4, .5, .6, .8 and 1; "
        "vertical lines are 95 % intervals of the difference to off, for all points together",
    )
    panels: Sequence[Any] = figure.subplots(1, 2, sharey=True)
    up = [float(point.ndcg.mean()) for point in curve]
    for axes, label, across in zip(
        panels, _PANELS, ([p.diversity.mean() for p in curve], [p.coverage for p in curve]), strict=True
    ):
        quiet(axes)
        axes.axhline(up[0], color=MUTED, linewidth=0.9, linestyle=(0, (4, 3)), zorder=1)
        axes.vlines(across[1:], up[0] + losses.ci_low, up[0] + losses.ci_high, color=ACCENT, linewidth=3, alpha=0.18)
        axes.plot(across, up, "-o", color=ACCENT, linewidth=1.6, markersize=4.2, zorder=3)
        axes.plot(across[0], up[0], "o", color=INK, markersize=6, zorder=4, label="off")
        place = next(num for num, point in enumerate(curve) if point is best)
        chosen = f"suggested: {best.parameters.diversity:g}"
        axes.plot(across[place], up[place], "o", markersize=11, fillstyle="none", color=INK, zorder=5, label=chosen)
        axes.set_xlabel(label, size=9.5, color=INK, labelpad=8)
        axes.margins(x=0.06)
    panels[1].xaxis.set_major_formatter(lambda share, _: f"{100 * share:.1f} %")
    panels[0].set_ylabel("NDCG@10", size=9.5, color=INK)
    panels[0].legend(loc="lower left", frameon=False, fontsize=9, labelcolor=INK)
    figure.subplots_adjust(left=0.07, right=0.985, top=0.83, bottom=0.14, wspace=0.08)
    return png_of(figure)


if __name__ == "__main__":
    main()
