"""How often the promotion gate errs, by simulation on measured figures of people, as docs/promotion.md.

python -m bench.gate
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.accuracy.data import Bundle, fit_default_hybrid, load_data
from bench.options import N_FOLDS, options
from bench.page import write_page
from recsys_core.dataset.interactions import Split
from recsys_core.evaluation import Score, evaluate
from recsys_core.plotting import Table
from recsys_core.sources.popularity import fit_popularity
from recsys_core.splitting import SplitParameters
from registry.gate import Decision, decide
from registry.gate_inputs import GateInput, UserValues
from registry.policy import BootstrapPolicy, PromotionPolicy

__all__ = ["main"]

N_USERS = (114, 600)
GAINS = (-0.10, -0.05, -0.02, -0.01, 0.0, 0.01, 0.02, 0.05, 0.10)
COLD_CHANGES = (0.05, 0.0, -0.15, -0.30, -0.50, -0.80)
N_REFRESHES = 20
POLICY = PromotionPolicy(bootstrap=BootstrapPolicy(samples=500))
Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """NDCG@10 by user, each of shape (n_users,): a model, popularity, and what a tenth more ratings changed."""

    base: Values
    popularity: Values
    change: Values

    def judged(self, gain: float, n_users: int, rng: np.random.Generator, *, same_recipe: bool) -> Decision:
        """The gate on a sample of people, for a model whose true mean is higher by the share ``gain``.

        Changes have a random sign, so that they are as large as measured, for as many people, and 0 in the mean.
        """
        drawn = rng.integers(0, len(self.base), n_users)
        base, change = self.base[drawn], self.change[drawn] * rng.choice([-1, 1], n_users)
        popularity = self.popularity[drawn]
        inputs = (gate_input_of(base * (1 + gain) + change, popularity=popularity), gate_input_of(base))
        return decide(*inputs, POLICY, same_recipe=same_recipe)


def gate_input_of(values: Values, *, popularity: Values | None = None, cold: Values | None = None) -> GateInput:
    slices = {} if cold is None else {"items_cold": UserValues(np.arange(len(cold)), cold)}
    return GateInput("data", np.arange(len(values)), {"ndcg@10": values}, popularity, coverage=0.3, slices=slices)


def measured(bundle: Bundle, n_folds: int) -> People:
    """The hybrid with its default parameters on test users, fitted on all training ratings and on 90 % of them."""
    columns = []
    for fold in range(n_folds):
        split = bundle.split(SplitParameters(n_folds=N_FOLDS, fold=fold))
        kept = split.train.select(np.random.default_rng(fold).random(split.train.n_ratings) < 0.9)
        before = Split(kept, split.validation, split.test, split.summary)
        models: dict[str, Score] = {
            "now": fit_default_hybrid(bundle, split).score,
            "before": fit_default_hybrid(bundle, before).score,
            "popularity": fit_popularity(split.train.ratings, split.train.item_ids).score,
        }
        whole = evaluate(models, split.test, split.train).slice_of("all")
        columns.append([whole.column(name, "ndcg@10") for name in models])
    now, before_it, popularity = (np.concatenate(part) for part in zip(*columns, strict=True))
    return People(now, popularity, now - before_it)


def rules_table(people: People, times: int, rng: np.random.Generator) -> Table:
    """How often a model is promoted, by its true gain, the rule and the number of test users."""

    def promoted(gain: float, n_users: int, *, same_recipe: bool) -> str:
        decisions = (people.judged(gain, n_users, rng, same_recipe=same_recipe) for _ in range(times))
        return f"{sum(decision.promotes for decision in decisions) / times:.1%}"

    settings = [(same_recipe, n_users) for same_recipe in (False, True) for n_users in N_USERS]
    rows = [(f"{gain:+.0%}", *(promoted(gain, n, same_recipe=same) for same, n in settings)) for gain in GAINS]
    heads = [f"{'not_inferior' if same else 'superior'}, {n} users" for same, n in settings]
    return Table(("true gain", *heads), tuple(rows))


def drift_table(people: People, times: int, rng: np.random.Generator) -> Table:
    """What 20 refreshes make of the champion's true mean, by what they are measured against."""
    rows = []
    for label, step, spread in (("each 1 % worse", -0.01, 0.0), ("±1 % at random", 0.0, 0.01)):
        for n_users in N_USERS:
            cells = []
            for moving in (True, False):
                ends, promoted = [], 0
                for _ in range(times):
                    champion = reference = 1.0
                    for _ in range(N_REFRESHES):
                        level = champion * (1 + rng.normal(step, spread))
                        found = people.judged(level / reference - 1, n_users, rng, same_recipe=True)
                        if found.promotes:
                            promoted, champion = promoted + 1, level
                            reference = level if moving or found.figures["superior"] else reference
                    ends.append(champion)
                cells += [f"{np.mean(ends) - 1:+.1%}", f"{np.min(ends) - 1:+.1%}", f"{promoted / times:.1f}"]
            rows.append((label, str(n_users), *cells))
    of = ("mean change", "worst", "promoted")
    heads = [f"{against}: {what}" for against in ("last champion", "last superior") for what in of]
    return Table(("refreshes", "users", *heads), tuple(rows))


def guardrail_table(people: People, times: int, rng: np.random.Generator) -> Table:
    """How often the slice of cold titles blocks a model that is better by 5 % elsewhere, by its true change there."""
    rows = []
    for change in COLD_CHANGES:
        cells = []
        for n_users in (25, 100):
            by_mean, by_interval = 0, 0
            for _ in range(times):
                cold, drawn = (np.where(rng.random(n_users) < 0.5, rng.random(n_users), 0.0) for _ in range(2))
                other = np.where(rng.random(n_users) < 0.5, drawn, cold) * (1 + change)
                by_mean += bool(other.mean() < 0.85 * cold.mean())
                better, base = (gate_input_of(people.base[:60] * x, cold=y) for x, y in ((1.05, other), (1, cold)))
                by_interval += any("items_cold" in reason for reason in decide(better, base, POLICY).reasons)
            cells += [f"{by_mean / times:.1%}", f"{by_interval / times:.1%}"]
        rows.append((f"{change:+.0%}", *cells))
    heads = [f"{how}, {n} users" for n in (25, 100) for how in ("mean", "interval")]
    return Table(("true change", *heads), tuple(rows))


def main(argv: Sequence[str] | None = None) -> None:
    parser = options("bench.gate", __doc__, "docs/promotion.md", data=True, workspace=True, folds=True)
    parser.add_argument("--times", type=int, default=500, help="simulations of each cell (of drift: a tenth)")
    arguments = parser.parse_args(argv)
    bundle = load_data(arguments.workspace, arguments.data)
    people, rng = measured(bundle, arguments.folds_to_run), np.random.default_rng(0)
    write_page(
        arguments.out,
        "bench.gate",
        argv,
        {"data": bundle.source, "people": f"{len(people.base)} test users"},
        margin=POLICY.margin,
        margin_share=POLICY.margin / people.base.mean(),
        mean=people.base.mean(),
        spread=people.change.std(),
        unchanged=(people.change == 0).mean(),
        rules=rules_table(people, arguments.times, rng),
        drift=drift_table(people, max(1, arguments.times // 10), rng),
        guardrail=guardrail_table(people, arguments.times, rng),
    )


if __name__ == "__main__":
    main()
