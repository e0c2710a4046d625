"""What the gate asks for of one model, and how it is taken from an evaluation."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys_core.evaluation import Evaluation, PairedDifference, paired_differences
from registry.policy import PromotionPolicy

__all__ = ["GateInput", "UserValues", "gate_input", "paired_interval"]

_POPULARITY = "popularity"


@dataclass(frozen=True, slots=True, eq=False)
class UserValues:
    """A metric by user: ``user_ids`` and ``values``, both of shape (n_users,), in any order."""

    user_ids: NDArray[np.int64]
    values: NDArray[np.float64]

    @property
    def by_user(self) -> NDArray[np.float64]:
        """The values in the order of the user ids."""
        return np.asarray(self.values[np.argsort(self.user_ids)], dtype=np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class GateInput:
    """What the gate knows of one model, evaluated on the current test users.

    data_fingerprint  of the data that the test users come from
    user_ids          int64 of shape (n_users,), unique, in any order
    values            metric name -> float array of shape (n_users,), one value for each user
    popularity        the same for the policy's metric alone, of ranking by popularity; None when not measured
    coverage          share of the catalogue recommended to somebody, or None when not measured
    slices            slice name -> the policy's metric of the users in it
    latency_p95_ms    milliseconds, or None when not measured
    unavailable       why this model could not be evaluated, when it could not; the rest may then be empty
    """

    data_fingerprint: str
    user_ids: NDArray[np.int64]
    values: Mapping[str, NDArray[np.floating[Any]]]
    popularity: NDArray[np.floating[Any]] | None = None
    coverage: float | None = None
    slices: Mapping[str, UserValues] = field(default_factory=dict)
    latency_p95_ms: float | None = None
    unavailable: str | None = None

    def by_user(self, metric: str) -> NDArray[np.float64]:
        """Values of ``metric`` in the order of the user ids."""
        return UserValues(self.user_ids, np.asarray(self.values[metric])).by_user

    @classmethod
    def missing(cls, reason: str) -> "GateInput":
        """A champion that is there but cannot be evaluated: the verdict will be KEPT, never FIRST."""
        return cls("", np.zeros(0, dtype=np.int64), {}, unavailable=reason)


def paired_interval(
    differences: NDArray[np.float64], user_ids: NDArray[np.int64], policy: PromotionPolicy
) -> PairedDifference:
    """The mean of ``differences`` by user, both of shape (n_users,), with the interval that ``policy`` asks for."""
    [found] = paired_differences(
        differences[:, None],
        user_ids,
        n_samples=policy.bootstrap.samples,
        seed=policy.bootstrap.seed,
        level=policy.confidence,
    )
    return found


def gate_input(
    evaluation: Evaluation,
    model: str,
    policy: PromotionPolicy,
    *,
    data_fingerprint: str,
    latency_p95_ms: float | None = None,
) -> GateInput:
    """The figures of ``model`` in ``evaluation`` that ``policy`` looks at.

    Nothing is made up: a metric, a slice or a coverage that the evaluation does not have is missing in the result too,
    and the gate decides what that means.
    """
    whole = evaluation.slice_of("all")
    judged = model in whole.values
    compared = _POPULARITY in whole.values and policy.metric in whole.metric_names
    slices = {}
    for name in policy.guardrails.slices.names:
        part = evaluation.slices.get(name)
        if part is not None and model in part.values and policy.metric in part.metric_names and part.n_users:
            slices[name] = UserValues(part.user_ids, part.column(model, policy.metric))
    coverages = whole.overall.get(model, {}).get(policy.guardrails.coverage.metric, ())
    return GateInput(
        data_fingerprint=data_fingerprint,
        user_ids=whole.user_ids,
        values={name: whole.column(model, name) for name in whole.metric_names} if judged else {},
        popularity=whole.column(_POPULARITY, policy.metric) if compared else None,
        coverage=float(np.mean(coverages)) if len(coverages) else None,
        slices=slices,
        latency_p95_ms=latency_p95_ms,
    )
