"""The promotion gate: a pure function from two evaluations and a policy to a verdict with its reasons and figures.

It fails closed. Whatever is missing, undefined or not comparable leaves the champion where it is.

FIRST      There is no champion, or one of another catalogue: the version becomes it, so that there is something to
           serve. Its figures must be sound, and not surely below popularity's; with too few test users nothing is sure,
           and that, too, becomes a warning. So do broken guardrails, which ask whether a *replacement* is safe.
PROMOTED   Enough users, no guardrail broken, not surely below popularity, and the rule met: a new recipe must be better
           than the champion, the same recipe on fresh data may not lose more than a margin against the last version
           that was better than the one before it (docs/promotion.md).
KEPT       Anything else; also without a champion when the figures are not sound (missing, NaN, no users).
SUSPICIOUS A mean or a gain beyond what is plausible, on enough users for it not to be luck. Never promoted, even as
           the first version.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from recsys_core.evaluation import PairedDifference
from registry.gate_inputs import GateInput, UserValues, paired_interval
from registry.guardrails import broken_guardrails
from registry.policy import PromotionPolicy, Rule

__all__ = ["Decision", "Verdict", "decide"]

Verdict = Literal["FIRST", "PROMOTED", "KEPT", "SUSPICIOUS"]
_SEEN = 0.8  # the probability with which a gain that can be seen meets the rule


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


def decide(
    challenger: GateInput,
    reference: GateInput | None,
    policy: PromotionPolicy,
    *,
    same_recipe: bool = False,
    named: str = "the champion",
    none: str = "there was no champion",
) -> Decision:
    """Judge ``challenger`` against ``reference``; ``None`` means that there is no champion that it could follow.

    same_recipe  whether it was made as the champion was, on other data (:meth:`PromotionPolicy.rule_for`)
    named        what ``reference`` is called in the reasons
    none         why there is no ``reference``
    """
    rule = policy.rule_for(same_recipe)
    figures: dict[str, Any] = {"metric": policy.metric, "rule": rule, "n_users": len(challenger.user_ids)}
    faults = _faults(challenger, "the challenger", policy)
    if reference is not None:
        faults += _faults(reference, named, policy)
        faults = faults or _mismatches(challenger, reference, named)
    if faults:
        return Decision("KEPT", tuple(faults), figures)

    figures["challenger"] = float(challenger.by_user(policy.metric).mean())
    refused, notes = _against_popularity(challenger, policy, figures)
    broken = broken_guardrails(challenger, reference, policy, figures)
    few = []
    if len(challenger.user_ids) < policy.minimum_test_users:
        few = [f"only {len(challenger.user_ids)} test users; the policy asks for {policy.minimum_test_users}"]
    if reference is None:
        met, outcome = bool(few) or not refused, [none]
        doubts = [f"warning: {text}" for text in (*few, *refused, *broken)] if met else [*refused, *broken]
    else:
        met, outcome = _rule_met(challenger, reference, policy, rule, named, figures)
        doubts = [*few, *refused, *broken]
    suspicions = [] if few else _suspicions(figures["challenger"], figures.get("reference"), policy)
    if suspicions:
        return Decision("SUSPICIOUS", (*suspicions, *outcome, *refused, *broken, *notes), figures)
    if reference is None and met:
        return Decision("FIRST", (*outcome, *doubts, *notes), figures)
    return Decision("PROMOTED" if met and not doubts else "KEPT", (*outcome, *doubts, *notes), figures)


def _rule_met(
    challenger: GateInput,
    reference: GateInput,
    policy: PromotionPolicy,
    rule: Rule,
    named: str,
    figures: dict[str, Any],
) -> tuple[bool, list[str]]:
    """Whether the gain meets the rule, and in words by how much, and what so many users can show."""
    values = reference.by_user(policy.metric)
    gain = _paired(challenger, values, policy)
    superior = gain.ci_low > policy.minimum_gain
    figures |= {"against": named, "reference": float(values.mean()), "gain": gain.difference, "superior": superior}
    figures |= {"ci_low": gain.ci_low, "ci_high": gain.ci_high, "confidence": policy.confidence}
    # a model that loses nothing at all is not inferior with a margin of 0; superior must be above its threshold
    threshold = policy.minimum_gain if rule == "superior" else -policy.margin_for(figures["reference"])
    met = superior if rule == "superior" else gain.ci_low >= threshold
    outcome = (
        f"{policy.metric} changed by {_shown(gain, policy)} against {named}: "
        f"{'meets' if met else 'does not meet'} the rule {rule} ({threshold:+.4f})"
    )
    return met, [outcome, *_power(gain, policy, rule, figures)]


def _paired(model: GateInput, other: NDArray[np.float64], policy: PromotionPolicy) -> PairedDifference:
    """The policy's metric of ``model`` minus ``other``'s, which is in the order of the user ids."""
    return paired_interval(model.by_user(policy.metric) - other, np.sort(model.user_ids), policy)


def _shown(found: PairedDifference, policy: PromotionPolicy) -> str:
    interval = f"{policy.confidence:.0%} interval [{found.ci_low:+.4f}, {found.ci_high:+.4f}]"
    return f"{found.difference:+.4f}, {interval}"


def _power(gain: PairedDifference, policy: PromotionPolicy, rule: Rule, figures: dict[str, Any]) -> list[str]:
    """What so many users can show at all, by the normal approximation with the error of this comparison."""
    normal = NormalDist()
    reach = normal.inv_cdf((1 + policy.confidence) / 2)
    error = (gain.ci_high - gain.ci_low) / (2 * reach)
    if error <= 0:
        return []
    if rule == "superior":
        visible = figures["visible_gain"] = policy.minimum_gain + (reach + normal.inv_cdf(_SEEN)) * error
        share = f" ({visible / figures['reference']:.1%})" if figures["reference"] > 0 else ""
        return [f"{gain.n_users} users: a gain below {visible:.4f}{share} cannot be seen with {_SEEN:.0%} probability"]
    passes = figures["equal_passes"] = normal.cdf(policy.margin_for(figures["reference"]) / error - reach)
    return [f"{gain.n_users} users: a model that loses nothing meets the rule with {passes:.0%} probability"]


def _against_popularity(
    challenger: GateInput, policy: PromotionPolicy, figures: dict[str, Any]
) -> tuple[list[str], list[str]]:
    """Why the model is refused, and what is to be warned of."""
    values = challenger.popularity
    if values is None:
        return [], ["warning: popularity has no figures for these users, so nothing is known of a lead over it"]
    if np.shape(values) != challenger.user_ids.shape or not np.isfinite(values).all():
        return ["popularity's figures are not those of all these users, so nothing is known of a lead over it"], []
    found = _paired(challenger, UserValues(challenger.user_ids, np.asarray(values)).by_user, policy)
    figures |= {"over_popularity": found.difference, "over_popularity_low": found.ci_low}
    figures["over_popularity_high"] = found.ci_high
    words = f"{policy.metric} against popularity: {_shown(found, policy)}"
    if found.ci_high < 0:
        return [f"worse than popularity: {words}"], []
    return [], [f"warning: not surely better than popularity: {words}"] if found.ci_low <= 0 else []


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


def _mismatches(challenger: GateInput, reference: GateInput, named: str) -> list[str]:
    found = []
    if not challenger.data_fingerprint or challenger.data_fingerprint != reference.data_fingerprint:
        found.append(
            f"evaluated on different data: the challenger {challenger.data_fingerprint or 'unknown'}, "
            f"{named} {reference.data_fingerprint or 'unknown'}"
        )
    if not np.array_equal(np.sort(challenger.user_ids), np.sort(reference.user_ids)):
        ours, theirs = challenger.user_ids, reference.user_ids
        common = len(np.intersect1d(ours, theirs))
        found.append(f"evaluated on different users: {len(ours)} and {len(theirs)}, {common} in common")
    return found


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
