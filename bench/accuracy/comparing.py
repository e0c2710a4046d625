"""Families of paired differences, with intervals that hold for the whole family, and a verdict for each."""

from collections.abc import Sequence
from dataclasses import dataclass

from recsys_core.evaluation import Evaluation, Series, Verdict, simultaneous_means, verdict

__all__ = ["REFERENCE", "Comparison", "Family", "compare"]

REFERENCE = "hybrid"
N_SAMPLES = 4_000


@dataclass(frozen=True, slots=True)
class Comparison:
    """The reference minus ``model`` on one slice, with its interval."""

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

    critical  standard errors to either side of a difference; 1.96 would be without a correction
    """

    comparisons: tuple[Comparison, ...]
    critical: float

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
    metric: str = "ndcg@10",
    reference: str = REFERENCE,
    n_samples: int = N_SAMPLES,
) -> Family:
    """``reference`` minus each of ``models`` on each of ``slices`` where both have figures: one family."""
    asked, family = [], []
    for slice_name in slices:
        part = evaluation.slice_of(slice_name)
        for model in models:
            if model in part.values and reference in part.values and len(part.user_ids):
                asked.append((model, slice_name, part.n_users))
                difference = part.column(reference, metric) - part.column(model, metric)
                family.append(Series(difference, part.user_ids))
    if not family:
        return Family((), 0.0)
    found = simultaneous_means(family, n_samples=n_samples, seed=evaluation.parameters.seed)
    comparisons = tuple(
        Comparison(model, slice_name, float(mean), float(low), float(high), n_users)
        for (model, slice_name, n_users), mean, low, high in zip(
            asked, found.mean, found.ci_low, found.ci_high, strict=True
        )
    )
    return Family(comparisons, found.critical)
