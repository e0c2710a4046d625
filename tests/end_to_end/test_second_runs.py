"""A second `recsys run`, right after any kind of run, makes nothing or exactly what is still owed, and says why."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from assets.materialising import RECIPES
from pipelines.jobs import PARTS
from tests.corpus.healthy_folder import edit_lines, lines_of
from tests.end_to_end.calling import Said, change_one_rating, recsys
from tests.end_to_end.two_runs import FROM_SPLIT, Place, place_in_copy

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("second_runs"), pytest.mark.timeout(600)]

DATA = [name for name, recipe in RECIPES.items() if recipe.group in PARTS["data"]]
TRAINING = [name for name in RECIPES if name not in DATA]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, made_home: Path) -> Place:
    folder = tmp_path_factory.mktemp("second_runs") / "made"
    return place_in_copy(made_home, folder)


@pytest.fixture
def place(made: Place) -> Iterator[Place]:
    """A home in which all is up to date with seed 0, before and after."""
    yield made
    assert whole(made.run(0)) == {}


def whole(said: Said) -> dict[str, list[str]]:
    """What a run that succeeded has made, with the reasons."""
    assert (said.code, said.err, said.document["status"]) == (0, "", "succeeded")
    found: dict[str, list[str]] = said.document["made"]
    return found


def causes(made: dict[str, list[str]]) -> dict[str, list[str]]:
    """Without the assets that are made for no other reason than that one before them is."""
    found = {name: [why for why in reasons if not why.endswith("was made anew")] for name, reasons in made.items()}
    return {name: reasons for name, reasons in found.items() if reasons}


def champion(place: Place) -> str:
    listed = recsys("models", "--home", place.home, "--json").document["models"]
    (found,) = [entry["version"] for entry in listed if "champion" in entry["aliases"]]
    return str(found)


def test_after_one_part_the_other_is_owed_and_after_a_kill_the_rest(place: Place) -> None:
    part = whole(place.run(1, "--only", "data"))
    assert list(part) == [name for name in FROM_SPLIT if name in DATA]
    assert causes(part) == {"split": ["parameters of 'split' changed: seed 0 → 1"]}
    assert whole(place.run(1, "--only", "data")) == {}

    killed = place.start_recsys(1, place.marks(), die="hybrid_model:pointer").ended()
    assert killed.code == -9

    planned = recsys("plan", *place.arguments(1)).document["stale"]
    rest = whole(place.run(1))
    assert rest == planned
    assert list(rest) == TRAINING[TRAINING.index("hybrid_model") :]
    assert whole(place.run(1)) == {}

    back = whole(place.run(0))
    assert causes(back)["split"] == ["parameters of 'split' changed: seed 1 → 0"]
    assert set(back) <= set(FROM_SPLIT)


def test_after_a_move_of_the_champion_and_its_way_back_recommendations_alone_are_owed(place: Place) -> None:
    """After the test before, two versions are registered. That nothing is owed after the way back, the fixture asks."""
    first = champion(place)
    recsys("promote", "2" if first == "1" else "1", "--home", place.home)
    assert champion(place) != first
    only_recommendations_are_owed(place)
    assert whole(place.run(0)) == {}
    recsys("rollback", "--home", place.home)
    assert champion(place) == first
    only_recommendations_are_owed(place)


def only_recommendations_are_owed(place: Place) -> None:
    owed = whole(place.run(0))
    assert list(owed) == ["recommendations"]
    (why,) = owed["recommendations"]
    assert why.startswith("another champion: version ")


def test_after_a_failed_check_the_table_is_tried_again_and_nothing_before_it(place: Place) -> None:
    path = place.data / "ratings.csv"
    healthy = path.read_bytes()
    lines = lines_of(path)
    edit_lines(path, [lines[0], *(f"{line.rsplit(',', 2)[0]},77,{line.rsplit(',', 1)[1]}" for line in lines[1:])])
    try:
        said = place.run(0)
        assert (said.code, said.document["status"]) == (1, "failed")
        assert {(failure["asset"], failure["check"]) for failure in said.document["failed"]} == {
            ("ratings", "expectations")
        }
        planned = recsys("plan", *place.arguments(0)).document["stale"]
        assert "raw_ratings" not in planned
        assert planned["ratings"] == ["its checks failed last time"]
        again = place.run(0)
        assert (again.code, again.document["failed"]) == (1, said.document["failed"])
    finally:
        path.write_bytes(healthy)
    owed = whole(place.run(0))
    assert owed["raw_ratings"][0].startswith("ratings.csv changed (SHA-256 ")
    assert not {"raw_movies", "movies", "raw_tags"} & set(owed)


def test_after_a_forced_run_nothing_is_owed(place: Place) -> None:
    """What is owed afterwards is asked by the fixture."""
    assert list(whole(place.run(0, "--force", "--only", "training"))) == TRAINING


def test_after_a_changed_file_and_its_way_back_the_old_version_is_the_current_one(place: Place) -> None:
    path = place.data / "ratings.csv"
    healthy = path.read_bytes()
    change_one_rating(place.data)
    try:
        assert whole(place.run(0, "--only", "data"))["raw_ratings"]
        assert whole(place.run(0, "--only", "data")) == {}
    finally:
        path.write_bytes(healthy)
    owed = whole(place.run(0))
    assert list(causes(owed)) == ["raw_ratings"]
