"""Several evaluations together: pooled over seeds or folds, or compared on the same users."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from recsys_core.errors import ParameterError
from recsys_core.evaluation.bootstrap import PairedDifference, paired_differences
from recsys_core.evaluation.results import ALL, Evaluation, UserMetrics

__all__ = ["only", "paired_between", "pool"]


def only(evaluation: Evaluation, models: Sequence[str]) -> Evaluation:
    """The same evaluation with some of its models, in the order given."""
    slices = {
        name: replace(
            part,
            values={model: part.values[model] for model in models if model in part.values},
            overall={model: part.overall[model] for model in models if model in part.overall},
        )
        for name, part in evaluation.slices.items()
    }
    return replace(evaluation, models=tuple(models), slices=slices)


def pool(evaluations: Sequence[Evaluation]) -> Evaluation:
    """Several evaluations of the same models, one for each seed or fold, as one.

    Rows stand one after another; intervals resample users, each with all their rows. Coverage and Gini are averaged.
    """
    if not evaluations:
        raise ParameterError("there is no evaluation to pool; give at least one")
    first = evaluations[0]
    for other in evaluations[1:]:
        for what, one, two in (
            ("protocol", first.protocol, other.protocol),
            ("models", first.models, other.models),
            ("slices", tuple(first.slices), tuple(other.slices)),
            ("parameters", first.parameters, other.parameters),
        ):
            if one != two:
                raise ParameterError(f"evaluations with different {what} cannot be pooled: {one} and {two}")
    slices = {name: _pool_slice([e.slices[name] for e in evaluations]) for name in first.slices}
    return Evaluation(
        first.protocol, first.models, slices, first.parameters, {"pooled": [e.details for e in evaluations]}
    )


def _pool_slice(parts: Sequence[UserMetrics]) -> UserMetrics:
    judged = [model for model in parts[0].values if all(model in part.values for part in parts)]
    return UserMetrics(
        np.concatenate([part.user_ids for part in parts]),
        parts[0].metric_names,
        {model: np.concatenate([part.values[model] for part in parts]) for model in judged},
        {
            model: {name: sum((part.overall[model][name] for part in parts), ()) for name in parts[0].overall[model]}
            for model in judged
            if all(model in part.overall for part in parts)
        },
    )


def paired_between(
    new: Evaluation, old: Evaluation, metric: str, *, model: str = "hybrid", slice_name: str = ALL
) -> PairedDifference:
    """The metric of ``model`` in ``new`` minus that in ``old``, on the same users, with ``new``'s bootstrap.

    Raises :class:`ParameterError` when the two did not judge the same users in the same order.
    """
    ours, theirs = new.slice_of(slice_name), old.slice_of(slice_name)
    if new.protocol != old.protocol or not np.array_equal(ours.user_ids, theirs.user_ids):
        raise ParameterError(
            f"the evaluations judged {len(ours.user_ids)} users by {new.protocol} and {len(theirs.user_ids)} users by "
            f"{old.protocol}, or other users; expected the same users by the same protocol: evaluate both on one split"
        )
    return paired_differences(
        (ours.column(model, metric) - theirs.column(model, metric))[:, None],
        ours.user_ids,
        n_samples=new.parameters.n_bootstrap,
        seed=new.parameters.seed,
    )[0]
