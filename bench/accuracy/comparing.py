"""Families of paired differences, with intervals that hold for the whole family, and a verdict for each."""

from collections.abc import Sequence
from dataclasses import dataclass

from recsys_core.evaluation import Evaluation, Series, Verdict, simultaneous_means, verdict

__all__ = ["Comparison", "Family", "compare"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """NDCG@10 of the family's reference minus that of ``model`` on one slice, with its interval."""

    model: str
    slice_name: str
    difference: float
    ci_low: float
    ci_high: float
    n_users: int

    @property
    def verdict(self) -> Verdict:
        return verdict(self.ci_low, self.ci_high)


@dataclass(frozen=True, slots=True)
class Family:
    """Comparisons whose intervals hold together with 95 %.

    critical   standard errors to either side of a difference; 1.96 would be without a correction
    reference  the model that all others are subtracted from
    """

    comparisons: tuple[Comparison, ...]
    critical: float
    reference: str = "hybrid"

    def of(self, model: str, slice_name: str) -> Comparison | None:
        found = (c for c in self.comparisons if (c.model, c.slice_name) == (model, slice_name))
        return next(found, None)

    def count(self, wanted: Verdict) -> int:
        return sum(comparison.verdict == wanted for comparison in self.comparisons)


def compare(
    evaluation: Evaluation,
    models: Sequence[str],
    slices: Sequence[str],
    *,
    reference: str = "hybrid",
    n_samples: int = 4_000,
) -> Family:
    """NDCG@10 of ``reference`` minus that of each of ``models``, on each of ``slices`` where both have it: a family."""
    parts = {name: evaluation.slice_of(name) for name in slices}
    asked = [
        (model, name)
        for name, part in parts.items()
        for model in models
        if {model, reference} <= part.values.keys() and len(part.user_ids)
    ]
    if not asked:
        return Family((), 0.0, reference)
    series = [
        Series(parts[name].column(reference, "ndcg@10") - parts[name].column(model, "ndcg@10"), parts[name].user_ids)
        for model, name in asked
    ]
    found = simultaneous_means(series, n_samples=n_samples, seed=evaluation.parameters.seed)
    figures = zip(asked, found.mean, found.ci_low, found.ci_high, strict=True)
    comparisons = (
        Comparison(model, name, float(mean), float(low), float(high), parts[name].n_users)
        for (model, name), mean, low, high in figures
    )
    return Family(tuple(comparisons), found.critical, reference)
