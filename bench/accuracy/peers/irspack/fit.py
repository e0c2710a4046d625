"""irspack's iALS, RP3beta and EDLAE. Users outside training go through its ``get_score_cold_user``."""

import sys
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import numpy as np
import peer_job
from irspack import EDLAERecommender, IALSRecommender, RP3betaRecommender
from irspack.recommenders import EDLAEConfig, IALSConfig, RP3betaConfig
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

Score = Callable[[csr_matrix], NDArray[np.float64]]


def learned(model: Any) -> Score:
    fitted = model.learn()
    return lambda rows: np.asarray(fitted.get_score_cold_user(rows.astype(np.float64)))


def fit_ials(weights: csr_matrix, own: peer_job.Parameters, seed: int) -> Score:
    return learned(IALSRecommender.from_config(weights, IALSConfig(**own, random_seed=seed, n_threads=1)))


def fit_rp3beta(weights: csr_matrix, own: peer_job.Parameters, seed: int) -> Score:
    return learned(RP3betaRecommender.from_config(weights, RP3betaConfig(**own, n_threads=1)))


def fit_edlae(weights: csr_matrix, own: peer_job.Parameters, seed: int) -> Score:
    return learned(EDLAERecommender.from_config(weights, EDLAEConfig(**own)))


IALS = IALSConfig()
RP3BETA = RP3betaConfig()
EDLAE = EDLAEConfig()
MODELS = {
    # The library's own tuning ranges, and what it leaves fixed.
    "ials": (
        peer_job.scored(fit_ials),
        {"ratings": "all", "n_components": 20, "alpha0": IALS.alpha0, "reg": IALS.reg, "train_epochs": 16},
        {
            "ratings": peer_job.any_of(*peer_job.RATINGS),
            "n_components": peer_job.log_integer(8, 256),
            "alpha0": peer_job.log_between(3e-3, 1.0),
            "reg": peer_job.log_between(1e-4, 1e-1),
            "train_epochs": peer_job.log_integer(8, 24),
        },
    ),
    "rp3beta": (
        peer_job.on_frequent_items(peer_job.scored(fit_rp3beta)),
        {"ratings": "all", "alpha": RP3BETA.alpha, "beta": RP3BETA.beta}
        | {"top_k": None, "normalize_weight": False, "min_item_ratings": 1},
        {
            "ratings": peer_job.any_of(*peer_job.RATINGS),
            "alpha": peer_job.between(0.3, 1.5),
            "beta": peer_job.between(0.0, 0.8),
            "top_k": peer_job.any_of(None, 50, 100, 200, 400, 800),
            "normalize_weight": peer_job.any_of(True, False),
            "min_item_ratings": peer_job.any_of(1, 3, 10),
        },
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
