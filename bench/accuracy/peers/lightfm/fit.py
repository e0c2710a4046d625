"""LightFM with the WARP loss (the fork ``lightfm-next``: the original no longer builds).

LightFM has no fold-in. New users get rows of their own, begun at random as the library begins them, and its training
is resumed (``fit_partial``) on their known ratings alone, for as many epochs as the model was trained, with the item
side put back after each epoch: what is learnt of an unknown user changes nobody else. With features, an item is the
sum of an own vector and of its features' (Kula 2015, https://arxiv.org/abs/1507.08439).
"""

import sys
from collections.abc import Callable
from importlib.metadata import version

import numpy as np
import peer_job
from lightfm import LightFM
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack, identity

ITEM_SIDE = tuple(f"item_{name}" for name in ("embeddings", "embedding_gradients", "embedding_momentum"))
ITEM_SIDE += tuple(f"item_{name}" for name in ("biases", "bias_gradients", "bias_momentum"))


def epoch(model: LightFM, weights: csr_matrix, item_features: csr_matrix | None = None) -> None:
    """One pass; what is rated is a positive, and how high weighs its step."""
    rows = weights.tocoo()
    positives = rows.copy()
    positives.data = np.ones_like(rows.data)
    model.fit_partial(positives, sample_weight=rows, item_features=item_features, epochs=1, num_threads=1)


def fit_warp(
    weights: csr_matrix, own: peer_job.Parameters, seed: int, features: csr_matrix | None = None
) -> Callable[[csr_matrix], NDArray[np.float32]]:
    options = {key: value for key, value in own.items() if key not in ("epochs", "feature_weight")}
    described = None
    if features is not None:  # the items themselves first, as the library's Dataset has it
        described = hstack([identity(weights.shape[1]), features * own["feature_weight"]], format="csr", dtype="f4")
    model = LightFM(loss="warp", random_state=seed, **options)
    for _ in range(own["epochs"]):
        epoch(model, weights, described)
    # What is learnt of new users moves no item, so that every item can be one feature with the sum of its own.
    item_side = {
        name: getattr(model, name) if described is None else np.asarray(described @ getattr(model, name))
        for name in ITEM_SIDE
    }

    def score(rows: csr_matrix) -> NDArray[np.float32]:
        folded = LightFM(loss="warp", random_state=seed, **options)
        folded._initialize(folded.no_components, *rows.shape[::-1])
        for number in range(own["epochs"] + 1):
            if number:
                epoch(folded, rows)
            for name, values in item_side.items():
                setattr(folded, name, values.copy())
        return np.asarray(folded.user_embeddings @ folded.item_embeddings.T + folded.item_biases)

    return score


# The constructor's defaults, and the loss and number of epochs of the library's own quick start.
DEFAULTS = {"ratings": "liked", "no_components": 10, "epochs": 30, "learning_rate": 0.05}
DEFAULTS |= {"item_alpha": 0.0, "user_alpha": 0.0, "max_sampled": 10}
SPACE = {  # with more components or epochs one fit with features takes longer than all other peers together
    "ratings": peer_job.any_of(*peer_job.RATINGS),
    "no_components": peer_job.log_integer(10, 24),
    "epochs": peer_job.log_integer(15, 45),
    "learning_rate": peer_job.log_between(0.02, 0.1),
    "item_alpha": peer_job.log_between(1e-8, 1e-4),
    "user_alpha": peer_job.log_between(1e-8, 1e-4),
    "max_sampled": peer_job.log_integer(10, 30),
}
MODELS = {
    "warp": (peer_job.scored(fit_warp), DEFAULTS, SPACE),
    "warp_features": (
        peer_job.scored(fit_warp),
        {**DEFAULTS, "feature_weight": 1.0},
        {**SPACE, "feature_weight": peer_job.log_between(0.1, 1.0)},
    ),
}

if __name__ == "__main__":
    sys.exit(peer_job.run_from_command_line(MODELS, version("lightfm-next")))
