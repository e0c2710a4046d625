"""The gate at work: a new version against a former one, on today's test users; decided once for what was judged."""

import hashlib
import json
import time
from collections.abc import Callable
from datetime import datetime

import numpy as np

from recsys_core.bundle import ModelBundle
from recsys_core.dataset.catalogues import LEAST_COMMON, share_in_common
from recsys_core.dataset.interactions import Split
from recsys_core.errors import RecsysError
from recsys_core.evaluation import Evaluation, evaluate
from recsys_core.experiment import OnVocabulary
from recsys_core.splitting import split_parameters
from registry.documents import Promotion, Registration
from registry.gate import decide
from registry.gate_inputs import GateInput, gate_input
from registry.loading import load_bundle, load_evaluation_model, load_titles
from registry.models import ModelRegistry
from registry.policy import PromotionPolicy
from registry.promotion import Promotions
from registry.tracking import Tracking
from registry.versions import CHAMPION, RECIPE

__all__ = ["judge"]

_TIMED_USERS = 50


def judge(
    tracking: Tracking,
    registered: Registration,
    release: ModelBundle,
    evaluation: Evaluation,
    split: Split,
    *,
    policy: PromotionPolicy,
    against: str | None,
    recipe: str,
    data_fingerprint: str,
    now: Callable[[], datetime],
) -> Promotion:
    """The decision about ``registered``: what was decided before on this policy and test part, or a new one.

    against  the champion at the time, None when there is none: ChampionChangedError when another version has become
             champion since
    recipe   digest of the code and the configuration that made it; kept with the version, for those that come after it

    Another recipe than the champion's is compared with the champion, the same recipe with the last version that was
    superior, so that small losses do not add up. A champion of another catalogue, which a forced run replaces, is
    followed at once. A version that cannot be read is not judged: the verdict is KEPT, with the reason.
    """
    promotions = Promotions(tracking)
    promotions.recover()
    version = str(registered.content["version"])
    promotions.announce(version)
    promotions.versions.tag(version, {RECIPE: recipe})
    judged_on = json.dumps([policy.model_dump(mode="json"), split.test.fingerprint], sort_keys=True)
    base_id = f"{registered.content['model_id']}/{hashlib.sha256(judged_on.encode()).hexdigest()[:16]}"
    entry = promotions.settled(base_id)
    if entry is None:
        latency = _latency_p95_ms(release)
        challenger = gate_input(evaluation, "hybrid", policy, data_fingerprint=data_fingerprint, latency_p95_ms=latency)
        champion = promotions.versions.find(CHAMPION)
        same_recipe = champion is not None and champion.recipe == recipe
        reference, named = against, "the champion"
        if against is not None and policy.rule_for(same_recipe) == "not_inferior":
            reference = promotions.last_superior(against)
            named = f"version {reference}, the last superior one"
        share = _share_in_common(tracking, against, release)
        if share >= LEAST_COMMON:
            opponent = _former(tracking, reference, evaluation, split, policy, data_fingerprint)
            decision = decide(challenger, opponent, policy, same_recipe=same_recipe, named=named)
        else:  # the run was forced: the champion would recommend what is no longer there
            why = f"the champion is of another catalogue: {share:.1%} of the smaller one's items are in both"
            decision = decide(challenger, None, policy, none=why)
        entry = promotions.apply(
            decision,
            version,
            against=against,
            decision_id=promotions.fresh_id(base_id),
            at=now(),
        )
    promotions.versions.tell_verdict(version, entry.verdict, entry.reasons)
    now_champion = promotions.versions.find(CHAMPION)
    return Promotion({**entry.as_dict(), "champion": now_champion.version if now_champion else None})


def _share_in_common(tracking: Tracking, version: str | None, release: ModelBundle) -> float:
    """Of the champion's catalogue and that of ``release``; 1 where it cannot be told."""
    if version is None:
        return 1.0
    try:
        champion = load_titles(ModelRegistry(tracking), version)
    except RecsysError:
        return 1.0
    return share_in_common(champion.item_ids, release.titles.item_ids)


def _former(
    tracking: Tracking,
    version: str | None,
    evaluation: Evaluation,
    split: Split,
    policy: PromotionPolicy,
    data_fingerprint: str,
) -> GateInput | None:
    """The twin of a former version on today's test users."""
    if version is None:
        return None
    registry = ModelRegistry(tracking)
    try:
        if load_bundle(registry, version).metadata.get("split") != split_parameters(split).as_dict():
            return GateInput.missing(
                "it was split by other parameters, so it may have been fitted on today's test users"
            )
        twin = OnVocabulary(load_evaluation_model(registry, version), split.train.item_ids, split.test.cold_item_ids)
        judged = evaluate(
            {"hybrid": twin.score},
            split.test,
            split.train,
            cold_scorers={"hybrid": twin.score_cold},
            protocol=split.summary["protocol"],
            parameters=evaluation.parameters,
        )
    except RecsysError as error:
        return GateInput.missing(str(error))
    return gate_input(judged, "hybrid", policy, data_fingerprint=data_fingerprint)


def _latency_p95_ms(bundle: ModelBundle) -> float:
    """95th percentile of one person's ten recommendations, in milliseconds, over some users."""
    seconds = []
    for user_id in bundle.known.users.names_of(bundle.known.user_ids[:_TIMED_USERS]):
        started = time.perf_counter()
        bundle.recommend_for_user(user_id)
        seconds.append(time.perf_counter() - started)
    return float(np.percentile(seconds, 95) * 1000)
