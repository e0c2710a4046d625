"""The formula of the hybrid, once and readable.

    S = α(n)·Σ_s taste_s·z_s + (1 − α(n))·(Σ_s prior_s·z_s + η·aversion)

z_s standardises a source's scores over the warm items for each user; n counts liked titles, and is 0 where no source of
the taste can make anything of them (:mod:`recsys_core.hybrid.heard`); aversion, nowhere above 0, is how like an item is
to what the user dislikes. :func:`recsys_core.hybrid.fused.fused_scores` computes the same with fewer passes.
"""

import numpy as np
from numpy.typing import NDArray

from recsys_core.histories import Histories
from recsys_core.hybrid.heard import heard
from recsys_core.hybrid.parts import HybridParts
from recsys_core.sources.source import raw_scores

__all__ = ["DISLIKES", "blend", "blended_terms"]

DISLIKES = "dislikes"
"""Name of the term of the aversion."""


def blend(model: HybridParts, histories: Histories) -> NDArray[np.float64]:
    """S of every user and warm item, float64 of shape (n_users, n_items)."""
    return np.asarray(sum(blended_terms(model, histories).values()))


def blended_terms(model: HybridParts, histories: Histories) -> dict[str, NDArray[np.float64]]:
    """What each source adds to S, by its name, and the aversion as "dislikes": arrays like :func:`blend`'s."""
    entries = {name: source.enter(histories) for name, source in model.sources.items()}
    n_liked = heard(model, histories.n_liked(model.feedback), {name: e.moments.std for name, e in entries.items()})
    factors = model.weights.factors(n_liked, slight=False)
    terms: dict[str, NDArray[np.float64]] = {}
    for name, source in model.sources.items():
        entry = entries[name]
        aversion = entry.aversion
        if aversion is not None:
            weight = model.weights.dislikes * model.weights.prior_share(n_liked)
            spread = np.zeros((histories.n_users, model.n_items))
            spread[:, slice(None) if source.columns is None else source.columns] = aversion.toarray()
            terms[DISLIKES] = terms.get(DISLIKES, 0) + weight[:, None] * spread
        if name in factors:
            z = entry.moments.standardise(raw_scores(source, entry).astype(np.float64), model.steady(name))
            terms[name] = factors[name][:, None] * z
    return terms
