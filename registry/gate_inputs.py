"""From an evaluation to what the gate asks for."""

import numpy as np

from recsys_core.evaluation import Evaluation
from registry.gate import GateInput, SliceMean
from registry.policy import PromotionPolicy

__all__ = ["gate_input"]


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
    slices = {}
    for name in policy.guardrails.slices.names:
        part = evaluation.slices.get(name)
        if part is None or model not in part.values or policy.metric not in part.metric_names or part.n_users == 0:
            continue
        slices[name] = SliceMean(float(part.column(model, policy.metric).mean()), part.n_users)
    coverages = whole.overall.get(model, {}).get(policy.guardrails.coverage.metric, ())
    return GateInput(
        data_fingerprint=data_fingerprint,
        user_ids=whole.user_ids,
        values={name: whole.column(model, name) for name in whole.metric_names} if judged else {},
        coverage=float(np.mean(coverages)) if len(coverages) else None,
        slices=slices,
        latency_p95_ms=latency_p95_ms,
    )
