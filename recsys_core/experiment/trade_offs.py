"""What the weight of content buys: precision against coverage, on validation users."""

from functools import partial

from recsys_core.dataset.interactions import Split
from recsys_core.evaluation import EvaluationParameters
from recsys_core.evaluation.slices import sample_users
from recsys_core.evaluation.trade_off import TradeOff, trade_offs_of
from recsys_core.hybrid import HybridModel
from recsys_core.sources.entries import Entries

__all__ = ["trade_offs"]

_CONTENT = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0)


def trade_offs(hybrid: HybridModel, split: Split, parameters: EvaluationParameters, *, k: int = 10) -> list[TradeOff]:
    """Precision@k and coverage@k for several weights of content (β), without the prior, and as chosen.

    Measured on the validation part, on which the weights were chosen: the test part gives no say in them. Of many users
    as many are taken as for a slice of an evaluation with ``parameters``.
    """
    part = sample_users(split.validation, parameters.max_slice_users, parameters.seed)
    chosen = hybrid.weights
    variants = {f"β = {value:g}": chosen.replace(taste={**chosen.taste, "content": value}) for value in _CONTENT}
    variants["no prior"] = chosen.replace(prior={})
    label = f"chosen, β = {chosen.taste.get('content', 0):.2f}"
    variants[label] = chosen
    entries = Entries()
    scorers = {name: partial(hybrid.with_weights(weights).score, entries=entries) for name, weights in variants.items()}
    return trade_offs_of(scorers, part, k=k, chosen=label)
