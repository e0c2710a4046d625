"""A champion that cannot be read stops no run: the gate keeps it and says why, and recommendations go on."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from assets.materialising.planning import plan
from assets.materialising.store import Store
from assets.materialising.world import World
from pipelines.running import RunOutcome, run_pipeline
from pipelines.settings import Settings
from recsys_core.bundle import Recommendations
from registry.documents import Promotion, Registration
from registry.models import ModelRegistry
from registry.promotion import Promotions
from tests.assets.materialising.configuring import configured
from tests.corpus.made_home import copy_home

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("mlflow")]


def run(settings: Settings, folder: Path, text: str) -> tuple[Settings, RunOutcome]:
    """A run with ``text`` laid over the configuration."""
    workspace = configured(settings.workspace(), folder, text)
    changed = Settings(settings.home, settings.data_dir, config_file=workspace.config_path)
    return changed, run_pipeline(changed)


def damage(home: Path) -> None:
    """One flipped byte in every array of the first version; flipped back by the next call."""
    first = min((home / "mlflow" / "artifacts" / "models").iterdir(), key=lambda path: path.stat().st_ctime_ns)
    for path in first.rglob("*.np*"):
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)


def stale(settings: Settings) -> dict[str, list[str]]:
    return plan(World(settings.workspace())).stale


def test_a_damaged_champion_is_kept_with_the_reason_and_recommendations_are_the_newest_versions(
    settings: Settings, made_home: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    copy_home(made_home, settings)
    damage(settings.home)

    settings, outcome = run(settings, tmp_path, "onboarding: {seed: 8}")

    assert outcome.failed == []
    store = Store(settings.workspace().store_directory)
    content = store.load("promotion", Promotion).content
    assert (content["version"], content["verdict"], content["champion"]) == ("2", "KEPT", "1")
    assert [reason for reason in content["reasons"] if "cannot be" in reason or "damaged" in reason], content["reasons"]
    assert "\n" not in "".join(content["reasons"])
    assert store.load("recommendations", Recommendations).table.num_rows > 0
    assert "the champion, version 1, cannot be read (" in caplog.text
    assert "these are version 2's" in caplog.text
    assert stale(settings) == {}, "a second run makes nothing"

    damage(settings.home)  # the same bytes flipped back, in what is the champion's; found by whoever reads it next
    ModelRegistry(settings.workspace().tracking()).bundle_path("1")
    assert list(stale(settings)) == ["recommendations"]
    assert run_pipeline(settings).failed == []
    assert store.load("recommendations", Recommendations).model_version == "1"

    promotions = Promotions(settings.workspace().tracking())
    promotions.promote("2", reason="the way on", at=datetime.now(UTC), actor="somebody")
    (reason,) = stale(settings)["recommendations"]
    assert list(stale(settings)) == ["recommendations"]
    assert reason.startswith("another champion: version 1 (m-")
    assert " → version 2 (m-" in reason
    assert set(run_pipeline(settings).seconds) == {"recommendations"}
    assert stale(settings) == {}

    promotions.rollback(at=datetime.now(UTC), actor="somebody")
    assert list(stale(settings)) == ["recommendations"]


def test_a_champion_whose_files_are_gone_is_put_back_from_the_stored_release(
    settings: Settings, made_home: Path
) -> None:
    copy_home(made_home, settings)
    shutil.rmtree(settings.home / "mlflow" / "artifacts" / "models")

    outcome = run_pipeline(settings)

    assert outcome.failed == []
    assert set(outcome.seconds) == {"registered_model", "promotion", "recommendations"}
    store = Store(settings.workspace().store_directory)
    assert store.load("registered_model", Registration).content["version"] == "1"
    assert store.load("promotion", Promotion).content["champion"] == "1"
    assert stale(settings) == {}
