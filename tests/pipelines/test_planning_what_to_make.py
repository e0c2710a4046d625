"""Only what is out of date is made, and the plan says why."""

import os
import shutil
from pathlib import Path

import pytest

from assets.documents import Document
from assets.workspace import Workspace
from pipelines.jobs import PARTS
from pipelines.planning import plan
from pipelines.settings import Settings
from recsys_core.errors import StorageError
from tests.assets.asset_graph import asset_graph

GRAPH = asset_graph()


def with_descendants(*names: str) -> set[str]:
    found = set(names)
    while more := {name for name, asset in GRAPH.items() if found & set(asset["made_of"])} - found:
        found |= more
    return found


def configured(workspace: Workspace, tmp_path: Path, text: str) -> Workspace:
    """The same home with another configuration."""
    (tmp_path / "config.yaml").write_text(text)
    return Workspace(home=workspace.home, data_dir=workspace.data_dir, config_file=str(tmp_path / "config.yaml"))


def test_in_an_empty_home_everything_is_to_be_made_after_what_it_is_made_of(settings: Settings) -> None:
    work = plan(settings.workspace())

    assert set(work.stale) == set(GRAPH)
    order = list(work.stale)
    assert all(order.index(up) < order.index(name) for name in order for up in GRAPH[name]["made_of"])
    assert set(work.causes) == {f"{name}: never made, or its stored value is gone" for name in GRAPH}


def test_nothing_is_to_be_made_when_nothing_changed(up_to_date: Workspace) -> None:
    assert plan(up_to_date).stale == {}


def test_a_newer_time_stamp_alone_is_no_change(up_to_date: Workspace) -> None:
    for path in up_to_date.data_path.iterdir():
        os.utime(path, (2_000_000_000, 2_000_000_000))

    assert plan(up_to_date).stale == {}


def test_one_changed_rating_makes_the_ratings_and_what_follows_anew_and_names_the_file(up_to_date: Workspace) -> None:
    path = up_to_date.data_path / "ratings.csv"
    lines = path.read_text().splitlines(keepends=True)
    user, movie, rating, moment = lines[1].split(",")
    lines[1] = f"{user},{movie},{'1.5' if rating != '1.5' else '2.5'},{moment}"
    path.write_text("".join(lines))

    work = plan(up_to_date)

    assert set(work.stale) == with_descendants("raw_ratings")
    assert "raw_movies" not in work.stale
    (cause,) = work.causes
    assert cause.startswith("raw_ratings: ratings.csv changed (SHA-256 ")
    assert work.stale["ratings"] == ["raw_ratings was made anew"]


def test_an_optional_file_that_goes_is_a_change_with_its_name(up_to_date: Workspace) -> None:
    (up_to_date.data_path / "tags.csv").unlink()

    work = plan(up_to_date)

    assert set(work.stale) == with_descendants("raw_tags")
    assert work.causes == [cause for cause in work.causes if cause.startswith("raw_tags: tags.csv changed")]
    assert "→ absent" in work.causes[0]


@pytest.mark.parametrize(
    "text",
    [
        "recommendations: {k: 7}",
        "evaluation: {ks: [5, 10]}",
        "tuning: {n_trials_gate: 3}",
        "features: {min_tag_items: 3}",
        "split: {seed: 1}",
        "validation: {max_rejected_share: 0.2}",
    ],
)
def test_a_changed_parameter_makes_anew_what_depends_on_its_section_and_names_it(
    up_to_date: Workspace, tmp_path: Path, text: str
) -> None:
    section = text.split(":", maxsplit=1)[0]
    depending = {name for name, asset in GRAPH.items() if section in asset["parameters"]}

    work = plan(configured(up_to_date, tmp_path, text))

    assert depending
    assert set(work.stale) == with_descendants(*depending)
    assert set(work.causes) == {f"{name}: parameters of {section!r} changed" for name in depending}


def test_another_promotion_policy_decides_anew_without_training(up_to_date: Workspace, tmp_path: Path) -> None:
    (tmp_path / "policy.yaml").write_text("minimum_test_users: 4\n")

    work = plan(configured(up_to_date, tmp_path, f"promotion_policy: {tmp_path / 'policy.yaml'}"))

    assert set(work.stale) == {"promotion", "recommendations"}


def test_a_value_whose_folder_is_gone_is_made_again_and_what_follows_too(up_to_date: Workspace) -> None:
    shutil.rmtree(up_to_date.store.directory("hybrid_model", up_to_date.stored_version("hybrid_model")))

    work = plan(up_to_date)

    assert set(work.stale) == with_descendants("hybrid_model")
    assert work.causes == ["hybrid_model: never made, or its stored value is gone"]


def test_a_damaged_pointer_makes_its_asset_again(up_to_date: Workspace) -> None:
    (up_to_date.store.root / "ease_model" / "current.json").write_text('{"version": ')

    assert set(plan(up_to_date).stale) == with_descendants("ease_model")


def test_a_table_that_failed_its_checks_is_made_again_though_nothing_changed(up_to_date: Workspace) -> None:
    pointer = up_to_date.store.pointer("ratings")
    assert pointer is not None
    up_to_date.store.put("ratings", pointer.version, Document({}), parts=pointer.parts, usable=False)

    work = plan(up_to_date)

    assert set(work.stale) == with_descendants("ratings")
    assert work.causes == ["ratings: its checks failed last time"]


def test_the_data_part_alone_leaves_training_out(settings: Settings) -> None:
    work = plan(settings.workspace(), groups=PARTS["data"])

    assert set(work.stale) == {name for name, asset in GRAPH.items() if asset["group"] in PARTS["data"]}


def test_training_alone_takes_the_features_as_they_are_stored(up_to_date: Workspace) -> None:
    (up_to_date.data_path / "tags.csv").unlink()

    assert plan(up_to_date, groups=PARTS["training"]).stale == {}


@pytest.mark.parametrize(("state", "words"), [("gone", "was never made"), ("unusable", "failed its checks")])
def test_training_alone_needs_usable_features(up_to_date: Workspace, state: str, words: str) -> None:
    pointer = up_to_date.store.pointer("split")
    assert pointer is not None
    if state == "gone":
        shutil.rmtree(up_to_date.store.root / "split")
    else:
        up_to_date.store.put("split", pointer.version, Document({}), parts=pointer.parts, usable=False)

    with pytest.raises(StorageError, match=f"asset split {words}.*run the whole pipeline"):
        plan(up_to_date, groups=PARTS["training"])
