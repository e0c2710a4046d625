"""What is, at one look: files by their content, whatever their times say; everything asked once."""

import hashlib
import os
import shutil
import time
from dataclasses import replace
from pathlib import Path

import pytest

import assets.graph  # noqa: F401  (declares all recipes)
from assets.materialising import RECIPES, world
from assets.materialising.world import World
from assets.workspace import Workspace
from pipelines.settings import Settings
from recsys_core.errors import ParameterError
from recsys_core.storage import checksums
from registry.observing import Observed


def of_now(workspace: Workspace, table: str = "links") -> str:
    return World(workspace).file(table)[1]


def by_hand(path: Path) -> str:
    return f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}"


def settle(path: Path) -> None:
    """Make a file look old; the time of its inode's change cannot be set, so the clock of the look moves instead."""
    os.utime(path, (1_600_000_000, 1_600_000_000))


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of files whose bytes are read, one entry for each time; looks happen a minute later."""
    read: list[str] = []
    hashing, clock = checksums.file_sha256, time.time

    def listening(path: Path) -> str:
        read.append(path.name)
        return hashing(path)

    monkeypatch.setattr(checksums, "file_sha256", listening)
    monkeypatch.setattr(checksums.time, "time", lambda: clock() + 60)
    return read


def test_a_file_is_known_by_its_name_and_content(settings: Settings) -> None:
    path = settings.data_dir / "links.csv"
    assert World(settings.workspace()).file("links") == (path, by_hand(path))
    assert World(settings.workspace()).outside("links_csv") == by_hand(path)


def test_an_optional_file_that_is_not_there_is_absent(settings: Settings) -> None:
    (settings.data_dir / "tags.csv").unlink()
    assert World(settings.workspace()).file("tags") == (None, "absent")
    assert World(settings.workspace()).inputs(RECIPES["raw_tags"], {}).files == {"tags": "absent"}


def test_a_file_is_read_once_as_long_as_nobody_touches_it(settings: Settings, reads: list[str]) -> None:
    for _ in range(3):
        assert of_now(settings.workspace()) == by_hand(settings.data_dir / "links.csv")
    assert reads == ["links.csv"]


def test_a_touched_file_is_read_again_and_is_the_same(settings: Settings, reads: list[str]) -> None:
    before = of_now(settings.workspace())
    settle(settings.data_dir / "links.csv")
    assert of_now(settings.workspace()) == before
    assert reads == ["links.csv"] * 2


def test_another_content_of_the_same_size_under_the_same_time_is_noticed(settings: Settings, reads: list[str]) -> None:
    path = settings.data_dir / "links.csv"
    settle(path)
    before, times = of_now(settings.workspace()), path.stat()
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))

    assert of_now(settings.workspace()) == by_hand(path) != before


def test_a_file_that_is_replaced_by_one_with_the_same_time_and_size_is_noticed(
    settings: Settings, reads: list[str]
) -> None:
    path = settings.data_dir / "links.csv"
    settle(path)
    before = of_now(settings.workspace())
    other = path.with_name("other")
    other.write_bytes(path.read_bytes().replace(b"101", b"102", 1))
    settle(other)
    other.replace(path)

    assert of_now(settings.workspace()) == by_hand(path) != before


def test_a_file_that_changes_twice_within_a_second_is_never_taken_for_the_former(settings: Settings) -> None:
    """Its time may be the same: what was written a moment ago is read at every look."""
    path = settings.data_dir / "links.csv"
    whole = path.read_bytes()
    for number in range(5):
        path.write_bytes(whole.replace(b"101", f"10{number}".encode(), 1))
        os.utime(path, ns=(path.stat().st_atime_ns, int(time.time()) * 1_000_000_000))
        assert of_now(settings.workspace()) == by_hand(path)


def test_a_file_in_another_place_is_another_file_with_the_same_content(
    settings: Settings, tmp_path: Path, reads: list[str]
) -> None:
    before = of_now(settings.workspace())
    settings.data_dir.rename(tmp_path / "moved")
    assert of_now(replace(settings, data_dir=tmp_path / "moved").workspace()) == before


@pytest.mark.parametrize("content", ["", "{", "[]", '{"x": 1}'])
def test_a_damaged_memory_of_hashes_is_no_matter(settings: Settings, content: str, reads: list[str]) -> None:
    workspace = settings.workspace()
    before = of_now(workspace)
    (workspace.store_directory / "hashes.json").write_text(content)
    assert of_now(workspace) == before


def test_a_wrong_digit_in_the_memory_of_hashes_is_no_matter(settings: Settings, reads: list[str]) -> None:
    workspace = settings.workspace()
    before = of_now(workspace)
    memory = workspace.store_directory / "hashes.json"
    sha256 = before.split()[1]
    memory.write_text(memory.read_text().replace(sha256, f"{'1' if sha256[0] == '0' else '0'}{sha256[1:]}"))
    assert of_now(workspace) == before


def test_one_look_stays_as_it_was_found(settings: Settings) -> None:
    look = World(settings.workspace())
    before = look.file("links")
    (settings.data_dir / "links.csv").write_text("movieId,imdbId,tmdbId\n")
    assert look.file("links") == before
    assert World(settings.workspace()).file("links") != before


def test_the_tracking_store_is_asked_once_and_only_when_it_matters(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def observe(tracking: object) -> Observed:
        asked.append(tracking)
        return Observed("embedded", "3", "m-1", None)

    monkeypatch.setattr(world, "observe", observe)
    look = World(settings.workspace())
    inputs = look.inputs(RECIPES["raw_links"], {})
    assert (inputs.store, inputs.champion, inputs.against, asked) == ("", "", None, [])
    for _ in range(2):
        assert (look.outside("tracking_store"), look.outside("champion")) == ("embedded", "version 3 (m-1)")
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("observed", "name"),
    [
        (Observed("embedded", None, None, None), "none"),
        (Observed("embedded", "3", "m-1", None), "version 3 (m-1)"),
        (Observed("embedded", "3", "", None), "version 3 (unknown model)"),
        (Observed("embedded", "3", "m-1", "gone"), "version 3 (m-1, cannot be read)"),
    ],
)
def test_the_champion_is_named_with_its_files(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, observed: Observed, name: str
) -> None:
    monkeypatch.setattr(world, "observe", lambda _: observed)
    assert World(settings.workspace()).outside("champion") == name


def test_configuration_is_read_once_and_a_mistake_in_it_is_told(settings: Settings, tmp_path: Path) -> None:
    look = World(settings.workspace())
    before = look.configuration
    (tmp_path / "small.yaml").write_text("tuning: {trials: 9}")
    assert look.configuration is before
    with pytest.raises(ParameterError, match=r"small\.yaml.*trials is not known"):
        _ = World(settings.workspace()).configuration


def test_files_of_a_pattern_are_known_by_their_names_and_contents(settings: Settings, tmp_path: Path) -> None:
    text = "name: own\nfeedback: {kind: events}\ninteractions: {file: '*-rows.csv', columns: {item_id: movieId}}\n"
    (settings.data_dir / "dataset.yaml").write_text(text)
    for name in ("a", "b"):
        shutil.copy(settings.data_dir / "ratings.csv", settings.data_dir / f"{name}-rows.csv")

    before = of_now(settings.workspace(), "ratings")
    assert before.startswith("*-rows.csv ")
    (settings.data_dir / "b-rows.csv").write_text("user_id,movieId\n1,2\n")
    assert of_now(settings.workspace(), "ratings") != before


def test_the_data_may_be_declared_elsewhere(settings: Settings, tmp_path: Path) -> None:
    text = "name: own\nfeedback: {kind: events}\ninteractions: {file: ratings.csv, columns: {item_id: movieId}}\n"
    (tmp_path / "own.yaml").write_text(text)
    there = replace(settings, dataset_file=tmp_path / "own.yaml").workspace()

    assert World(there).dataset.name == "own"
    assert World(there).configuration.relevance.positive_threshold == 0
    assert World(settings.workspace()).dataset.name == "movielens"


def test_inputs_name_the_code_and_the_configuration_of_the_asset(settings: Settings) -> None:
    inputs = World(settings.workspace()).inputs(RECIPES["raw_links"], {}, run_id="run-1")
    assert (inputs.asset, inputs.run_id, dict(inputs.parameters)) == ("raw_links", "run-1", {})
    assert inputs.code == RECIPES["raw_links"].code.files
    assert inputs.libraries == RECIPES["raw_links"].code.libraries
    assert abs(inputs.now - time.time()) < 60
