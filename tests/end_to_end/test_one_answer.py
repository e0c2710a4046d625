"""What is out of date has one answer: of Dagster's pages (by GraphQL), of the sensor, and of the command line."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assets.materialising.store import Store
from tests.end_to_end.calling import change_one_rating
from tests.end_to_end.test_development_servers import free_ports
from tests.end_to_end.web_server import UP_TO_DATE, Place, WebServer, daemon, mlflow_server

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("one_answer"), pytest.mark.timeout(900)]

_NEVER_MADE = "never made, or its stored value is gone"
_RELEASE = {"registered_model", "promotion", "recommendations"}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, made_home: Path) -> Iterator[tuple[Place, WebServer]]:
    """A home in which the pipeline was run once, and the web server on it."""
    place = Place(tmp_path_factory.mktemp("one_answer"), made_home)
    with WebServer(place, *free_ports(1)) as server:
        yield place, server


@pytest.fixture
def place(running: tuple[Place, WebServer]) -> Place:
    return running[0]


@pytest.fixture
def server(running: tuple[Place, WebServer]) -> WebServer:
    """In front of a home in which everything is up to date, whatever the test before has left."""
    place, server = running
    server.start()
    if server.look() != (UP_TO_DATE, frozenset()) or server.dagster():
        place.recsys("run", "--json")
        server.reload()
        server.answers().must_all_be(set())
    return server


def run_and_be_up_to_date(place: Place, server: WebServer) -> None:
    place.recsys("run", "--json")
    server.answers().must_all_be(set())


def change_one_byte(folder: Path, pattern: str) -> None:
    """In the middle of the first file that fits."""
    path = sorted(folder.rglob(pattern))[0]
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_a_changed_file_and_one_that_is_gone_have_one_answer(place: Place, server: WebServer) -> None:
    change_one_rating(place.data)
    changed = server.downstream("raw_ratings")
    server.answers().must_all_be(changed)

    (place.data / "tags.csv").unlink()
    server.answers(first="plan").must_all_be(changed | server.downstream("raw_tags"))

    run_and_be_up_to_date(place, server)


def test_changed_parameters_and_code_have_one_answer_once_the_location_is_reloaded(
    place: Place, server: WebServer
) -> None:
    place.config.write_text(place.config.read_text() + "recommendations: {k: 7}\n")
    server.answers_after_reload().must_all_be({"recommendations"})

    core = place.project / "recsys_core"
    ease = core / "sources" / "ease" / "fit.py"
    place.edit(ease, "left_over = 1.0 - ", "left_over = 1.001 - ")
    reason, asked = server.tick()
    assert (reason, asked) == (
        "recsys_core/sources/ease/fit.py changed since the code was loaded: reload the code location",
        frozenset(),
    )
    answers = server.answers_after_reload()
    answers.must_all_be(server.downstream("hybrid_weights", "ease_model", "hybrid_model", "release_model"))
    assert answers.plan & {"split", "item_features", "als_model", "content_model"} == set()
    assert answers.reasons["ease_model"][0] == "recsys_core/sources/ease/fit.py changed"

    place.recsys("run", "--json")
    assert (server.sensor(), server.dagster()) == (set(), set())
    place.edit(ease, "    kernel = (strength", "    # said otherwise\n    kernel = (strength")
    place.edit(core / "plotting" / "plot_style.py", "_DPI = 150", "_DPI = 149")
    assert server.sensor() == set(), "before the reload"
    server.answers_after_reload().must_all_be(set())


def test_another_champion_and_lost_and_damaged_values_have_one_answer(place: Place, server: WebServer) -> None:
    champion = json.loads((place.current("promotion") / "value" / "document.json").read_text())["champion"]
    place.recsys("promote", "2" if champion != "2" else "1")
    server.answers().must_all_be({"recommendations"})

    shutil.rmtree(place.current("evaluation"))
    answers = server.answers(first="plan")
    answers.must_all_be({"evaluation", *_RELEASE})
    assert answers.reasons["evaluation"] == [_NEVER_MADE]

    change_one_byte(place.current("release_model"), "*.npz")
    answers = server.answers()
    answers.must_all_be({"evaluation", "release_model", *_RELEASE})
    assert "is damaged: expected SHA-256" in answers.reasons["release_model"][0]

    run_and_be_up_to_date(place, server)


def test_the_job_in_the_ui_brings_up_to_date_whatever_is_not_by_all_accounts(place: Place, server: WebServer) -> None:
    """After a rollback, with MLflow's folder gone, a new file, and a value from the launchpad."""
    server.stop_sensors()  # the daemon would run them
    with daemon(place):
        place.recsys("rollback")  # to the champion before the test above
        server.answers(first="plan").must_all_be({"recommendations"})

        shutil.rmtree(place.home / "mlflow")
        server.answers().must_all_be(_RELEASE)

        shutil.copy(place.made / "data" / "tags.csv", place.data)
        materialise_a_split_of_seed_5(place, server)
        expected = server.downstream("raw_tags", "split") | _RELEASE
        answers = server.answers()
        answers.must_all_be(expected)
        assert answers.reasons["split"] == ["parameters of 'split' changed: seed 5 → 0"]
        assert server.made("split")["staleStatus"] == "STALE"

        run = server.wait_for_run(server.launch("bring_up_to_date"))
        assert run["status"] == "SUCCESS", run
        told = {entry["label"]: entry.get("intValue", entry.get("text")) for entry in metadata_of(run)}
        assert told["made"] == len(expected)
        inner = server.wait_for_run(told["run"])
        assert (inner["status"], inner["jobName"]) == ("SUCCESS", "pipeline")
        assert {key["path"][-1] for key in inner["assetSelection"]} == expected
        said = [event["message"] for event in run["events"] if "message" in event]
        assert any("split: parameters of 'split' changed: seed 5 → 0" in message for message in said), said
        server.answers(first="plan").must_all_be(set())


def parameters(values: dict[str, Any]) -> dict[str, Any]:
    """What a person types into the launchpad."""
    return {"resources": {"parameters": {"config": values}}}


def materialise_a_split_of_seed_5(place: Place, server: WebServer) -> None:
    """From the launchpad: kept under its own version, and labelled with it."""
    before = place.current("split")
    run_id = server.launch("data", assets=["split"], config=parameters({"split": {"seed": 5}}))
    run = server.wait_for_run(run_id)
    assert run["status"] == "SUCCESS", run

    record = Store(place.home / "store").current("split")
    assert record is not None
    assert (record.parts["parameters"]["split"]["seed"], record.run_id) == (5, run_id)
    assert (place.current("split").name, place.current("split") != before) == (record.origin.version, True)
    (made,) = server.made("split")["assetMaterializations"]
    tags = {tag["key"]: tag["value"] for tag in made["tags"]}
    assert made["runId"] == run_id
    assert tags["dagster/data_version"] == record.origin.version
    assert tags["dagster/code_version"] == record.origin.code_version


def test_another_tracking_server_has_one_answer(place: Place, server: WebServer) -> None:
    with mlflow_server(place, *free_ports(1)) as address:
        server.stop()
        place.tracking_uri = address
        try:
            server.start()
            server.answers().must_all_be(_RELEASE)
            run_and_be_up_to_date(place, server)
        finally:
            server.stop()
            place.tracking_uri = ""


def metadata_of(run: dict[str, Any]) -> list[dict[str, Any]]:
    return [entry for event in run["events"] for entry in event.get("metadataEntries", [])]
