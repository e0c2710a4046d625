"""People for simulations of the promotion gate: what a model and a refresh of it have measured on test users."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.accuracy.data import Bundle
from bench.default_hybrid import fit_default_hybrid
from recsys_core.dataset.interactions import Split
from recsys_core.evaluation import Score, evaluate
from recsys_core.sources.popularity import fit_popularity
from recsys_core.splitting import SplitParameters, split_interactions
from registry.gate import Decision, decide
from registry.gate_inputs import GateInput, UserValues
from registry.policy import BootstrapPolicy, PromotionPolicy

__all__ = ["POLICY", "People", "gate_input_of", "measured"]

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
        splitting = SplitParameters(n_folds=5, fold=fold)
        split = split_interactions(bundle.interactions, splitting, catalogue_ids=bundle.tables.catalogue_ids)
        kept = split.train.select(np.random.default_rng(fold).random(split.train.n_ratings) < 0.9)
        before = Split(kept, split.validation, split.test, split.summary)
        models: dict[str, Score] = {"now": fit_default_hybrid(bundle, split).score}
        models["before"] = fit_default_hybrid(bundle, before).score
        models["popularity"] = fit_popularity(split.train.ratings, split.train.item_ids).score
        whole = evaluate(models, split.test, split.train).slice_of("all")
        columns.append([whole.column(name, "ndcg@10") for name in models])
    now, before_it, popularity = (np.concatenate(part) for part in zip(*columns, strict=True))
    return People(now, popularity, now - before_it)
