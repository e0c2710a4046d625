"""irspack's iALS, RP3beta and EDLAE. Users outside training go through its ``get_score_cold_user``.

Runs in its own environment (requirements.txt) and imports nothing of this project but ``peer_job``, which is on the
path when ``bench.accuracy.peers.run_peer`` starts it.
"""

import sys
from importlib.metadata import version
from typing import Any

import irspack
import numpy as np
from irspack.recommenders import EDLAEConfig, IALSConfig, RP3betaConfig
from numpy.typing import NDArray
from peer_job import (
    RATINGS,
    Parameters,
    Recommend,
    any_of,
    between,
    log_between,
    log_integer,
    mapped,
    on_frequent_items,
    run_from_command_line,
    top_lists,
)
from scipy.sparse import csr_matrix


def scores_of(model: Any, known: csr_matrix, ratings: str) -> NDArray[np.float64]:
    return np.asarray(model.get_score_cold_user(mapped(known, ratings, folded_in=True).astype(np.float64)))


def fit_ials(train: csr_matrix, parameters: Parameters, seed: int) -> Recommend:
    own = {key: value for key, value in parameters.items() if key != "ratings"}
    weights = mapped(train, parameters["ratings"])
    model = irspack.IALSRecommender.from_config(weights, IALSConfig(**own, random_seed=seed, n_threads=1)).learn()
    return lambda known, k: top_lists(scores_of(model, known, parameters["ratings"]), known, k)


def fit_rp3beta(train: csr_matrix, parameters: Parameters, seed: int) -> Recommend:
    own = {key: value for key, value in parameters.items() if key != "ratings"}
    weights = mapped(train, parameters["ratings"])
    model = irspack.RP3betaRecommender.from_config(weights, RP3betaConfig(**own, n_threads=1)).learn()
    return lambda known, k: top_lists(scores_of(model, known, parameters["ratings"]), known, k)


def fit_edlae(train: csr_matrix, parameters: Parameters, seed: int) -> Recommend:
    own = {key: value for key, value in parameters.items() if key != "ratings"}
    model = irspack.EDLAERecommender.from_config(mapped(train, parameters["ratings"]), EDLAEConfig(**own)).learn()
    return lambda known, k: top_lists(scores_of(model, known, parameters["ratings"]), known, k)


IALS = IALSConfig()
RP3BETA = RP3betaConfig()
EDLAE = EDLAEConfig()
MODELS = {
    # The library's own tuning ranges, and what it leaves fixed.
    "ials": (
        fit_ials,
        {"ratings": "all", "n_components": 20, "alpha0": IALS.alpha0, "reg": IALS.reg, "train_epochs": 16},
        {
            "ratings": any_of(*RATINGS),
            "n_components": log_integer(8, 256),
            "alpha0": log_between(3e-3, 1.0),
            "reg": log_between(1e-4, 1e-1),
            "train_epochs": log_integer(8, 24),
        },
    ),
    "rp3beta": (
        on_frequent_items(fit_rp3beta),
        {
            "ratings": "all",
            "alpha": RP3BETA.alpha,
            "beta": RP3BETA.beta,
            "top_k": None,
            "normalize_weight": False,
            "min_item_ratings": 1,
        },
        {
            "ratings": any_of(*RATINGS),
            "alpha": between(0.3, 1.5),
            "beta": between(0.0, 0.8),
            "top_k": any_of(None, 50, 100, 200, 400, 800),
            "normalize_weight": any_of(True, False),
            "min_item_ratings": any_of(1, 3, 10),
        },
    ),
    "edlae": (
        on_frequent_items(fit_edlae),
        {"ratings": "all", "reg": EDLAE.reg, "dropout_p": EDLAE.dropout_p, "min_item_ratings": 3},
        {
            "ratings": any_of(*RATINGS),
            "reg": log_between(1.0, 1e4),
            "dropout_p": between(0.0, 0.99),
            "min_item_ratings": any_of(3, 5, 10),
        },
    ),
}

if __name__ == "__main__":
    sys.exit(run_from_command_line(MODELS, version("irspack")))
