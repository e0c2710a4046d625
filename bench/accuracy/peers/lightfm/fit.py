"""LightFM with the WARP loss (the fork ``lightfm-next``: the original no longer builds).

LightFM has no fold-in. New users get rows of their own, begun at random as the library begins them, and its training
is resumed (``fit_partial``) on their known ratings alone, for as many epochs as the model was trained, with the item
side put back after each epoch: what is learnt of an unknown user changes nobody else.
"""

import sys
from collections.abc import Callable
from importlib.metadata import version

import numpy as np
import peer_job
from lightfm import LightFM
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

ITEM_SIDE = tuple(f"item_{name}" for name in ("embeddings", "embedding_gradients", "embedding_momentum"))
ITEM_SIDE += tuple(f"item_{name}" for name in ("biases", "bias_gradients", "bias_momentum"))


def epoch(model: LightFM, weights: csr_matrix) -> None:
    """One pass; what is rated is a positive, and how high weighs its step."""
    rows = weights.tocoo()
    positives = rows.copy()
    positives.data = np.ones_like(rows.data)
    model.fit_partial(positives, sample_weight=rows, epochs=1, num_threads=1)


def fit_warp(weights: csr_matrix, own: peer_job.Parameters, seed: int) -> Callable[[csr_matrix], NDArray[np.float32]]:
    epochs = own["epochs"]
    options = {key: value for key, value in own.items() if key != "epochs"}
    model = LightFM(loss="warp", random_state=seed, **options)
    for _ in range(epochs):
        epoch(model, weights)
    item_side = {name: getattr(model, name) for name in ITEM_SIDE}

    def score(rows: csr_matrix) -> NDArray[np.float32]:
        folded = LightFM(loss="warp", random_state=seed, **options)
        folded._initialize(folded.no_components, *rows.shape[::-1])
        for number in range(epochs + 1):
            if number:
                epoch(folded, rows)
            for name, values in item_side.items():
                setattr(folded, name, values.copy())
        return np.asarray(folded.user_embeddings @ folded.item_embeddings.T + folded.item_biases)

    return score


MODELS = {
    "warp": (
        peer_job.scored(fit_warp),
        # The constructor's defaults, and the loss and number of epochs of the library's own quick start.
        {"ratings": "liked", "no_components": 10, "epochs": 30, "learning_rate": 0.05}
        | {"item_alpha": 0.0, "user_alpha": 0.0, "max_sampled": 10},
        {
            "ratings": peer_job.any_of(*peer_job.RATINGS),
            "no_components": peer_job.log_integer(10, 48),
            "epochs": peer_job.log_integer(20, 80),
            "learning_rate": peer_job.log_between(0.02, 0.1),
            "item_alpha": peer_job.log_between(1e-8, 1e-4),
            "user_alpha": peer_job.log_between(1e-8, 1e-4),
            "max_sampled": peer_job.log_integer(10, 60),
        },
    )
}

if __name__ == "__main__":
    sys.exit(peer_job.run_from_command_line(MODELS, version("lightfm-next")))
