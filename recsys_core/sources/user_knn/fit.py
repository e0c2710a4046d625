"""Neighbouring people by cosine (Herlocker, Konstan, Borchers & Riedl 1999, SIGIR; doi:10.1145/312624.312682)."""

import numpy as np

from recsys_core.dataset.feedback import Feedback
from recsys_core.dataset.interactions import UserItemMatrix
from recsys_core.histories import Histories
from recsys_core.scoring import check_user_ratings
from recsys_core.sources.user_knn.model import UserKNNModel
from recsys_core.sources.user_knn.parameters import UserKNNParameters
from recsys_core.splitting.hashing import hashed_sample

__all__ = ["fit_user_knn"]


def fit_user_knn(train: UserItemMatrix, parameters: UserKNNParameters, *, feedback: Feedback) -> UserKNNModel:
    """Keep the ratings of the people among whom neighbours are sought, and how telling each title is.

    A title weighs log((1 + n_users) / (1 + number of its ratings)) + ½ in the cosine (inverse user frequency; Breese,
    Heckerman & Kadie 1998, UAI), from all of ``train``: two people who share a rare title are more alike.
    """
    ratings = check_user_ratings(train.ratings, train.n_items)
    counts = np.bincount(ratings.indices, minlength=train.n_items)
    title_weights = (np.log((1 + train.n_users) / (1 + counts)) + 0.5).astype(np.float32)
    times = Histories.of(train).newest(0)
    if train.n_users > parameters.max_users:
        chosen = hashed_sample(parameters.seed, "neighbours", train.user_ids, parameters.max_users)
        ratings, times = ratings[chosen], times[chosen]
    strength = feedback.powers(ratings, parameters.rating_power)
    return UserKNNModel(train.item_ids, strength, title_weights, times, parameters, feedback)
