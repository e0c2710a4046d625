"""One fold: tuned on users outside the test part, fitted on all of them, and then shown the test users."""

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.accuracy.data import Bundle
from bench.accuracy.settings import Settings
from recsys_core.dataset.interactions import HeldOut, Split, UserItemMatrix
from recsys_core.dataset.schema import MOVIELENS
from recsys_core.errors import DataError
from recsys_core.experiment import LineUp, line_up, more_rounds
from recsys_core.experiment.run import ease_of
from recsys_core.features import ItemFeatures
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
from recsys_core.tuning import TuningResult, tune

__all__ = ["COLD_SHARE", "FinalPart", "Fitted", "Rounds", "cold_part", "final_part", "fit", "rounds_of", "tuned"]

COLD_SHARE = 0.1
_EVERYBODY = 1_000_000_000

Rounds = list[tuple[Split, ItemFeatures]]
"""Splits with the same test part and other validation users, each with the features that its training may know."""


@dataclass(frozen=True, slots=True, eq=False)
class FinalPart:
    """What the judged models are fitted on, and the views of the test users.

    known         a split whose training part is everything outside the test part
    features      of the catalogue, from the tags of the users of ``train``
    views         what is known and hidden of the test users
    held_back_ids titles that the protocol removed from training, int64, sorted; empty without such a protocol
    """

    known: Split
    features: ItemFeatures
    views: dict[str, HeldOut]
    held_back_ids: NDArray[np.int64]

    @property
    def train(self) -> UserItemMatrix:
        return self.known.train


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """The hybrid, and everybody that it is compared with."""

    hybrid: HybridModel
    models: LineUp


def rounds_of(bundle: Bundle, splitting: SplitParameters, settings: Settings) -> Rounds:
    """As many rounds of validation as cover everybody outside the test part."""
    split = split_interactions(bundle.interactions, splitting, catalogue_ids=bundle.tables.catalogue_ids)
    others = more_rounds(
        split,
        bundle.interactions,
        bundle.tables,
        splitting=splitting,
        features=settings.features,
        tuning=settings.tuning.replace(wanted_users=_EVERYBODY, max_rounds=splitting.n_validation_folds),
    )
    return [(split, bundle.tables.known_to(split, settings.features)), *others]


def tuned(rounds: Rounds, settings: Settings, *, storage: Path | None = None) -> TuningResult:
    """Parameters found without the test users; a search that was killed goes on from its journal ``storage``."""
    (split, features), *others = rounds
    return tune(
        split,
        features,
        settings.tuning,
        feedback=MOVIELENS.feedback,
        more_rounds=others,
        storage=storage,
        clock=time.monotonic,
    )


def final_part(bundle: Bundle, splitting: SplitParameters, settings: Settings) -> FinalPart:
    """Everything outside the fold ``splitting.fold`` as training, and every view of the fold's users."""
    train, vocabulary, users = _train_and_users(bundle, splitting)
    views = {name: view_of(users, name, vocabulary, splitting) for name in VIEWS}
    nothing = np.zeros(0, dtype=np.int64)
    return _with_features(bundle, train, users.user_ids, views, nothing, settings)


def cold_part(bundle: Bundle, splitting: SplitParameters, settings: Settings) -> FinalPart:
    """The same users, with a share of the titles removed from training; the one view is ``cold``."""
    removing = splitting.replace(cold_item_share=COLD_SHARE)
    train, vocabulary, users = _train_and_users(bundle, removing)
    held_back = held_back_items(bundle.interactions.item_ids, removing)
    views = {"cold": cold_view(users, held_back, vocabulary, removing)}
    return _with_features(bundle, train, users.user_ids, views, held_back, settings)


def fit(part: FinalPart, found: TuningResult, settings: Settings, *, for_cold: bool = False) -> Fitted:
    """All models with the parameters found, on the whole training part.

    for_cold  leave out what has no part in the scores of titles without ratings: EASE and neighbours
    """
    scale, train = MOVIELENS.feedback, part.train
    components = fit_components(
        train,
        part.features,
        als_parameters=found.als_parameters,
        ease_parameters=None if for_cold else found.ease_parameters,
        neighbour_parameters=None if for_cold else settings.tuning.neighbours,
        feedback=scale,
    )
    ease = None if for_cold else ease_of(components, train, settings.tuning)
    hybrid = assemble_hybrid(components, found.weights)
    return Fitted(hybrid, line_up(hybrid, train, ease=ease, feedback=scale))


def _train_and_users(bundle: Bundle, splitting: SplitParameters) -> tuple[UserItemMatrix, Vocabulary, UserItemMatrix]:
    """The training matrix, its vocabulary, and everything that the test users rated."""
    assigned = assign_users(bundle.interactions.user_ids, splitting)
    outside = bundle.interactions.rows(np.flatnonzero(assigned != TEST))
    removed = np.isin(outside.item_ids, held_back_items(outside.item_ids, splitting))
    kept = outside.select(~removed[outside.ratings.indices])
    train, vocabulary = training_part(kept, bundle.tables.catalogue_ids)
    return train, vocabulary, bundle.interactions.rows(np.flatnonzero(assigned == TEST))


def _with_features(
    bundle: Bundle,
    train: UserItemMatrix,
    test_user_ids: NDArray[np.int64],
    views: dict[str, HeldOut],
    held_back_ids: NDArray[np.int64],
    settings: Settings,
) -> FinalPart:
    """Add features from the tags of the users of ``train`` alone."""
    both = np.intersect1d(train.user_ids, test_user_ids)
    if len(both):
        raise DataError(f"{len(both)} test users are in training (first: {both[0]}); expected none")
    some = next(iter(views.values()))
    known = Split(train, some, some, {"protocol": "user_holdout", "cut_offs": None})
    return FinalPart(known, bundle.tables.known_to(known, settings.features), views, held_back_ids)
