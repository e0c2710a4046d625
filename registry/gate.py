"""The promotion gate: a pure function from two evaluations and a policy to a verdict with its reasons and figures.

It fails closed. Whatever is missing, undefined or not comparable leaves the champion where it is.

FIRST      There is no champion: the version becomes it, so that there is something to serve. Only the soundness of its
           figures is demanded. Too few test users and broken guardrails, which ask whether a *replacement* is safe,
           become warnings among the reasons.
PROMOTED   Enough users, no guardrail broken, and the policy's rule met.
KEPT       Anything else; also without a champion when the figures are not sound (missing, NaN, no users).
SUSPICIOUS A mean or a gain beyond what is plausible, on enough users for it not to be luck. Never promoted, even as
           the first version.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from registry.policy import PromotionPolicy

__all__ = ["Decision", "GateInput", "SliceMean", "Verdict", "decide", "paired_interval"]

Verdict = Literal["FIRST", "PROMOTED", "KEPT", "SUSPICIOUS"]
_CELLS = 4_000_000  # of the resampling matrix held at a time


@dataclass(frozen=True, slots=True)
class SliceMean:
    """The mean of the policy's metric in one slice of the evaluation, and over how many test users."""

    mean: float
    n_users: int


@dataclass(frozen=True, slots=True, eq=False)
class GateInput:
    """What the gate knows of one model, evaluated on the current test users.

    data_fingerprint  of the data that the test users come from
    user_ids          int64 of shape (n_users,), unique, in any order
    values            metric name -> float array of shape (n_users,), one value for each user
    coverage          share of the catalogue recommended to somebody, or None when not measured
    slices            slice name -> mean of the policy's metric in it, and its number of users
    latency_p95_ms    milliseconds, or None when not measured
    unavailable       why this model could not be evaluated, when it could not; the rest may then be empty
    """

    data_fingerprint: str
    user_ids: NDArray[np.int64]
    values: Mapping[str, NDArray[np.floating[Any]]]
    coverage: float | None = None
    slices: Mapping[str, SliceMean] = field(default_factory=dict)
    latency_p95_ms: float | None = None
    unavailable: str | None = None

    @classmethod
    def missing(cls, reason: str) -> "GateInput":
        """A champion that is there but cannot be evaluated: the verdict will be KEPT, never FIRST."""
        return cls("", np.zeros(0, dtype=np.int64), {}, unavailable=reason)


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict, why, and the figures it rests on (plain numbers and texts that JSON can hold)."""

    verdict: Verdict
    reasons: tuple[str, ...]
    figures: Mapping[str, Any]

    @property
    def promotes(self) -> bool:
        return self.verdict in {"FIRST", "PROMOTED"}

    def as_dict(self) -> dict[str, Any]:
        return {"verdict": self.verdict, "reasons": list(self.reasons), "figures": dict(self.figures)}


def paired_interval(
    differences: NDArray[np.float64], *, samples: int, confidence: float, seed: int
) -> tuple[float, float]:
    """Percentile bootstrap interval of the mean of ``differences`` (n_users,), resampling users.

    Efron and Tibshirani (1993), chapter 13. Users are drawn as multinomial counts, so that a block of resamples is
    one matrix product.
    """
    n_users = len(differences)
    generator = np.random.default_rng(seed)
    block = max(1, _CELLS // n_users)
    means = np.empty(samples)
    for start in range(0, samples, block):
        stop = min(start + block, samples)
        counts = generator.multinomial(n_users, np.full(n_users, 1.0 / n_users), size=stop - start)
        means[start:stop] = counts @ differences / n_users
    tail = (1 - confidence) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    return float(low), float(high)


def decide(challenger: GateInput, champion: GateInput | None, policy: PromotionPolicy) -> Decision:
    """Judge ``challenger`` against ``champion``; ``None`` means that there is no champion at all."""
    figures: dict[str, Any] = {"metric": policy.metric, "rule": policy.rule, "n_users": len(challenger.user_ids)}
    faults = _faults(challenger, "the challenger", policy)
    if champion is not None:
        faults += _faults(champion, "the champion", policy)
        faults = faults or _mismatches(challenger, champion)
    if faults:
        return Decision("KEPT", tuple(faults), figures)

    figures["challenger"] = float(_by_user(challenger, policy.metric).mean())
    warnings = []
    if len(challenger.user_ids) < policy.minimum_test_users:
        warnings = [f"only {len(challenger.user_ids)} test users; the policy asks for {policy.minimum_test_users}"]
    if champion is None:
        return _first(challenger, policy, figures, warnings)
    return _compare(challenger, champion, policy, figures, warnings)


def _first(challenger: GateInput, policy: PromotionPolicy, figures: dict[str, Any], warnings: list[str]) -> Decision:
    broken = _broken_guardrails(challenger, None, policy, figures)
    suspicions = [] if warnings else _suspicions(figures["challenger"], None, policy)
    if suspicions:
        return Decision("SUSPICIOUS", (*suspicions, *broken), figures)
    noted = (f"warning: {text}" for text in (*warnings, *broken))
    return Decision("FIRST", ("there was no champion", *noted), figures)


def _compare(
    challenger: GateInput, champion: GateInput, policy: PromotionPolicy, figures: dict[str, Any], warnings: list[str]
) -> Decision:
    gain = _by_user(challenger, policy.metric) - _by_user(champion, policy.metric)
    low, high = paired_interval(
        gain, samples=policy.bootstrap.samples, confidence=policy.confidence, seed=policy.bootstrap.seed
    )
    figures["champion"] = float(_by_user(champion, policy.metric).mean())
    figures |= {"gain": float(gain.mean()), "ci_low": low, "ci_high": high, "confidence": policy.confidence}
    broken = _broken_guardrails(challenger, champion, policy, figures)
    if warnings:
        return Decision("KEPT", (*warnings, *broken), figures)
    suspicions = _suspicions(figures["challenger"], figures["champion"], policy)
    if suspicions:
        return Decision("SUSPICIOUS", (*suspicions, *broken), figures)
    # a model that loses nothing at all is not inferior with a margin of 0; superior must be above its threshold
    superior = policy.rule == "superior"
    threshold = policy.minimum_gain if superior else -policy.margin
    met = low > threshold if superior else low >= threshold
    wording = (
        f"{policy.metric} changed by {gain.mean():+.4f}, {policy.confidence:.0%} interval [{low:+.4f}, {high:+.4f}]"
    )
    outcome = f"{wording}: {'meets' if met else 'does not meet'} the rule {policy.rule} ({threshold:+.4f})"
    return Decision("PROMOTED" if met and not broken else "KEPT", (outcome, *broken), figures)


def _faults(model: GateInput, who: str, policy: PromotionPolicy) -> list[str]:
    """Why the figures of one model cannot be used at all; at most one reason, the first that applies."""
    n_users = len(model.user_ids)
    values = np.asarray(model.values.get(policy.metric, ()), dtype=np.float64)
    n_undefined = int((~np.isfinite(values)).sum())
    checks = (
        (model.unavailable is not None, f"{who} could not be evaluated: {model.unavailable}"),
        (n_users == 0, f"{who} was evaluated on no users"),
        (len(np.unique(model.user_ids)) != n_users, f"{who} has some test users more than once"),
        (
            policy.metric not in model.values,
            f"{who} has no per-user values of {policy.metric}; it has {', '.join(sorted(model.values)) or 'none'}",
        ),
        (values.shape != (n_users,), f"{who} has {values.shape} values of {policy.metric} for {n_users} users"),
        (n_undefined > 0, f"{who} has no finite {policy.metric} for {n_undefined} of {n_users} users"),
    )
    return [reason for applies, reason in checks if applies][:1]


def _mismatches(challenger: GateInput, champion: GateInput) -> list[str]:
    found = []
    if not challenger.data_fingerprint or challenger.data_fingerprint != champion.data_fingerprint:
        found.append(
            f"evaluated on different data: challenger {challenger.data_fingerprint or 'unknown'}, "
            f"champion {champion.data_fingerprint or 'unknown'}"
        )
    if not np.array_equal(np.sort(challenger.user_ids), np.sort(champion.user_ids)):
        common = len(np.intersect1d(challenger.user_ids, champion.user_ids))
        found.append(
            f"evaluated on different users: {len(challenger.user_ids)} and {len(champion.user_ids)}, {common} in common"
        )
    return found


def _by_user(model: GateInput, metric: str) -> NDArray[np.float64]:
    ordered: NDArray[np.float64] = np.asarray(model.values[metric], dtype=np.float64)[np.argsort(model.user_ids)]
    return ordered


def _suspicions(own: float, other: float | None, policy: PromotionPolicy) -> list[str]:
    limits = policy.suspicious
    found = []
    if own > limits.maximum_value:
        found.append(f"{policy.metric} of {own:.4f} is above {limits.maximum_value}: look for a leak")
    if other is not None:
        allowed = max(limits.relative_gain * other, limits.absolute_gain)
        if own - other > allowed:
            found.append(
                f"{policy.metric} rose from {other:.4f} to {own:.4f}; more than {allowed:.4f} at once is implausible: "
                "look for a leak"
            )
    return found


def _broken_guardrails(
    challenger: GateInput, champion: GateInput | None, policy: PromotionPolicy, figures: dict[str, Any]
) -> list[str]:
    """Guardrails that do not hold. A limit whose figure is missing or NaN does not hold."""
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
    if champion is None:
        return broken
    figures["champion_coverage"] = _number(champion.coverage)
    if rails.coverage.maximum_relative_drop is not None:
        kept = 1 - rails.coverage.maximum_relative_drop
        broken += _not_dropped("coverage", challenger.coverage, champion.coverage, kept)
    for name in rails.slices.names:
        own, other = challenger.slices.get(name), champion.slices.get(name)
        figures[f"slice.{name}"] = _number(own.mean) if own else None
        figures[f"champion_slice.{name}"] = _number(other.mean) if other else None
        # the users are the same, so a slice that either model has is as large for both
        if max(found.n_users if found else 0 for found in (own, other)) >= rails.slices.minimum_users:
            label, kept = f"{policy.metric} in slice {name}", 1 - rails.slices.maximum_relative_drop
            broken += _not_dropped(label, own.mean if own else None, other.mean if other else None, kept)
    return broken


def _number(value: float | None) -> float | None:
    return float(value) if value is not None and np.isfinite(value) else None


def _at_least(name: str, value: float | None, limit: float) -> list[str]:
    number = _number(value)
    if number is None:
        return [f"{name} was not measured, and the policy limits it"]
    return [f"{name} is {number:.4f}, below {limit:.4f}"] if number < limit else []


def _not_dropped(name: str, own: float | None, other: float | None, kept: float) -> list[str]:
    mine, theirs = _number(own), _number(other)
    if mine is None or theirs is None:
        return [f"{name} was not measured for both models, and the policy limits its drop"]
    return [f"{name} fell from {theirs:.4f} to {mine:.4f}, below {kept:.0%} of it"] if mine < kept * theirs else []
