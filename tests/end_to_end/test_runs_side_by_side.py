"""Two real runs on one home at once: each ends with values that belong together, or is refused in one line.

They go in lockstep (see ``pacing``): after each asset both have stored their value before either goes on, so that the
pointers to what is current are the other's as often as they can be. Seed 0 and seed 1 are two configurations, whose
splits hide different people's ratings.
"""

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from assets.materialising.store import Store
from tests.corpus.healthy_folder import write_healthy_folder
from tests.end_to_end.calling import Said, recsys
from tests.end_to_end.test_development_servers import free_ports
from tests.end_to_end.two_runs import (
    FROM_SPLIT,
    N_TRIALS,
    Place,
    Undisturbed,
    both_ended,
    differing_files,
    place_in_copy,
    registry_faults,
    trials_on_disk,
    untruths,
)
from tests.end_to_end.web_server import WebServer

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("side_by_side"), pytest.mark.timeout(600)]

WITHOUT_A_QUEUE = """\
nux: {enabled: false}
telemetry: {enabled: false}
run_coordinator: {module: dagster.core.run_coordinator, class: DefaultRunCoordinator}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("side_by_side")
    write_healthy_folder(folder / "data")
    return folder


# One configuration: the same versions are made twice, at once, in a home where nothing is yet.


@dataclass(frozen=True)
class SameVersions:
    """Two runs of one configuration, and what others were told while one of them held still in the midst of writing."""

    place: Place
    recsys: Said
    dagster: Said
    refused: Said
    planned: Said
    half_written: list[bool]
    process: int
    trials: list[str]


@pytest.fixture(scope="module")
def same_versions(folder: Path) -> SameVersions:
    place = Place(folder, folder / "same", folder / "data")
    place.make_instance()
    marks = place.marks()
    one = place.start_recsys(0, marks, meet=("split", "als_model"), hold="split", trial="0.2")
    other = place.start_dagster(0, marks, meet=("split", "als_model"), trial="0.2")
    one.reaches("holds")
    (staging,) = [path for path in (place.home / "store" / "split" / "all").glob(".writing-*") if _is_held(path)]
    rubbish = place.home / "store" / "split" / "all" / ".writing-rubbish-of-a-dead-process"
    rubbish.mkdir()
    refused = place.run(0)
    planned = recsys("plan", *place.arguments(0))
    half_written = [staging.exists(), rubbish.exists()]
    (marks / "recsys.go").touch()
    said = both_ended(one, other)
    trials = (marks / "trials").read_text().splitlines()
    return SameVersions(place, *said, refused, planned, half_written, one.child.pid, trials)


def _is_held(path: Path) -> bool:
    return any(path.rglob("manifest.json"))


def test_a_second_recsys_run_is_refused_in_one_line_that_names_the_first(same_versions: SameVersions) -> None:
    refused = same_versions.refused
    assert refused.code == 1
    expected = (
        rf"recsys: another run \(process {same_versions.process}, since \S+\) is working in \S+; wait for it, .*\n"
    )
    assert re.fullmatch(expected, refused.err)
    assert refused.document["status"] == "failed"


def test_clearing_away_what_dead_processes_left_spares_what_a_living_one_writes(same_versions: SameVersions) -> None:
    assert same_versions.planned.code == 0
    assert same_versions.half_written == [True, False]
    assert list((same_versions.place.home / "store").rglob(".writing-*")) == []


def test_both_runs_of_one_configuration_end_with_the_same_metrics(
    same_versions: SameVersions, undisturbed: Undisturbed
) -> None:
    assert (same_versions.recsys.code, same_versions.recsys.err) == (0, "")
    assert same_versions.dagster.code == 0, same_versions.dagster.err
    for key in ("metrics", "rows", "data_fingerprint"):
        assert same_versions.recsys.document[key] == undisturbed.said[0][key], key


def test_no_study_is_appended_to_by_both(same_versions: SameVersions) -> None:
    assert trials_on_disk(same_versions.place.home) == {asset: [stages] for asset, stages in N_TRIALS.items()}
    said = [line.split() for line in same_versions.trials]
    for stages in N_TRIALS.values():
        assert len({name for name, stage, _ in said if stage in stages}) == 1
    assert len(said) == sum(sum(stages.values()) for stages in N_TRIALS.values())


def test_values_of_both_are_those_of_an_undisturbed_run_file_for_file(
    same_versions: SameVersions, undisturbed: Undisturbed
) -> None:
    assert untruths(same_versions.place.home) == []
    assert differing_files(same_versions.place.home, undisturbed.homes[0]) == []


def test_one_bundle_is_one_version_and_there_is_one_champion(same_versions: SameVersions) -> None:
    assert registry_faults(same_versions.place.home) == []
    (listed,) = recsys("models", "--home", same_versions.place.home, "--json").document["models"]
    assert (listed["version"], listed["verdict"], listed["aliases"]) == ("1", "FIRST", ["champion"])


def test_data_docs_of_every_table_are_whole(same_versions: SameVersions, undisturbed: Undisturbed) -> None:
    pages = _pages(same_versions.place.home)
    assert pages
    assert pages == _pages(undisturbed.homes[0])
    for path in (same_versions.place.home / "great_expectations").rglob("*.html"):
        assert path.read_text(encoding="utf-8").rstrip().endswith("</html>"), path


def _pages(home: Path) -> set[str]:
    """The names of the tables that have pages."""
    return {path.stem.split("-")[0] for path in (home / "great_expectations").rglob("*.html")}


def test_after_two_runs_of_one_configuration_nothing_is_owed(same_versions: SameVersions) -> None:
    said = same_versions.place.run(0)
    assert (said.code, said.err, said.document["made"]) == (0, "", {})


# Two configurations: Dagster's launcher executes seed 0 for the web page, `recsys run` seed 1.


@dataclass(frozen=True)
class OtherParameters:
    place: Place
    recsys: Said
    web: dict[str, Any]
    untruths: list[str]
    then: list[Said]


@pytest.fixture(scope="module")
def other_parameters(folder: Path, made_home: Path) -> OtherParameters:
    place = place_in_copy(made_home, folder / "other")
    (place.home / "dagster" / "dagster.yaml").write_text(WITHOUT_A_QUEUE)
    marks = place.marks()
    place.of_launched_runs = place.pacing(marks, "dagster", "recsys", FROM_SPLIT)
    with WebServer(place, *free_ports(1)) as server, ThreadPoolExecutor(1) as threads:
        run_id = server.launch("pipeline", assets=FROM_SPLIT)
        ends = threads.submit(place.start_recsys(1, marks, meet=FROM_SPLIT).ended)
        web = server.wait_for_run(run_id)
        (marks / "dagster.over").touch()
        said = ends.result()
    found = untruths(place.home)
    return OtherParameters(place, said, web, found, [place.run(1), place.run(1)])


def test_a_run_by_dagsters_launcher_and_recsys_run_with_another_seed_both_end_well(
    other_parameters: OtherParameters, undisturbed: Undisturbed
) -> None:
    messages = [event.get("message") for event in other_parameters.web["events"] if event.get("level") == "ERROR"]
    assert (other_parameters.web["status"], messages) == ("SUCCESS", [])
    said = other_parameters.recsys
    assert said.code == 0, said
    assert said.document["metrics"] == undisturbed.said[1]["metrics"]


def test_no_value_is_labelled_with_what_it_was_not_made_of(
    other_parameters: OtherParameters, undisturbed: Undisturbed
) -> None:
    """An ALS model beside another run's split ended every later run in "matmul: dimension mismatch"."""
    assert other_parameters.untruths == []
    for home in undisturbed.homes:
        assert differing_files(other_parameters.place.home, home) == []


def test_the_next_run_succeeds_and_the_one_after_it_makes_nothing(
    other_parameters: OtherParameters, undisturbed: Undisturbed
) -> None:
    then, again = other_parameters.then
    assert (then.code, then.err, then.document["metrics"]) == (0, "", undisturbed.said[1]["metrics"])
    assert set(then.document["made"]) <= set(FROM_SPLIT)
    assert (again.code, again.err, again.document["made"]) == (0, "", {})
    assert untruths(other_parameters.place.home) == []


def test_each_configuration_has_one_version_and_the_log_tells_who_is_champion(
    other_parameters: OtherParameters,
) -> None:
    assert registry_faults(other_parameters.place.home) == []
    listed = recsys("models", "--home", other_parameters.place.home, "--json").document["models"]
    assert [entry["version"] for entry in listed] == ["2", "1"]
    assert sum("champion" in entry["aliases"] for entry in listed) == 1


def test_what_is_current_is_of_one_piece(other_parameters: OtherParameters) -> None:
    store = Store(other_parameters.place.home / "store")
    current = {name: store.current(name) for name in FROM_SPLIT}
    for record in current.values():
        assert record is not None
        for name, version in record.parts["upstream"].items():
            if name in current:
                assert version == current[name].origin.version  # type: ignore[union-attr]
