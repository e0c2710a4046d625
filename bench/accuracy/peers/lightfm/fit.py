"""LightFM with the WARP loss (the fork ``lightfm-next``: the original no longer builds).

LightFM has no fold-in. New users get rows of their own, begun at random as the library begins them, and its training
is resumed (``fit_partial``) on their known ratings alone, for as many epochs as the model was trained, with the item
side put back after each epoch: what is learnt of an unknown user changes nobody else.

Runs in its own environment (requirements.txt) and imports nothing of this project but ``peer_job``, which is on the
path when ``bench.accuracy.peers.run_peer`` starts it.
"""

import sys
from importlib.metadata import version

import numpy as np
from lightfm import LightFM
from numpy.typing import NDArray
from peer_job import (
    RATINGS,
    Parameters,
    Recommend,
    any_of,
    log_between,
    log_integer,
    mapped,
    run_from_command_line,
    top_lists,
)
from scipy.sparse import csr_matrix

ITEM_SIDE = (
    "item_embeddings",
    "item_embedding_gradients",
    "item_embedding_momentum",
    "item_biases",
    "item_bias_gradients",
    "item_bias_momentum",
)


def began(parameters: Parameters, seed: int) -> LightFM:
    own = {key: value for key, value in parameters.items() if key not in ("ratings", "epochs")}
    return LightFM(loss="warp", random_state=seed, **own)


def epoch(model: LightFM, weights: csr_matrix) -> None:
    """One pass; what is rated is a positive, and how high weighs its step."""
    rows = weights.tocoo()
    positives = rows.copy()
    positives.data = np.ones_like(rows.data)
    model.fit_partial(positives, sample_weight=rows, epochs=1, num_threads=1)


def fit_warp(train: csr_matrix, parameters: Parameters, seed: int) -> Recommend:
    weights = mapped(train, parameters["ratings"])
    model = began(parameters, seed)
    for _ in range(parameters["epochs"]):
        epoch(model, weights)
    item_side = {name: getattr(model, name) for name in ITEM_SIDE}

    def recommend(known: csr_matrix, k: int) -> NDArray[np.int32]:
        rows = mapped(known, parameters["ratings"], folded_in=True)
        folded = began(parameters, seed)
        for number in range(parameters["epochs"] + 1):
            if number == 0:
                folded._initialize(folded.no_components, *rows.shape[::-1])
            else:
                epoch(folded, rows)
            for name, values in item_side.items():
                setattr(folded, name, values.copy())
        scores = folded.user_embeddings @ folded.item_embeddings.T + folded.item_biases
        lists: NDArray[np.int32] = top_lists(scores, known, k)
        return lists

    return recommend


MODELS = {
    "warp": (
        fit_warp,
        # The constructor's defaults, and the loss and number of epochs of the library's own quick start.
        {
            "ratings": "liked",
            "no_components": 10,
            "epochs": 30,
            "learning_rate": 0.05,
            "item_alpha": 0.0,
            "user_alpha": 0.0,
            "max_sampled": 10,
        },
        {
            "ratings": any_of(*RATINGS),
            "no_components": log_integer(10, 48),
            "epochs": log_integer(20, 80),
            "learning_rate": log_between(0.02, 0.1),
            "item_alpha": log_between(1e-8, 1e-4),
            "user_alpha": log_between(1e-8, 1e-4),
            "max_sampled": log_integer(10, 60),
        },
    ),
}

if __name__ == "__main__":
    sys.exit(run_from_command_line(MODELS, version("lightfm-next")))
