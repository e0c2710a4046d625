"""Experiments on live traffic: who gets which model, what is stored, and what happens when an arm cannot be served."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from recsys_core.errors import MissingFileError
from serving.events import EventStore
from serving.experiments import assign, load_experiments
from serving.settings import ServingSettings

MakeServer = Callable[..., TestClient]
DECLARED = """
experiments:
  - name: more-content
    control: old
    arms:
      - {name: old, model: champion, share: 0.5}
      - {name: new, model: challenger, share: 0.5}
"""


@pytest.fixture
def declared(tmp_path: Path) -> Path:
    path = tmp_path / "experiments.yaml"
    path.write_text(DECLARED)
    return path


def exposures(client: TestClient, settings: ServingSettings) -> list[tuple[int, str | None, str | None]]:
    """All that were recorded so far, written or still waiting for it."""
    client.app.state.server.exposures.flush()  # type: ignore[attr-defined]
    with EventStore.open(settings.events_address) as store:
        return [(event.user_id, event.arm, event.model_version) for event in store.read(kinds=["exposure"])]


def test_everybody_gets_the_model_of_their_arm_again_and_again(
    start_server: MakeServer, registry: Any, declared: Path, settings: ServingSettings
) -> None:
    registry.aliases["challenger"] = "2"
    experiment = load_experiments(declared).named("more-content")
    client = start_server(experiments_file=declared)
    wanted = []
    for user_id in range(10, 110, 10):
        arm = assign(experiment, user_id)
        version = {"old": "1", "new": "2"}[arm.name]
        for _ in range(2):
            found = client.get(f"/recommendations/{user_id}").json()
            assert found["model_version"] == version
            assert found["experiment"] == {"experiment": "more-content", "arm": arm.name}
        wanted.append((user_id, arm.name, version))  # once an hour
    assert {arm for _, arm, _ in wanted} == {"old", "new"}
    assert exposures(client, settings) == wanted


def test_only_the_plain_hybrid_takes_part(start_server: MakeServer, registry: Any, declared: Path) -> None:
    registry.aliases["challenger"] = "2"
    client = start_server(experiments_file=declared)
    for parameters in ({"model": "als"}, {"alpha": 0.3}):
        found = client.get("/recommendations/10", params=parameters).json()
        assert (found["experiment"], found["model_version"]) == (None, "1")
    assert client.post("/recommendations", json={"liked": [3]}).json()["experiment"] is None


def test_an_arm_without_a_model_gives_the_champion_and_no_exposure(
    start_server: MakeServer, declared: Path, settings: ServingSettings
) -> None:
    experiment = load_experiments(declared).named("more-content")
    treated = next(user_id for user_id in range(1, 200) if assign(experiment, user_id).name == "new")
    client = start_server(experiments_file=declared)
    found = client.get(f"/recommendations/{treated}").json()
    assert (found["model_version"], found["experiment"]) == ("1", None)
    assert exposures(client, settings) == []


def test_a_declaration_that_is_missing_stops_the_start(start_server: MakeServer, tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match=r"nowhere\.yaml"):
        start_server(experiments_file=tmp_path / "nowhere.yaml")
