"""How good a value is, in few numbers and in words. Said, never decided by: the gate alone decides."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix

from recsys_core.dataset.interactions import Split
from recsys_core.errors import ParameterError
from recsys_core.evaluation import Evaluation
from recsys_core.evaluation.across import paired_between
from recsys_core.features import ItemFeatures
from recsys_core.sources.als import ALSModel
from recsys_core.sources.popularity import fit_popularity
from recsys_core.tuning import TuningParameters
from recsys_core.tuning.objectives import mean_value
from recsys_core.tuning.rounds import Round

__all__ = ["beside_popularity", "change_since", "empty_groups", "headline", "lead_over", "not_finite"]

_POPULARITY = "popularity"
_LARGEST_FALL = 0.05  # of the former value, where chance cannot be ruled out


def headline(evaluation: Evaluation) -> dict[str, float]:
    """A dozen numbers of the reference model on the test users: its metrics at the shortest list length, by how much
    its NDCG is above the best other model's, and how many users there were. "@" is spelled "_at_".
    """
    found, k = evaluation.metrics(), evaluation.parameters.ks[0]
    own = found.get(evaluation.parameters.reference) or {}
    numbers = {name.replace("@", "_at_"): m.mean for name, m in own.items() if name.endswith(f"@{k}")}
    ndcg = f"ndcg@{k}"
    others = [by_name[ndcg].mean for by_name in found.values() if by_name and by_name is not own and ndcg in by_name]
    if ndcg in own and others:
        numbers[f"ndcg_at_{k}_over_best_other"] = own[ndcg].mean - max(others)
    return {**numbers, "n_test_users": float(evaluation.n_users)}


def lead_over(evaluation: Evaluation, other: str = _POPULARITY) -> tuple[bool, str] | None:
    """Whether the reference model's NDCG is above the ``other`` one's, and by how much; None without figures."""
    reference, ndcg = evaluation.parameters.reference, f"ndcg@{evaluation.parameters.ks[0]}"
    try:
        found = evaluation.paired(reference, other, ndcg)
    except ParameterError:
        return None
    interval = f"95 % interval [{found.ci_low:+.4f}, {found.ci_high:+.4f}]"
    return found.difference > 0, f"{reference} − {other}: {ndcg} {found.difference:+.4f}, {interval}"


def change_since(new: Evaluation, old: Evaluation) -> tuple[bool, str]:
    """Whether the reference model's NDCG has held since ``old``, and what became of it.

    It has fallen where the interval of the difference lies below zero, which can be said on the same users alone, or
    where it is more than 5 % lower.
    """
    reference, ndcg = new.parameters.reference, f"ndcg@{new.parameters.ks[0]}"
    numbers = [(evaluation.metrics().get(reference) or {}).get(ndcg) for evaluation in (old, new)]
    if numbers[0] is None or numbers[1] is None:
        return True, f"the former evaluation has no {ndcg} of {reference} to compare with"
    before, now = numbers[0].mean, numbers[1].mean
    relative = now / before - 1 if before > 0 else 0.0
    words = f"{ndcg} {before:.4f} → {now:.4f} ({relative:+.1%})"
    try:
        found = paired_between(new, old, ndcg, model=reference)
    except ParameterError:
        return relative >= -_LARGEST_FALL, f"{words}, on other test users"
    interval = f"95 % interval of the difference [{found.ci_low:+.4f}, {found.ci_high:+.4f}]"
    return found.ci_high >= 0 and relative >= -_LARGEST_FALL, f"{words}; {interval}"


def beside_popularity(model: ALSModel, split: Split, parameters: TuningParameters) -> tuple[float, float]:
    """NDCG@k of the model and of popularity on the users that tuning is judged on.

    The model's is its trial's, where trials are fitted on everybody.
    """
    judged = Round(split, parameters, model.feedback)
    popularity = fit_popularity(split.train.ratings, split.train.item_ids)
    own, popular = (mean_value(source.score, judged.users, judged.goal) for source in (model, popularity))
    return own, popular


def not_finite(value: Any) -> list[str]:
    """The arrays in ``value`` that hold NaN or an infinite number, by their place in it: "als.item_factors"."""
    return [name for name, array in _arrays(value, "") if not np.isfinite(array.sum(dtype=np.float64))]


def _arrays(value: Any, name: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, csr_matrix):
        value = value.data
    if isinstance(value, np.ndarray):
        if np.issubdtype(value.dtype, np.floating):
            yield name, value
        return
    inside: Mapping[str, Any] = {}
    if isinstance(value, Mapping):
        inside = value
    elif is_dataclass(value):
        inside = {field.name: getattr(value, field.name) for field in fields(value)}
    for part, found in inside.items():
        yield from _arrays(found, f"{name}.{part}" if name else str(part))


def empty_groups(features: ItemFeatures) -> list[str]:
    """Groups of features of which no title has any."""
    return [name for name, matrix in features.groups.items() if matrix.nnz == 0]
