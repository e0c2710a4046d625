"""What titles without ratings are worth, learnt on the validation users of one round or several."""

from collections.abc import Sequence
from dataclasses import replace

from recsys_core.dataset.interactions import Split
from recsys_core.features import ItemFeatures
from recsys_core.hybrid import ColdCalibration, HybridWeights
from recsys_core.hybrid.cold_learning import learn_calibration
from recsys_core.hybrid.feature_ridge import FeatureRidgeParameters
from recsys_core.hybrid.fit import SourceParameters
from recsys_core.sources.table import source_named
from recsys_core.tuning.sample import Sample

__all__ = ["learn_new_titles"]


def learn_new_titles(
    rounds: Sequence[tuple[Split, ItemFeatures, Sample]],
    parameters: SourceParameters,
    weights: HybridWeights,
    *,
    k: int,
    seed: int,
) -> ColdCalibration | None:
    """:func:`recsys_core.hybrid.learn_calibration` for a hybrid of ``parameters`` and ``weights``, fitted on samples.

    rounds  splits, features, and the sample of each one's training users; the samples are of one size
    """
    first = rounds[0][2]
    return learn_calibration(
        [(replace(split, train=sample.training.matrix), features) for split, features, sample in rounds],
        {name: first.parameters(source_named(name), found) for name, found in parameters.items()},
        weights,
        ridge=FeatureRidgeParameters().on_sample(first.share),
        feedback=first.training.feedback,
        k=k,
        seed=seed,
    )
