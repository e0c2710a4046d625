"""Which former version a new one is measured against: by the recipe that made both, and by what came before."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from assets.configuration import Configuration
from assets.materialising import RECIPES
from assets.materialising.store import Store
from assets.materialising.world import code_versions
from pipelines.settings import Settings
from recsys_core.bundle import ModelBundle
from recsys_core.dataset.interactions import Split
from recsys_core.evaluation import Evaluation
from registry.documents import Registration
from registry.interface import input_example
from registry.judging import judge
from registry.models import ModelRegistry
from registry.promotion import Promotions
from registry.versions import RECIPE
from tests.corpus.made_home import copy_home

pytestmark = [pytest.mark.xdist_group("mlflow")]

Judged = Callable[[str], dict[str, Any]]  # a recipe to the document of the promotion


@pytest.fixture
def promotions(settings: Settings, made_home: Path) -> Promotions:
    return Promotions(copy_home(made_home, settings).tracking())


@pytest.fixture
def judged(settings: Settings, promotions: Promotions, tmp_path: Path) -> Judged:
    """Registers another version with the first one's answers and twin, and lets the gate judge it."""
    store = Store(settings.workspace().store_directory)
    evaluation, split = store.load("evaluation", Evaluation), store.load("split", Split)
    release, first = store.load("release_model", ModelBundle), store.load("registered_model", Registration)
    policy = Configuration.read(settings.config_file).promotion.model_copy(update={"minimum_test_users": 2})

    def register_and_judge(recipe: str) -> dict[str, Any]:
        tracking, known = promotions.tracking, promotions.versions.all()
        release.metadata["made"] = len(known) + 1
        folder = tmp_path / f"bundle-{len(known)}"
        folder.mkdir()
        release.save(folder)
        registry, run_id = ModelRegistry(tracking), tracking.parent_run(f"run-{len(known)}")
        registry.log_evaluation_model(run_id, registry.evaluation_model_path("1"))
        version = registry.register_bundle(
            folder,
            run_id,
            data_fingerprint="d",
            metrics={},
            example=input_example(int(release.known.user_ids[0]), [int(release.known.item_ids[0])]),
        )
        champion = promotions.versions.find("champion")
        assert champion is not None
        registration = {**first.content, "version": version.version, "model_id": version.model_id or ""}
        promotion = judge(
            tracking,
            Registration(registration),
            release,
            evaluation,
            split,
            policy=policy,
            against=champion.version,
            recipe=recipe,
            data_fingerprint="d",
            now=lambda: datetime.now(UTC),
        )
        return dict(promotion.content)

    return register_and_judge


def test_a_refresh_is_measured_against_the_last_superior_version_and_another_recipe_against_the_champion(
    settings: Settings, promotions: Promotions, judged: Judged
) -> None:
    recipe = promotions.versions.get("1").recipe
    assert recipe == code_versions(Configuration.read(settings.config_file))["release_model"]
    assert RECIPES["promotion"].upstream["release_model"] is ModelBundle

    refresh = judged(recipe)
    assert (refresh["verdict"], refresh["champion"]) == ("PROMOTED", "2"), refresh["reasons"]
    assert (refresh["figures"]["rule"], refresh["figures"]["superior"]) == ("not_inferior", False)
    again = judged(recipe)
    assert (again["verdict"], again["champion"]) == ("PROMOTED", "3"), again["reasons"]
    assert again["figures"]["against"] == "version 1, the last superior one"

    other = judged("another recipe")
    assert (other["verdict"], other["champion"]) == ("KEPT", "3")
    assert (other["figures"]["rule"], other["figures"]["against"]) == ("superior", "the champion")
    assert promotions.versions.get("4").recipe == "another recipe"


def test_after_a_champion_without_a_recipe_every_version_has_to_be_better(
    promotions: Promotions, judged: Judged
) -> None:
    recipe = promotions.versions.get("1").recipe
    promotions.tracking.client.delete_model_version_tag(promotions.versions.name, "1", RECIPE)
    assert judged(str(recipe))["figures"]["rule"] == "superior"
