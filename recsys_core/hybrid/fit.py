"""From ratings, features and parameters to a hybrid model."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from recsys_core.dataset.feedback import Feedback
from recsys_core.dataset.interactions import UserItemMatrix
from recsys_core.features import ItemFeatures
from recsys_core.histories import Histories
from recsys_core.hybrid.cold import ColdCalibration, ColdTitles
from recsys_core.hybrid.feature_ridge import FeatureRidgeParameters, feature_ridge
from recsys_core.hybrid.model import HybridModel
from recsys_core.hybrid.weights import HybridWeights
from recsys_core.memory import return_freed_memory
from recsys_core.parameters import Parameters
from recsys_core.sources.content import ContentModel
from recsys_core.sources.popularity import PopularityModel
from recsys_core.sources.solvers import HERE, Solvers
from recsys_core.sources.source import Source, SourceKind, Training
from recsys_core.sources.table import SOURCES, source_named

__all__ = ["SourceParameters", "assemble_hybrid", "fit_hybrid", "fit_sources", "training_of", "usual_spread"]

SourceParameters = Mapping[str, Parameters | None]
"""Parameters of the sources that have any, by name; None leaves a source out."""
_USUAL_USERS = 200
_LEAST_SPREAD = 1e-4  # of scores of which 1 is the largest preference


def training_of(train: UserItemMatrix, features: ItemFeatures, feedback: Feedback, solvers: Solvers = HERE) -> Training:
    """``features`` hold at least the items of ``train``; all others in them become cold items."""
    return Training(train, features.with_first(train.item_ids), feedback, solvers)


def fit_sources(
    training: Training, parameters: SourceParameters, *, only: HybridWeights | None = None
) -> dict[str, Source]:
    """Every source that is not left out, in the order of the table.

    only  leaves out what has no weight in it, too
    """
    found = {}
    for kind in SOURCES:
        if takes_part(kind, parameters) and (only is None or is_used(kind, only)):
            found[kind.name] = kind.fit(training, parameters.get(kind.name, kind.defaults))
            return_freed_memory()  # what fitting one takes is as large as all that they keep
    return found


def takes_part(kind: SourceKind, parameters: SourceParameters) -> bool:
    return kind.defaults is None or parameters.get(kind.name, kind.defaults) is not None


def is_used(kind: SourceKind, weights: HybridWeights) -> bool:
    """Whether the blend needs the source: for its scores, or to tell what is like disliked titles."""
    return kind.needed or weights.has(kind.name) or (kind.averse and weights.dislikes > 0)


def usual_spread(source: Source, train: UserItemMatrix) -> float:
    """Median standard deviation of the scores of some of the half of the training users who have rated the most.

    They are 200, every so-manieth of these by length (the longest, where that half has fewer than 400): scores of the
    very longest histories of many people spread as nobody else's do.

    Never next to nothing: of a source that says nothing to anybody, as ALS does where it is regularised to 0, no score
    is made much of.
    """
    lengths = np.diff(train.ratings.indptr)
    longer = np.argsort(-lengths, kind="stable")[: max(1, len(lengths) // 2)]
    some = np.sort(longer[:: max(1, len(longer) // _USUAL_USERS)][:_USUAL_USERS])
    found: float = np.median(source.enter(Histories.of(train).only(some)).moments.std)
    return max(float(found), _LEAST_SPREAD)


def assemble_hybrid(
    sources: Mapping[str, Source],
    training: Training,
    weights: HybridWeights,
    *,
    calibration: ColdCalibration | None = None,
    ridge: FeatureRidgeParameters | None = None,
) -> HybridModel:
    """A hybrid of fitted sources; ``calibration`` as :func:`recsys_core.hybrid.learn_calibration` gives it."""
    content, popularity = sources["content"], sources["popularity"]
    assert isinstance(content, ContentModel)
    assert isinstance(popularity, PopularityModel)
    if weights.group_weights:
        content = content.weighted(dict(weights.group_weights))
    used = {
        kind.name: content if kind.name == "content" else sources[kind.name]
        for kind in SOURCES
        if kind.name in sources and is_used(kind, weights)
    }
    usual = {name: usual_spread(source, training.matrix) for name, source in used.items() if source_named(name).steady}
    from_warm = feature_ridge(
        training.features, training.matrix.n_items, popularity.n_ratings, ridge or FeatureRidgeParameters()
    )
    return HybridModel(used, usual, ColdTitles(from_warm, calibration), weights, training.feedback)


def fit_hybrid(
    train: UserItemMatrix,
    features: ItemFeatures,
    *,
    parameters: SourceParameters,
    weights: HybridWeights,
    feedback: Feedback,
    calibration: ColdCalibration | None = None,
    ridge: FeatureRidgeParameters | None = None,
    start: Mapping[str, Source] | None = None,
    solvers: Solvers = HERE,
) -> HybridModel:
    """Fit all sources on ``train`` and blend them: for evaluation on the training part, for release on all ratings.

    start  sources fitted before, by name, from which training may start
    """
    training = replace(training_of(train, features, feedback, solvers), start=start or {})
    sources = fit_sources(training, parameters, only=weights)
    return assemble_hybrid(sources, training, weights, calibration=calibration, ridge=ridge)
