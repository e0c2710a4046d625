"""The promotion gate as an asset: the new version against the champion on the same test users."""

from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from assets.deciding_code import RELEASED
from assets.materialising import InputChangedError, Inputs, Made, Shown, Step, recsys_asset
from assets.presenting import advice, page
from assets.tracking import run_log
from recsys_core.bundle import ModelBundle
from recsys_core.dataset.interactions import Split
from recsys_core.describing import Description
from recsys_core.evaluation import Evaluation
from registry.documents import Promotion, Registration
from registry.judging import judge
from registry.observing import Observed
from registry.policy import PromotionPolicy
from registry.promotion import ChampionChangedError
from registry.tracking import Tracking

__all__ = ["promotion"]

_DECISION_COLUMNS = {
    "version": ("text", "that was judged"),
    "verdict": ("text", "FIRST, PROMOTED, KEPT or SUSPICIOUS"),
    "champion": ("text", "after the decision"),
}
_FIGURES = ("challenger", "reference", "gain", "coverage", "latency_p95_ms")


_GATE = ("gate", "the gate promoted the version, or it is the champion already")


def _show(step: Step) -> Shown:
    content = step.value.content
    log = run_log(step.inputs)
    log.tags({"verdict": content["verdict"], "model_version": content["version"]})
    log.json("promotion", {name: value for name, value in content.items() if name != "champion"})
    champion, figures = content["champion"] or "none", content["figures"]
    passed = champion == content["version"]
    numbers = {name: figures[name] for name in _FIGURES if figures.get(name) is not None}
    described = Description(
        1,
        _DECISION_COLUMNS,
        [(content["version"], content["verdict"], champion)],
        {"verdict": content["verdict"], "champion": champion, "promoted": int(passed), **numbers},
        {"reasons": (["reason"], [[reason] for reason in content["reasons"]])},
    )
    return Shown(page(described), (advice(_GATE[0], passed, f"{content['verdict']}: {'; '.join(content['reasons'])}"),))


def _still_decided(folder: Path, tracking: Tracking, observed: Observed) -> str | None:
    """A decision leaves a champion behind, unless it kept a version from being the first."""
    if Promotion.load(folder).content["champion"] is None or observed.champion is not None:
        return None
    return "no version has the alias champion any more"


@recsys_asset(
    group="release",
    kinds={"mlflow"},
    show=_show,
    modules=(
        *RELEASED,
        "recsys_core.evaluation",
        "recsys_core.experiment.other_vocabulary",
        "recsys_core.splitting",
        "registry",
    ),
    parameters=("promotion",),
    quality=(_GATE,),
    observes=("tracking_store",),
    still_there=_still_decided,
)
def promotion(
    inputs: Inputs, registered_model: Registration, release_model: ModelBundle, evaluation: Evaluation, split: Split
) -> Made[Promotion]:
    """The gate's decision on the same test users: a new recipe better than the champion, the same recipe on fresh data
    no worse than the last superior version by more than a margin; no guardrail broken, not too good.

    Decided once for each version, policy and test part: what was decided stands, also after a rollback.
    """
    try:
        decision = judge(
            inputs.places.tracking,
            registered_model,
            release_model,
            evaluation,
            split,
            policy=inputs.of(PromotionPolicy),
            against=inputs.against,
            recipe=inputs.recipes["release_model"],
            data_fingerprint=inputs.data_fingerprint,
            now=partial(datetime.now, UTC),
        )
    except ChampionChangedError as error:
        raise InputChangedError(str(error)) from error
    return Made(decision)
