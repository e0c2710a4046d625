"""A home can be moved, copied and renamed: what lies in it follows, and nothing outside of it is touched."""

import hashlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from pipelines.settings import REPOSITORY
from tests.corpus.healthy_folder import write_healthy_folder
from tests.end_to_end.calling import Said, change_one_rating, clean_environment, recsys
from tests.end_to_end.test_development_servers import free_ports
from tests.end_to_end.test_serving_the_champion import ready
from tests.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("moved_homes"), pytest.mark.timeout(600)]

ODD_NAME = "which home? 100%41"  # each sign by itself is tested in tests/registry
ALL_AT_ONCE = "my %41 home: 100% ü? #1"


@dataclass(frozen=True)
class Room:
    """A folder in which homes lie, the only place that commands may write to, but for links in ``tmp``."""

    folder: Path
    config: Path

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def environment(self) -> dict[str, str]:
        return {"TMPDIR": str(self.folder / "tmp"), "PYTHONPATH": str(REPOSITORY)}

    def recsys(self, *arguments: str | Path) -> Said:
        """Call the command from a working folder of its own."""
        return recsys(*arguments, folder=self.folder / "cwd", **self.environment)

    def run(self, home: Path, data: Path | None = None) -> Said:
        return self.recsys("run", "--home", home, "--data", data or self.data, "--config", self.config, "--json")

    def recommend(self, home: Path) -> Said:
        return self.recsys("recommend", "--user", "3", "-k", "5", "--home", home, "--json")

    @property
    def contents(self) -> set[str]:
        """What lies in the folder, and in the working folder and the one for temporary files, but for links."""
        found = {path.name for path in self.folder.iterdir()}
        found |= {f"cwd/{path.name}" for path in (self.folder / "cwd").iterdir()}
        own = f"recsys-{os.getuid()}"
        found |= {f"tmp/{path.name}" for path in (self.folder / "tmp").iterdir() if path.name != own}
        return found | {
            f"tmp/{own}/{path.name}" for path in (self.folder / "tmp" / own).glob("*") if not _is_link(path)
        }


def _is_link(path: Path) -> bool:
    return path.is_symlink()


NOTHING_ELSE = {"data", "cwd", "tmp"}


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory, small_config: Path) -> Room:
    folder = tmp_path_factory.mktemp("moved")
    for name in ("cwd", "tmp"):
        (folder / name).mkdir()
    write_healthy_folder(folder / "data")
    return Room(folder, small_config)


@dataclass(frozen=True)
class Made:
    """A home under a plain name, and a new one under a name with everything in it that is not plain."""

    home: Path
    said: Said
    odd: Path
    odd_said: Said
    contents: set[str]


@pytest.fixture(scope="module")
def made(room: Room, made_home: Path) -> Made:
    home, odd = room.folder / "home", room.folder / ALL_AT_ONCE
    shutil.copytree(made_home / "home", home)
    assert room.run(home).code == 0  # that it was moved is said here
    odd_said = room.run(odd)
    return Made(home, room.run(home), odd, odd_said, room.contents)


@pytest.fixture
def home(made: Made) -> Iterator[Path]:
    """The plain one, which must be back in its place when the test ends."""
    assert (made.said.code, made.said.err) == (0, "")
    yield made.home
    assert made.home.is_dir()


def files_of(home: Path) -> dict[str, str]:
    """Every file below ``home`` with its SHA-256."""
    paths = [path for path in home.rglob("*") if path.is_file() or path.is_symlink()]
    return {str(path.relative_to(home)): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def artifact_addresses(home: Path) -> list[str]:
    """Where MLflow's database says that artifacts lie (of its own experiment "Default", which nobody uses, apart)."""
    columns = {
        "experiments": "artifact_location",
        "runs": "artifact_uri",
        "logged_models": "artifact_location",
        "model_versions": "storage_location",
    }
    with closing(sqlite3.connect(home / "mlflow" / "mlflow.db")) as database:
        return [
            str(address)
            for table, column in columns.items()
            for (address,) in database.execute(f"SELECT {column} FROM {table} WHERE {column} IS NOT NULL")
            if Path(address).parts[-2:] != ("mlruns", "0")
        ]


def must_say_that_it_follows(said: Said, before: Path) -> None:
    assert said.code == 0, said
    assert said.err.count("\n") == 1, said.err
    assert str(before) in said.err
    assert "addresses in its MLflow database follow it" in said.err


def test_a_run_in_a_copy_writes_into_the_copy_and_leaves_every_byte_of_the_original(room: Room, home: Path) -> None:
    recommended = room.recommend(home).document
    copy, changed = room.folder / "copy", room.folder / "changed data"
    shutil.copytree(home, copy, symlinks=True)
    shutil.copytree(room.data, changed)
    change_one_rating(changed)
    before = files_of(home)
    there = set(files_of(copy))

    said = room.run(copy, changed)

    must_say_that_it_follows(said, home)
    assert said.document["model_version"] == "2"
    assert "raw_ratings" in said.document["made"]
    assert "raw_movies" not in said.document["made"]
    assert files_of(home) == before
    new = set(files_of(copy)) - there
    assert any(name.startswith("mlflow/artifacts/") for name in new)
    assert [address for address in artifact_addresses(copy) if not address.startswith(f"{copy.as_uri()}/")] == []
    assert [entry["version"] for entry in room.recsys("models", "--home", copy, "--json").document["models"]] == [
        *("2", "1")
    ]
    again = room.run(copy, changed)
    assert (again.code, again.err, again.document["made"]) == (0, "", {})
    assert files_of(home) == before
    assert room.recommend(home).document == recommended
    shutil.rmtree(copy)
    shutil.rmtree(changed)


def test_a_renamed_home_says_so_in_one_line_and_works(room: Room, home: Path) -> None:
    moved = room.folder / ODD_NAME
    home.rename(moved)
    beside = room.contents
    try:
        said = room.run(moved)
        must_say_that_it_follows(said, home)
        assert said.document["made"] == {}
        recommended = room.recommend(moved)
        assert (recommended.code, recommended.err, recommended.document["model_version"]) == (0, "", "1")
        assert len(recommended.document["items"]) == 5
        assert room.contents == beside
    finally:
        moved.rename(home)
    said = room.run(home)
    must_say_that_it_follows(said, moved)
    assert said.document["made"] == {}


def test_the_first_command_may_be_any(room: Room, home: Path) -> None:
    """Not only a run mends: whoever comes first does."""
    moved = room.folder / "moved"
    for command in (
        ("recommend", "--user", "3", "--json"),
        ("models", "--json"),
        ("plan", "--data", room.data, "--config", room.config, "--json"),
    ):
        home.rename(moved)
        try:
            must_say_that_it_follows(room.recsys(*command, "--home", moved), home)
        finally:
            moved.rename(home)
        must_say_that_it_follows(room.recsys("models", "--home", home, "--json"), moved)


def test_a_new_home_with_an_odd_name_works_from_its_first_run(room: Room, made: Made) -> None:
    assert (made.odd_said.code, made.odd_said.err) == (0, "")
    assert made.odd_said.document["metrics"] == made.said.document["metrics"]
    assert made.contents == NOTHING_ELSE | {"home", ALL_AT_ONCE}
    for inside in ("mlflow/mlflow.db", "dagster/history/runs.db", "dagster/schedules/schedules.db"):
        assert (made.odd / inside).is_file(), inside
    assert (made.odd / "dagster" / "history" / "runs.db").stat().st_size > 0
    again = room.run(made.odd)
    assert (again.code, again.err, again.document["made"]) == (0, "", {})


def test_all_commands_work_in_a_home_moved_from_one_odd_name_to_another(room: Room, made: Made) -> None:
    assert made.odd_said.code == 0
    moved = room.folder / f"{ALL_AT_ONCE} again"
    made.odd.rename(moved)
    beside = room.contents
    must_say_that_it_follows(room.run(moved), made.odd)
    listed = room.recsys("models", "--home", moved, "--json").document["models"]
    assert [(entry["version"], "champion" in entry["aliases"]) for entry in listed] == [("1", True)]
    told = room.recommend(moved).document
    (port,) = free_ports(1)
    child = subprocess.Popen(
        [sys.executable, "-m", "pipelines.cli", "serve", "--home", str(moved), "--port", str(port)],
        cwd=room.folder / "cwd",
        env=clean_environment(**room.environment),
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=10) as client:
            wait_until(lambda: ready(client), 60, child=child)
            answer = client.get("/recommendations/3", params={"k": 5}).json()
        child.send_signal(signal.SIGTERM)
        _, log = child.communicate(timeout=30)
    finally:
        child.kill()
        child.communicate()
    assert "Traceback" not in log
    assert [item["movie_id"] for item in answer["items"]] == [item["movie_id"] for item in told["items"]]
    assert room.contents == beside
    checked = room.recsys("check-home", "--home", moved, "--json")
    assert (checked.code, checked.document["faults"]) == (0, {})
    moved.rename(made.odd)
