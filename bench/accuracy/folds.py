"""One fold: tuned on users outside the test part, fitted on all of them, and then shown the test users."""

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from bench.accuracy.data import Bundle
from bench.accuracy.settings import Settings
from recsys_core.dataset.declaration import MOVIELENS
from recsys_core.dataset.interactions import HeldOut, Split, UserItemMatrix
from recsys_core.experiment import LineUp, fit_twin, line_up
from recsys_core.features import ItemFeatures
from recsys_core.hybrid import HybridModel
from recsys_core.splitting import (
    VIEWS,
    SplitParameters,
    assign_users,
    cold_view,
    held_back_items,
    known_of_held_back,
    view_of,
)
from recsys_core.splitting.parts import Vocabulary, training_part
from recsys_core.splitting.split import TEST
from recsys_core.tuning import TuningResult, tune

__all__ = ["FinalPart", "Fitted", "Rounds", "cold_part", "final_part", "fit", "known_split", "rounds_of", "tuned"]

COLD_SHARE = 0.1

Rounds = list[tuple[Split, ItemFeatures]]
"""Splits with the same test part and other validation users, each with the features that its training may know."""


@dataclass(frozen=True, slots=True, eq=False)
class FinalPart:
    """What the judged models are fitted on, and the views of the test users.

    known         a split whose training part is everything outside the test part
    features      of the catalogue, from the tags of the users of ``train``
    views         what is known and hidden of the test users
    held_back_ids titles that the protocol removed from training, int64, sorted; empty without such a protocol
    known_cold    ratings of them that are known of the users of the view ``balanced``: CSR (n_users, n_held_back)
    """

    known: Split
    features: ItemFeatures
    views: dict[str, HeldOut]
    held_back_ids: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    known_cold: csr_matrix | None = None

    @property
    def train(self) -> UserItemMatrix:
        return self.known.train


class Fitted(NamedTuple):
    """The hybrid, and everybody that it is compared with."""

    hybrid: HybridModel
    models: LineUp


def rounds_of(bundle: Bundle, splitting: SplitParameters, settings: Settings) -> Rounds:
    """As many rounds of validation as cover everybody outside the test part."""
    splits = (bundle.split(splitting.replace(validation_fold=fold)) for fold in range(splitting.n_validation_folds))
    return [(split, bundle.tables.known_to(split, settings.features)) for split in splits]


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
    known = known_split(train, views[VIEWS[0]], "user_holdout")
    return FinalPart(known, bundle.tables.known_to(known, settings.features), views)


def cold_part(bundle: Bundle, splitting: SplitParameters, settings: Settings) -> FinalPart:
    """The same users, with a share of the titles removed from training; the views are ``cold`` and ``balanced``."""
    removing = splitting.replace(cold_item_share=COLD_SHARE)
    train, vocabulary, users = _train_and_users(bundle, removing)
    held_back = held_back_items(bundle.interactions.item_ids, removing)
    kinds = {"cold": False, "balanced": True}
    views = {n: cold_view(users, held_back, vocabulary, removing, balanced=b) for n, b in kinds.items()}
    known = known_split(train, views["cold"], "user_holdout")
    features = bundle.tables.known_to(known, settings.features)
    known_cold = known_of_held_back(users, held_back, views["balanced"], removing)
    return FinalPart(known, features, views, held_back, known_cold)


def known_split(train: UserItemMatrix, view: HeldOut, protocol: str, **cut_offs: int) -> Split:
    """What a model that is judged on ``view`` may know: the ratings of ``train``, and the tags of its users.

    cut_offs  ``validation_from``, where training ends in time; tags are known up to there
    """
    return Split(train, view, view, {"protocol": protocol, "cut_offs": cut_offs or None})


def fit(part: FinalPart, found: TuningResult) -> Fitted:
    """All models with the parameters found, on the whole training part."""
    hybrid, sources = fit_twin(part.train, part.features, found, feedback=MOVIELENS.feedback)
    return Fitted(hybrid, line_up(hybrid, sources, part.train))


def _train_and_users(bundle: Bundle, splitting: SplitParameters) -> tuple[UserItemMatrix, Vocabulary, UserItemMatrix]:
    """The training matrix, its vocabulary, and everything that the test users rated."""
    tested = assign_users(bundle.interactions.user_ids, splitting) == TEST
    outside = bundle.interactions.rows(np.flatnonzero(~tested))
    removed = np.isin(outside.item_ids, held_back_items(outside.item_ids, splitting))
    kept = outside.select(~removed[outside.ratings.indices])
    train, vocabulary = training_part(kept, bundle.tables.catalogue_ids)
    return train, vocabulary, bundle.interactions.rows(np.flatnonzero(tested))
