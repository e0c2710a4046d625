"""The gate's guardrails: what a new version must not lose, however much better its metric is."""

from typing import Any

import numpy as np

from registry.gate_inputs import GateInput, UserValues, paired_interval
from registry.policy import PromotionPolicy

__all__ = ["broken_guardrails"]


def broken_guardrails(
    challenger: GateInput, reference: GateInput | None, policy: PromotionPolicy, figures: dict[str, Any]
) -> list[str]:
    """Guardrails that do not hold; what they saw is added to ``figures``.

    A limit whose figure is missing or NaN does not hold. A slice breaks its limit when the whole paired interval of the
    metric lies below it: the mean of some twenty users falls by chance as often as not.
    """
    rails = policy.guardrails
    broken: list[str] = []
    figures["coverage"] = _number(challenger.coverage)
    figures["latency_p95_ms"] = _number(challenger.latency_p95_ms)
    if rails.coverage.minimum is not None:
        broken += _at_least("coverage", challenger.coverage, rails.coverage.minimum)
    if rails.latency_p95_ms.maximum is not None:
        latency, limit = _number(challenger.latency_p95_ms), rails.latency_p95_ms.maximum
        if latency is None:
            broken.append("latency_p95_ms was not measured, and the policy limits it")
        elif latency > limit:
            broken.append(f"latency_p95_ms is {latency:.1f}, above {limit:.1f}")
    if reference is None:
        return broken
    figures["reference_coverage"] = _number(reference.coverage)
    if rails.coverage.maximum_relative_drop is not None:
        kept = 1 - rails.coverage.maximum_relative_drop
        broken += _coverage_kept(challenger.coverage, reference.coverage, kept)
    for name in rails.slices.names:
        broken += _slice_kept(name, challenger.slices.get(name), reference.slices.get(name), policy, figures)
    return broken


def _slice_kept(
    name: str, own: UserValues | None, other: UserValues | None, policy: PromotionPolicy, figures: dict[str, Any]
) -> list[str]:
    limits = policy.guardrails.slices
    for prefix, found in (("", own), ("reference_", other)):
        figures[f"{prefix}slice.{name}"] = _number(found.values.mean()) if found else None
    # the users are the same, so a slice that either model has is as large for both
    if max(len(found.user_ids) if found else 0 for found in (own, other)) < limits.minimum_users:
        return []
    what = f"{policy.metric} in slice {name}"
    if own is None or other is None or not np.array_equal(np.sort(own.user_ids), np.sort(other.user_ids)):
        return [f"{what} was not measured for both models on the same users, and the policy limits its drop"]
    kept = 1 - limits.maximum_relative_drop
    above = own.by_user - kept * other.by_user
    if not np.isfinite(above).all():
        return [f"{what} is not finite for all users, and the policy limits its drop"]
    gap = paired_interval(above, np.sort(own.user_ids), policy)
    figures |= {f"slice.{name}.above_limit_low": gap.ci_low, f"slice.{name}.above_limit_high": gap.ci_high}
    if gap.ci_high >= 0:
        return []
    return [
        f"{what} fell from {other.values.mean():.4f} to {own.values.mean():.4f}, surely below {kept:.0%} of it: "
        f"{policy.confidence:.0%} interval of what is missing [{-gap.ci_high:.4f}, {-gap.ci_low:.4f}]"
    ]


def _number(value: float | None) -> float | None:
    return float(value) if value is not None and np.isfinite(value) else None


def _at_least(name: str, value: float | None, limit: float) -> list[str]:
    number = _number(value)
    if number is None:
        return [f"{name} was not measured, and the policy limits it"]
    return [f"{name} is {number:.4f}, below {limit:.4f}"] if number < limit else []


def _coverage_kept(own: float | None, other: float | None, kept: float) -> list[str]:
    mine, theirs = _number(own), _number(other)
    if mine is None or theirs is None:
        return ["coverage was not measured for both models, and the policy limits its drop"]
    return [f"coverage fell from {theirs:.4f} to {mine:.4f}, below {kept:.0%} of it"] if mine < kept * theirs else []
