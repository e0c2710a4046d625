"""Only what is out of date is made, and the plan says why: files, parameters, code, parts of the pipeline."""

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from assets.materialising import RECIPES
from assets.materialising.planning import plan
from assets.materialising.store import Store
from assets.materialising.world import World
from assets.workspace import Workspace
from pipelines.jobs import PARTS
from pipelines.settings import Settings
from recsys_core.errors import StorageError
from tests.assets.asset_graph import asset_graph
from tests.assets.materialising.configuring import configured, with_descendants
from tests.corpus.made_home import another_version, inputs_now


def test_in_an_empty_home_everything_is_to_be_made_after_what_it_is_made_of(settings: Settings) -> None:
    work = plan(World(settings.workspace()))

    assert set(work.stale) == set(asset_graph()) == set(work.versions)
    order = list(work.stale)
    assert all(order.index(up) < order.index(name) for name in order for up in asset_graph()[name]["made_of"])
    assert set(work.causes) == {f"{name}: never made, or its stored value is gone" for name in asset_graph()}
    assert work.found == {}


def test_nothing_is_to_be_made_when_nothing_changed(up_to_date: Workspace) -> None:
    work = plan(World(up_to_date))
    assert (work.stale, work.lost, work.causes) == ({}, {}, [])
    assert work.found == work.versions


def test_a_home_and_data_in_another_place_are_up_to_date_too(up_to_date: Workspace, tmp_path: Path) -> None:
    shutil.copytree(tmp_path, tmp_path.with_name(f"{tmp_path.name} moved, 100 % ü"))
    folder = tmp_path.with_name(f"{tmp_path.name} moved, 100 % ü")
    moved = Settings(folder / "home", folder / "data", config_file=folder / "small.yaml").workspace()
    assert plan(World(moved)).stale == {}
    assert plan(World(up_to_date)).stale == {}


def test_a_newer_time_stamp_alone_is_no_change(up_to_date: Workspace) -> None:
    for path in up_to_date.data_path.iterdir():
        os.utime(path, (2_000_000_000, 2_000_000_000))

    assert plan(World(up_to_date)).stale == {}


def test_one_changed_rating_makes_the_ratings_and_what_follows_anew_and_names_the_file(up_to_date: Workspace) -> None:
    path = up_to_date.data_path / "ratings.csv"
    lines = path.read_text().splitlines(keepends=True)
    user, movie, rating, moment = lines[1].split(",")
    lines[1] = f"{user},{movie},{'1.5' if rating != '1.5' else '2.5'},{moment}"
    path.write_text("".join(lines))

    work = plan(World(up_to_date))

    assert set(work.stale) == with_descendants("raw_ratings")
    assert "raw_movies" not in work.stale
    (cause,) = work.causes
    assert cause.startswith("raw_ratings: ratings.csv changed (SHA-256 ")
    assert work.stale["ratings"] == ["raw_ratings was made anew"]


def test_an_optional_file_that_goes_is_a_change_with_its_name(up_to_date: Workspace) -> None:
    (up_to_date.data_path / "tags.csv").unlink()

    work = plan(World(up_to_date))

    assert set(work.stale) == with_descendants("raw_tags")
    (cause,) = work.causes
    assert cause.startswith("raw_tags: tags.csv changed (SHA-256 ")
    assert cause.endswith("→ absent)")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("recommendations: {k: 7}", "k 20 → 7"),
        ("evaluation: {ks: [5, 10]}", "ks"),
        ("tuning: {n_trials_gate: 2}", "n_trials_gate 3 → 2"),
        ("tuning: {als: {factors: 9, iterations: 3}}", "als.factors 8 → 9"),
        ("features: {min_tag_items: 3}", "min_tag_items 2 → 3"),
        ("split: {seed: 1}", "seed "),
        ("validation: {max_rejected_share: 0.2}", "max_rejected_share 0.05 → 0.2"),
        ("onboarding: {seed: 8}", "seed "),
    ],
)
def test_a_changed_parameter_makes_anew_what_depends_on_its_section_and_names_it(
    up_to_date: Workspace, tmp_path: Path, text: str, words: str
) -> None:
    section = text.split(":", maxsplit=1)[0]
    depending = {name for name, asset in asset_graph().items() if section in asset["parameters"]}

    work = plan(World(configured(up_to_date, tmp_path, text)))

    assert depending
    assert set(work.stale) == with_descendants(*depending)
    assert {cause.split(" changed: ")[0] for cause in work.causes} == {
        f"{name}: parameters of {section!r}" for name in depending
    }
    assert [cause for cause in work.causes if words not in cause] == []


def test_another_promotion_policy_decides_anew_without_training(up_to_date: Workspace, tmp_path: Path) -> None:
    (tmp_path / "policy.yaml").write_text("minimum_test_users: 4\n")

    work = plan(World(configured(up_to_date, tmp_path, f"promotion_policy: {tmp_path / 'policy.yaml'}")))

    assert set(work.stale) == {"promotion", "recommendations"}
    assert all(cause.startswith("promotion: parameters of 'promotion' changed: ") for cause in work.causes)


def edited_file(monkeypatch: pytest.MonkeyPatch, file: str) -> None:
    """As if the code had been loaded after ``file`` was edited."""
    for name, recipe in list(RECIPES.items()):
        if file in recipe.code.files:
            code = object.__new__(type(recipe.code))
            code.__dict__.update(recipe.code.__dict__)
            code.files = {**recipe.code.files, file: "another"}
            monkeypatch.setitem(RECIPES, name, replace(recipe, code=code))


def test_a_change_in_how_ease_is_fitted_makes_anew_what_fits_it_and_what_follows(
    up_to_date: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    edited_file(monkeypatch, "recsys_core/sources/ease/fit.py")

    work = plan(World(up_to_date))

    assert {"hybrid_weights", "ease_model"} <= set(work.stale)
    assert set(work.stale) == with_descendants("hybrid_weights", "ease_model")
    untouched = {"split", "item_features", "als_model", "content_model", "user_item_matrix", "ratings", "raw_ratings"}
    assert untouched & set(work.stale) == set()
    assert work.stale["hybrid_weights"] == ["recsys_core/sources/ease/fit.py changed"]
    assert "recsys_core/sources/ease/fit.py changed" in work.stale["ease_model"]
    assert all(cause.endswith(": recsys_core/sources/ease/fit.py changed") for cause in work.causes)


@pytest.mark.parametrize("file", ["recsys_core/plotting/plots.py", "recsys_core/plotting/tuning_plots.py"])
def test_a_change_in_a_plot_makes_nothing_anew(
    up_to_date: Workspace, monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    assert (Path(__file__).parents[3] / file).exists()
    edited_file(monkeypatch, file)
    assert plan(World(up_to_date)).stale == {}


def test_a_change_in_a_function_makes_its_asset_anew_and_no_other_of_the_file(
    up_to_date: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    edited_file(monkeypatch, "content_model in assets/models.py")

    work = plan(World(up_to_date))

    assert set(work.stale) == with_descendants("content_model")
    assert work.causes == ["content_model: content_model in assets/models.py changed"]


def test_a_table_that_failed_its_checks_is_made_again_though_nothing_changed(up_to_date: Workspace) -> None:
    world = World(up_to_date)
    world.store.put(inputs_now(world, "ratings"), world.store.load("ratings", RECIPES["ratings"].kind), usable=False)

    work = plan(World(up_to_date))

    assert set(work.stale) == with_descendants("ratings")
    assert work.causes == ["ratings: its checks failed last time"]


def test_what_was_made_of_another_version_is_made_anew(up_to_date: Workspace) -> None:
    another_version(up_to_date, "split")

    work = plan(World(up_to_date))

    assert set(work.stale) == with_descendants("split")
    assert work.causes == ["split: elsewhere.py is gone"]


def test_everything_can_be_asked_for(up_to_date: Workspace) -> None:
    (up_to_date.data_path / "tags.csv").unlink()
    work = plan(World(up_to_date)).everything("asked for")
    assert list(work.stale) == list(RECIPES)
    assert work.stale["raw_ratings"] == ["asked for"]
    assert work.stale["raw_tags"] != ["asked for"]
    assert work.found == {}


def test_the_data_part_alone_leaves_training_out(settings: Settings) -> None:
    work = plan(World(settings.workspace()), groups=PARTS["data"])

    assert set(work.stale) == {name for name, asset in asset_graph().items() if asset["group"] in PARTS["data"]}


def test_training_alone_takes_the_features_as_they_are_stored(up_to_date: Workspace) -> None:
    (up_to_date.data_path / "tags.csv").unlink()

    assert plan(World(up_to_date), groups=PARTS["training"]).stale == {}


@pytest.mark.parametrize(("state", "words"), [("gone", "was never made"), ("unusable", "failed its checks")])
def test_training_alone_needs_usable_features(up_to_date: Workspace, state: str, words: str) -> None:
    if state == "gone":
        shutil.rmtree(Store(up_to_date.store_directory).root / "split")
    else:
        another_version(up_to_date, "split", usable=False)

    with pytest.raises(StorageError, match=f"asset split {words}.*run the whole pipeline"):
        plan(World(up_to_date), groups=PARTS["training"])


def test_a_plan_pins_what_it_does_not_make(up_to_date: Workspace) -> None:
    from assets.materialising.store import Pins

    (up_to_date.data_path / "tags.csv").unlink()
    world = World(up_to_date)
    work = plan(world)

    pins = Pins(world.store.root, work.pin(world))

    assert {name: pins.get(name) for name in RECIPES if pins.get(name)} == work.found
    assert set(work.found) == set(RECIPES) - set(work.stale)
