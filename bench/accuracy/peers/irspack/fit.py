"""irspack's iALS and EDLAE. Users outside training go through its ``get_score_cold_user``."""

import sys
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import numpy as np
import peer_job
from irspack import EDLAERecommender, IALSRecommender
from irspack.recommenders import EDLAEConfig, IALSConfig
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

Score = Callable[[csr_matrix], NDArray[np.float64]]


def learned(model: Any) -> Score:
    fitted = model.learn()
    return lambda rows: np.asarray(fitted.get_score_cold_user(rows.astype(np.float64)))


def fit_ials(weights: csr_matrix, own: peer_job.Parameters, seed: int, features: csr_matrix | None = None) -> Score:
    """With features, an item's factors are drawn to what its features predict."""
    parameters = IALSConfig(**own, random_seed=seed, n_threads=1).model_dump()
    return learned(IALSRecommender(weights, **parameters, item_features=features))


def fit_edlae(weights: csr_matrix, own: peer_job.Parameters, seed: int) -> Score:
    return learned(EDLAERecommender.from_config(weights, EDLAEConfig(**own)))


IALS = IALSConfig()
EDLAE = EDLAEConfig()
# The library's own tuning ranges, and what it leaves fixed.
IALS_DEFAULTS = {"ratings": "all", "n_components": 20, "alpha0": IALS.alpha0, "reg": IALS.reg, "train_epochs": 16}
IALS_SPACE = {
    "ratings": peer_job.any_of(*peer_job.RATINGS),
    "n_components": peer_job.log_integer(8, 256),
    "alpha0": peer_job.log_between(3e-3, 1.0),
    "reg": peer_job.log_between(1e-4, 1e-1),
    "train_epochs": peer_job.log_integer(8, 24),
}
MODELS = {
    "ials": (peer_job.scored(fit_ials), IALS_DEFAULTS, IALS_SPACE),
    # The library's default of 0 is refused where there are features.
    "ials_features": (
        peer_job.scored(fit_ials),
        {**IALS_DEFAULTS, "lambda_item_feature": 1.0},
        {**IALS_SPACE, "lambda_item_feature": peer_job.log_between(0.1, 1_000.0)},
    ),
    "edlae": (
        peer_job.on_frequent_items(peer_job.scored(fit_edlae)),
        {"ratings": "all", "reg": EDLAE.reg, "dropout_p": EDLAE.dropout_p, "min_item_ratings": 3},
        {
            "ratings": peer_job.any_of(*peer_job.RATINGS),
            "reg": peer_job.log_between(1.0, 1e4),
            "dropout_p": peer_job.between(0.0, 0.99),
            "min_item_ratings": peer_job.any_of(3, 5, 10),
        },
    ),
}

if __name__ == "__main__":
    sys.exit(peer_job.run_from_command_line(MODELS, version("irspack")))
