"""One fold: tuned on users outside the test part, fitted on all of them, and then shown the test users.

``validate`` makes the rounds of validation that cover every user outside the fold once; ``final_part`` puts training
and validation together again for the models that are judged.
"""

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.accuracy.data import Bundle
from recsys_core.dataset.interactions import HeldOut, Split, UserItemMatrix
from recsys_core.dataset.schema import MOVIELENS
from recsys_core.ease import EASEModel, EASEParameters, fit_ease
from recsys_core.experiment import more_rounds
from recsys_core.features import FeatureParameters, ItemFeatures
from recsys_core.hybrid import HybridModel, assemble_hybrid, fit_components
from recsys_core.splitting import (
    VIEWS,
    SplitParameters,
    assign_users,
    cold_view,
    held_back_items,
    split_interactions,
    view_of,
)
from recsys_core.splitting.parts import Vocabulary, training_part
from recsys_core.splitting.split import TEST
from recsys_core.tuning import TuningParameters, TuningResult, tune

__all__ = ["COLD_SHARE", "N_FOLDS", "FinalPart", "Fitted", "Fold", "cold_part", "final_part", "fit", "fold_of", "tuned"]

N_FOLDS = 5
COLD_SHARE = 0.1
_EVERY_USER = 1_000_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Fold:
    """A test part and the rounds of validation outside it.

    splitting  how it was cut
    rounds     each a split with the same test part and other validation users, and the features it may know
    """

    splitting: SplitParameters
    rounds: list[tuple[Split, ItemFeatures]]


@dataclass(frozen=True, slots=True, eq=False)
class FinalPart:
    """What the judged models are fitted on, and the views of the test users.

    train         all ratings of all users outside the test fold
    features      of the catalogue, from the tags of those users
    views         what is known and hidden of the test users
    held_back_ids titles without a training rating because the protocol removed them; empty without such a protocol
    """

    train: UserItemMatrix
    features: ItemFeatures
    views: dict[str, HeldOut]
    held_back_ids: np.ndarray


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """The hybrid, and EASE, which stays in the comparison where the hybrid goes without it."""

    hybrid: HybridModel
    ease: EASEModel


def fold_of(bundle: Bundle, splitting: SplitParameters, features: FeatureParameters, tuning: TuningParameters) -> Fold:
    """The fold ``splitting.fold``, with as many rounds of validation as cover everybody outside it."""
    split = split_interactions(bundle.interactions, splitting, catalogue_ids=bundle.tables.catalogue_ids)
    rounds = more_rounds(
        split,
        bundle.interactions,
        bundle.tables,
        splitting=splitting,
        features=features,
        tuning=tuning.replace(wanted_users=_EVERY_USER, max_rounds=splitting.n_validation_folds),
    )
    return Fold(splitting, [(split, bundle.tables.known_to(split, features)), *rounds])


def tuned(fold: Fold, tuning: TuningParameters, *, storage: Path | None = None, key: str = "") -> TuningResult:
    """Parameters found on the users outside the test part; a search that was killed goes on from ``storage``."""
    (split, features), *rest = fold.rounds
    return tune(
        split,
        features,
        tuning,
        rating_scale=MOVIELENS.rating_scale,
        more_rounds=rest,
        storage=storage,
        key=key,
        clock=time.monotonic,
    )


def final_part(bundle: Bundle, splitting: SplitParameters, features: FeatureParameters) -> FinalPart:
    """Everything outside the fold ``splitting.fold`` as training, and every view of the fold's users."""
    train, vocabulary, users = _train_and_users(bundle, splitting)
    views = {name: view_of(users, name, vocabulary, splitting) for name in VIEWS}
    return FinalPart(train, _features(bundle, train, views["warm"], features), views, np.zeros(0, dtype=np.int64))


def cold_part(bundle: Bundle, splitting: SplitParameters, features: FeatureParameters) -> FinalPart:
    """The same users, with a share of the titles removed from training; the one view is ``cold``."""
    train, vocabulary, users = _train_and_users(bundle, splitting)
    held_back = held_back_items(bundle.interactions.item_ids, splitting)
    view = cold_view(users, held_back, vocabulary, splitting)
    return FinalPart(train, _features(bundle, train, view, features), {"cold": view}, held_back)


def fit(part: FinalPart, found: TuningResult, tuning: TuningParameters) -> Fitted:
    """All models with the parameters found, on the whole training part."""
    scale = MOVIELENS.rating_scale
    components = fit_components(
        part.train,
        part.features,
        als_parameters=found.als_parameters,
        ease_parameters=found.ease_parameters,
        rating_scale=scale,
    )
    ease = components.ease
    if ease is None:
        parameters = tuning.ease or EASEParameters()
        ease = fit_ease(part.train.ratings, part.train.item_ids, parameters, rating_scale=scale)
    return Fitted(assemble_hybrid(components, found.weights), ease)


def _train_and_users(bundle: Bundle, splitting: SplitParameters) -> tuple[UserItemMatrix, Vocabulary, UserItemMatrix]:
    """The training matrix, its vocabulary, and everything that the test users rated."""
    assigned = assign_users(bundle.interactions.user_ids, splitting)
    outside = bundle.interactions.rows(np.flatnonzero(assigned != TEST))
    removed = np.isin(outside.item_ids, held_back_items(outside.item_ids, splitting))
    kept = outside.select(~removed[outside.ratings.indices])
    train, vocabulary = training_part(kept, bundle.tables.catalogue_ids)
    return train, vocabulary, bundle.interactions.rows(np.flatnonzero(assigned == TEST))


def _features(bundle: Bundle, train: UserItemMatrix, part: HeldOut, parameters: FeatureParameters) -> ItemFeatures:
    """Features from the tags of the users of ``train`` alone."""
    if np.isin(part.user_ids, train.user_ids).any():
        raise AssertionError("test users are in training")
    return bundle.tables.known_to(Split(train, part, part, {"cut_offs": None}), parameters)
