"""Fixed orders of asking: by how many rated a title, and by how much their ratings differ."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys_core.onboarding.parameters import OnboardingParameters
from recsys_core.splitting import hash_uniform

__all__ = ["fixed_order", "most_rated_first", "rating_entropy"]

Nums = NDArray[np.int64]


def most_rated_first(user_items: csr_matrix) -> Nums:
    """All item numbers, of shape (n_items,), most rated first; ties go to the lower number."""
    return np.argsort(-_counts(user_items), kind="stable").astype(np.int64)


def rating_entropy(user_items: csr_matrix) -> NDArray[np.float64]:
    """Entropy in nats of the values with which each item was rated, of shape (n_items,); 0 where all agree."""
    counts = np.maximum(_counts(user_items), 1)
    entropy = np.zeros(user_items.shape[1])
    for value in np.unique(user_items.data):
        share = np.bincount(user_items.indices[user_items.data == value], minlength=len(counts)) / counts
        entropy -= share * np.log(np.where(share > 0, share, 1.0))
    return np.maximum(entropy, 0.0)


def fixed_order(user_items: csr_matrix, item_ids: NDArray[np.int64], parameters: OnboardingParameters) -> Nums:
    """Item numbers in the order in which everybody is asked; equal values go by popularity.

    log_popularity_entropy  log(number of ratings) · entropy (Rashid et al. 2002, doi:10.1145/502716.502737)
    helf                    harmonic mean of log(number) / log(n_users) and entropy / its maximum (Rashid, Karypis &
                            Riedl 2008, doi:10.1145/1540276.1540302)
    """
    popular = most_rated_first(user_items)
    if parameters.method == "random_popular":
        candidates = popular[: parameters.n_candidates]
        return candidates[np.argsort(hash_uniform(parameters.seed, "onboarding", item_ids[candidates]), kind="stable")]
    if parameters.method == "popularity":
        return popular
    logarithm, entropy = np.log(np.maximum(_counts(user_items), 1)), rating_entropy(user_items)
    if parameters.method == "log_popularity_entropy":
        worth = logarithm * entropy
    else:
        frequency = logarithm / max(np.log(user_items.shape[0]), 1e-9)
        evenness = entropy / max(np.log(len(np.unique(user_items.data))), 1e-9)
        worth = 2 * frequency * evenness / np.maximum(frequency + evenness, 1e-9)
    return popular[np.argsort(-worth[popular], kind="stable")]


def _counts(user_items: csr_matrix) -> Nums:
    return np.bincount(user_items.indices, minlength=user_items.shape[1]).astype(np.int64)
