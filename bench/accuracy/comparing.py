"""Families of paired differences, with intervals that hold for the whole family, and a verdict for each."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from recsys_core.evaluation import Evaluation, Series, Verdict, simultaneous_means, verdict

__all__ = ["Comparison", "Family", "compare"]


class Comparison(NamedTuple):
    """NDCG@10 of the family's reference minus that of another model, with its interval."""

    difference: float
    ci_low: float
    ci_high: float

    @property
    def verdict(self) -> Verdict:
        return verdict(self.ci_low, self.ci_high)


@dataclass(frozen=True, slots=True)
class Family:
    """Comparisons, by model and slice, whose intervals hold together with 95 %.

    critical   standard errors to either side of a difference; 1.96 would be without a correction
    reference  the model that all others are subtracted from
    """

    comparisons: dict[tuple[str, str], Comparison]
    critical: float
    reference: str


def compare(
    evaluation: Evaluation, models: Sequence[str], slices: Sequence[str], *, reference: str = "hybrid"
) -> Family:
    """NDCG@10 of ``reference`` minus that of each of ``models``, on each of ``slices`` where both have it: a family."""
    family: dict[tuple[str, str], Series] = {}
    for name in slices:
        part = evaluation.slice_of(name)
        for model in models if len(part.user_ids) else ():
            if {model, reference} <= part.values.keys():
                difference = part.column(reference, "ndcg@10") - part.column(model, "ndcg@10")
                family[model, name] = Series(difference, part.user_ids)
    if not family:
        return Family({}, 0.0, reference)
    found = simultaneous_means(list(family.values()), n_samples=4_000, seed=evaluation.parameters.seed)
    figures = map(Comparison, found.mean.tolist(), found.ci_low.tolist(), found.ci_high.tolist())
    return Family(dict(zip(family, figures, strict=True)), found.critical, reference)
