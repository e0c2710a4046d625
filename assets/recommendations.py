"""Recommendations for everybody, by whichever version is the champion."""

import logging
from dataclasses import replace
from pathlib import Path

from assets.configuration import RecommendationParameters
from assets.deciding_code import RELEASED
from assets.materialising import Inputs, Made, Shown, Step, recsys_asset
from assets.presenting import page
from recsys_core.bundle import ModelBundle, Recommendations
from recsys_core.describing import describe_recommendations
from recsys_core.errors import RecsysError
from recsys_core.storage import read_manifest
from registry.documents import Promotion
from registry.loading import load_bundle
from registry.models import ModelRegistry
from registry.observing import Observed
from registry.tracking import Tracking

__all__ = ["recommendations"]

_LOG = logging.getLogger("recsys")


def _show(step: Step) -> Shown:
    result: Recommendations = step.value
    bundle, warning = step.made.facts
    warned = {"warning": warning} if warning else {}
    k = step.inputs.of(RecommendationParameters).k
    return Shown(
        {**page(describe_recommendations(result, bundle)), "model_version": result.model_version, "k": k, **warned}
    )


def _still_the_champions(folder: Path, tracking: Tracking, observed: Observed) -> str | None:
    """They are the newest version's while the champion cannot be read; it may have come back."""
    theirs = read_manifest(folder, "Recommendations").get("model_version", "")
    if observed.champion in {None, theirs} or observed.champion_fault:
        return None
    try:
        load_bundle(ModelRegistry(tracking), str(observed.champion))
    except RecsysError:
        return None
    return f"they are version {theirs}'s, and the champion can be read again"


@recsys_asset(
    group="release",
    kinds={"parquet"},
    show=_show,
    modules=(*RELEASED, "registry"),
    parameters=("recommendations",),
    steps=("top_k",),
    observes=("tracking_store", "champion"),
    still_there=_still_the_champions,
)
def recommendations(inputs: Inputs, promotion: Promotion, release_model: ModelBundle) -> Made[Recommendations]:
    """The champion's best unseen titles for every user, from all ratings as they are now.

    By the newest version where there is no champion, or none that can be read.
    """
    newest = str(promotion.content["version"])
    bundle, version, warning = release_model, newest, ""
    if inputs.against not in {None, newest}:
        try:
            former = load_bundle(ModelRegistry(inputs.places.tracking), str(inputs.against))
            bundle = replace(former, known=release_model.known.with_items(former.model.item_ids))
            version = str(inputs.against)
        except RecsysError as error:
            warning = f"the champion, version {inputs.against}, cannot be read ({error}); these are version {newest}'s"
            _LOG.warning(warning)
    wanted = inputs.of(RecommendationParameters)
    found = inputs.places.engine.recommend_all(bundle, wanted.k, new_titles=wanted.new_titles)
    return Made(replace(found, model_version=version), facts=(bundle, warning))
