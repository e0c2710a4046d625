"""Sample-ratio mismatch: are the arms as full as declared? If not, people were lost on the way, and not by chance.

The usual chi-square test is for one look. This one may be looked at always: the Bayes factor of a Dirichlet mixture
against the declared shares is a martingale with mean 1 if they are true, so it ever exceeds 1/p with a probability
of at most p: Lindon & Malek, "Anytime-valid inference for multinomial count data", NeurIPS 2022 (arXiv:2011.03567).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln

__all__ = ["MISMATCH_BELOW", "mismatch_p_value"]

MISMATCH_BELOW = 0.001
"""A mismatch makes every figure worthless, and healthy experiments are tested often: so a strict level."""
_CONCENTRATION = 100.0
"""The alternative's closeness to the declared shares; 100 finds deviations of a few percentage points soonest."""


def mismatch_p_value(counts: ArrayLike, shares: Sequence[float]) -> NDArray[np.float64]:
    """An always-valid p-value for ``counts`` (..., arms) of people against ``shares`` (arms), which sum to 1."""
    n = np.asarray(counts, dtype=np.float64)
    expected = np.asarray(shares, dtype=np.float64)
    prior = _CONCENTRATION * expected
    log_bayes_factor = (
        gammaln(prior.sum())
        - gammaln(prior.sum() + n.sum(axis=-1))
        + (gammaln(prior + n) - gammaln(prior) - n * np.log(expected)).sum(axis=-1)
    )
    return np.asarray(np.exp(np.minimum(0.0, -log_bayes_factor)))
