"""From a recipe to models: the twin that is judged, and the bundle that is released."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from recsys_core.bundle import ModelBundle, Titles
from recsys_core.dataset.feedback import Feedback
from recsys_core.dataset.interactions import Split, UserItemMatrix
from recsys_core.features import ItemFeatures
from recsys_core.hybrid import (
    ColdCalibration,
    HybridModel,
    HybridWeights,
    assemble_hybrid,
    fit_hybrid,
    fit_sources,
    training_of,
)
from recsys_core.hybrid.fit import SourceParameters
from recsys_core.onboarding import OnboardingParameters, fit_onboarding
from recsys_core.sources.solvers import HERE, Solvers
from recsys_core.sources.source import Source
from recsys_core.sources.table import SOURCES
from recsys_core.splitting import SplitParameters
from recsys_core.tuning import TuningParameters, TuningResult
from recsys_core.tuning.new_titles import learn_new_titles
from recsys_core.tuning.sample import Sample

__all__ = ["UNTUNED", "Recipe", "as_bundle", "fit_release", "fit_twin", "untuned"]


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a hybrid is fitted with; a tuning's result says the same."""

    parameters: SourceParameters
    weights: HybridWeights
    calibration: ColdCalibration | None = None


UNTUNED = Recipe({kind.name: kind.defaults for kind in SOURCES}, HybridWeights())
"""Every parameter at its default. Without a calibration no list of all titles has one that nobody has rated."""


def untuned(split: Split, features: ItemFeatures, *, feedback: Feedback) -> Recipe:
    """:data:`UNTUNED`, and what titles without ratings are worth by it, learnt on the validation users of ``split``."""
    usual = TuningParameters()
    training = training_of(split.train, features, feedback)
    sample = Sample.of(training, usual.sample_users, usual.sample_ratings, usual.seed)
    rounds = [(split, features, sample)]
    found = learn_new_titles(rounds, UNTUNED.parameters, UNTUNED.weights, k=usual.k, seed=usual.seed)
    return replace(UNTUNED, calibration=found)


def fit_twin(
    train: UserItemMatrix, features: ItemFeatures, recipe: Recipe | TuningResult, *, feedback: Feedback
) -> tuple[HybridModel, Mapping[str, Source]]:
    """The hybrid fitted on ``train`` alone, and all sources, those without a weight in it, too: they are compared."""
    training = training_of(train, features, feedback)
    sources = fit_sources(training, recipe.parameters)
    return assemble_hybrid(sources, training, recipe.weights, calibration=recipe.calibration), sources


def fit_release(
    interactions: UserItemMatrix,
    features: ItemFeatures,
    recipe: Recipe | TuningResult,
    *,
    feedback: Feedback,
    start: Mapping[str, Source] | None = None,
    solvers: Solvers = HERE,
) -> HybridModel:
    """The hybrid fitted on all that is known; ``start`` are sources of the twin, from which training may start."""
    return fit_hybrid(
        interactions,
        features,
        parameters=recipe.parameters,
        weights=recipe.weights,
        calibration=recipe.calibration,
        feedback=feedback,
        start=start,
        solvers=solvers,
    )


def as_bundle(
    model: HybridModel,
    known: UserItemMatrix,
    titles: Titles,
    *,
    onboarding: OnboardingParameters,
    split: SplitParameters | None,
    dataset: str,
    data_fingerprint: str,
) -> ModelBundle:
    """What is served: ``model`` with what it was fitted on, titles, and what to ask newcomers about.

    split    of the data on which it was tuned, or will be judged
    dataset  the data set's name
    """
    described: dict[str, Any] = {
        "data_fingerprint": data_fingerprint,
        "split": split and split.as_dict(),
        "dataset": dataset,
    }
    return ModelBundle(model, known, titles, described, fit_onboarding(known, onboarding, feedback=model.feedback))
