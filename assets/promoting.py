"""The promotion gate as an asset: the new version against the champion on the same test users."""

import time
from datetime import UTC, datetime

import dagster as dg
import numpy as np

from assets.declaring import Made, recsys_asset
from assets.documents import Promotion, Registration
from assets.presenting import rows_metadata, text_table
from assets.tracking import tracked
from assets.workspace import Workspace
from recsys_core.bundle import ModelBundle
from recsys_core.dataset.interactions import HeldOut, Split, UserItemMatrix
from recsys_core.errors import RegistryError
from recsys_core.evaluation import Evaluation, EvaluationParameters, evaluate
from recsys_core.experiment import OnVocabulary
from recsys_core.hybrid import HybridModel
from registry.gate import GateInput, decide
from registry.gate_inputs import gate_input
from registry.models import ModelRegistry
from registry.promotion import Promotions
from registry.promotion_log import LogEntry
from registry.versions import CHAMPION

__all__ = ["PROMOTION_ASSETS"]

_TIMED_USERS = 50
_DECISION_COLUMNS = {
    "version": ("text", "that was judged"),
    "verdict": ("text", "FIRST, PROMOTED, KEPT or SUSPICIOUS"),
    "champion": ("text", "after the decision"),
}


@recsys_asset(group="release", kinds={"mlflow"}, parameters=("promotion",))
def promotion(
    context: dg.AssetExecutionContext,
    registered_model: Registration,
    release_model: ModelBundle,
    evaluation: Evaluation,
    split: Split,
    workspace: Workspace,
) -> Made[Promotion]:
    """The gate's decision: better than the champion on the same test users, no guardrail broken, not too good."""
    tracking, parent = tracked(context, workspace)
    promotions = Promotions(tracking)
    promotions.recover()
    version = str(registered_model.content["version"])
    promotions.announce(version)
    entry = _settled(promotions, version) or _judge(
        context, workspace, promotions, version, release_model, evaluation, split
    )
    champion = promotions.versions.find(CHAMPION)
    parent.tags({"verdict": entry.verdict, "model_version": version})
    parent.json("promotion", entry.as_dict())
    content = {**entry.as_dict(), "champion": champion.version if champion else None}
    return Made(
        Promotion(content),
        {
            **rows_metadata(1, _DECISION_COLUMNS, [(entry.version, entry.verdict, content["champion"] or "none")]),
            "verdict": content["verdict"],
            "champion": content["champion"] or "none",
            "reasons": text_table(["reason"], [[reason] for reason in entry.reasons]),
        },
    )


def _settled(promotions: Promotions, version: str) -> LogEntry | None:
    """The decision that made ``version`` champion, if it is the champion: a repeated run decides nothing."""
    champion = promotions.versions.find(CHAMPION)
    if champion is None or champion.version != version:
        return None
    made = [e for e in promotions.log.entries() if e.version == version and e.verdict in ("FIRST", "PROMOTED")]
    return made[-1] if made else None


def _judge(
    context: dg.AssetExecutionContext,
    workspace: Workspace,
    promotions: Promotions,
    version: str,
    release: ModelBundle,
    evaluation: Evaluation,
    split: Split,
) -> LogEntry:
    champion = promotions.versions.find(CHAMPION)
    challenger = gate_input(
        evaluation,
        "hybrid",
        workspace.policy,
        data_fingerprint=workspace.data_fingerprint(),
        latency_p95_ms=_latency_p95_ms(release),
    )
    opponent = _champion(workspace, promotions, champion.version, split, evaluation) if champion else None
    return promotions.apply(
        decide(challenger, opponent, workspace.policy),
        version,
        against=champion.version if champion else None,
        decision_id=f"{context.run_id}/{version}",
        at=datetime.now(UTC),
    )


def _champion(
    workspace: Workspace, promotions: Promotions, version: str, split: Split, evaluation: Evaluation
) -> GateInput:
    """The champion's twin on today's test users."""
    registry = ModelRegistry(promotions.tracking)
    try:
        bundle_split = ModelBundle.load(registry.bundle_path(version)).metadata.get("split")
        twin = HybridModel.load(registry.evaluation_model_path(version))
    except RegistryError as error:
        return GateInput.missing(str(error))
    if bundle_split != workspace.section("split"):
        return GateInput.missing("it was split by other parameters, so it may have been fitted on today's test users")
    return gate_input(
        _evaluate_twin(twin, split.test, split.train, split.summary["protocol"], evaluation.parameters),
        "hybrid",
        workspace.policy,
        data_fingerprint=workspace.data_fingerprint(),
    )


def _evaluate_twin(
    twin: HybridModel, test: HeldOut, train: UserItemMatrix, protocol: str, parameters: EvaluationParameters
) -> Evaluation:
    moved = OnVocabulary(twin, train.item_ids, test.cold_item_ids)
    return evaluate(
        {"hybrid": moved.score},
        test,
        train,
        cold_scorers={"hybrid": moved.score_cold},
        protocol=protocol,
        parameters=parameters,
    )


def _latency_p95_ms(bundle: ModelBundle) -> float:
    """95th percentile of one person's ten recommendations, in milliseconds, over some users."""
    seconds = []
    for user_id in bundle.known.user_ids[:_TIMED_USERS]:
        started = time.perf_counter()
        bundle.recommend_for_user(int(user_id))
        seconds.append(time.perf_counter() - started)
    return float(np.percentile(seconds, 95) * 1000)


PROMOTION_ASSETS = [promotion]
