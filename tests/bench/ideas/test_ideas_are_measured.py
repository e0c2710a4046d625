"""The table of ideas, its parts, and a round of a small folder from ratings to the document."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from bench.accuracy.data import Bundle, load_data
from bench.accuracy.settings import Settings
from bench.ideas.document import document, one_day_users
from bench.ideas.folds import Fold, cold_fold, warm_fold
from bench.ideas.idea import Configuration, Idea
from bench.ideas.measuring import Figures, figures_of_fold, measured, pooled
from bench.ideas.recency import AgeDecay, RankDecay, weighted_ratings
from bench.ideas.recipe import PLAIN, Recipe
from bench.ideas.sources import ALS, EASE, LinearVariant, als, ease
from bench.ideas.table import IDEAS
from bench.ideas.verdicts import compare, outcome
from recsys_core.dataset.interactions import build_user_items
from tests.corpus.healthy_folder import write_healthy_folder

SETTINGS = Settings(seed=1)
SMALL_ALS = als(factors=8, iterations=3)
SMALL = PLAIN.but("small", als=ALS(SMALL_ALS))


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    workspace: Path = tmp_path_factory.mktemp("ideas")
    write_healthy_folder(workspace / "data")
    return load_data(workspace, workspace / "data")


@pytest.fixture(scope="module")
def fold(bundle: Bundle) -> Fold:
    return warm_fold(bundle, SETTINGS.splitting(0))


@pytest.fixture(scope="module")
def ideas() -> list[Idea]:
    changed = SMALL.but("small, without features", ease=EASE(ease(regularization=10.0)))
    return [
        Idea("A smaller penalty", (Configuration(changed, SMALL, "ease"),), built=False),
        Idea("For orientation", (Configuration(SMALL.but("as before"), SMALL, role="beside"),), built=False),
    ]


def test_every_configuration_of_the_table_has_a_name_of_its_own_and_its_part() -> None:
    ideas = [make() for make in IDEAS]
    names = [configuration.name for idea in ideas for configuration in idea.configurations]
    assert len(names) == len(set(names))
    assert len({idea.title for idea in ideas}) == len(ideas)
    for configuration in (c for idea in ideas for c in idea.configurations if c.part is not None):
        assert isinstance(configuration.recipe, Recipe)
        others = [part for part in ("als", "ease", "content", "neighbours", "weights") if part != configuration.part]
        for part in others:
            assert getattr(configuration.recipe, part) == getattr(configuration.against, part)
        ours, other = (getattr(r, configuration.part) for r in (configuration.recipe, configuration.against))
        assert repr(ours) != repr(other)


def test_validation_users_give_nothing_to_training_and_nobody_is_in_two_rounds(bundle: Bundle) -> None:
    seen: list[int] = []
    for number in range(5):
        fold = warm_fold(bundle, SETTINGS.splitting(number))
        users = np.unique(np.concatenate([view.user_ids for view in fold.views.values()]))
        assert not np.isin(users, fold.train.user_ids).any()
        assert not np.isin(fold.known_to.test.user_ids, users).any()
        seen += users.tolist()
    assert len(seen) == len(set(seen))
    assert len(seen) > 0.8 * bundle.interactions.n_users


def test_held_back_titles_are_in_no_training_and_no_history(bundle: Bundle) -> None:
    fold = cold_fold(bundle, SETTINGS.splitting(0))
    assert len(fold.held_back_ids)
    assert not np.isin(fold.held_back_ids, fold.train.item_ids).any()
    assert fold.views["cold"].cold_targets.shape[1] == len(fold.held_back_ids)
    assert fold.views["cold"].cold_targets.nnz


def test_the_newest_rating_counts_in_full_and_older_ones_fade() -> None:
    rows = build_user_items(
        np.array([1, 1, 1, 2]), np.array([10, 11, 12, 10]), np.array([4.0, 4, 4, 5]), np.array([300, 100, 200, 7])
    )
    assert_allclose(RankDecay(0.5, 1.0).weights(rows), 0.5 + 0.5 * np.exp([0, -2, -1, 0]))
    year = 365.25 * 86_400
    aged = replace(rows, timestamps=np.array([0, 1, 2, 3]) * int(year))
    assert_allclose(AgeDecay(1.0).weights(aged), [1 / 8, 1 / 4, 1 / 2, 1])
    assert_allclose((weighted_ratings(aged, AgeDecay(1.0), 3.0).data / 5) ** 3 * 8, [0.512, 1.024, 2.048, 8], rtol=1e-6)


def test_weights_of_one_change_nothing(fold: Fold) -> None:
    full = RankDecay(1.0, 10.0)
    for plain, weighted in (
        (ALS(SMALL_ALS), ALS(SMALL_ALS, history=full, training=full)),
        (EASE(ease()), EASE(ease(), history=full, training=full)),
        (EASE(ease()), LinearVariant(ease())),
        (LinearVariant(ease(), dropout=1e-9), LinearVariant(ease())),
    ):
        expected, found = plain.scores(fold), weighted.scores(fold)
        for name in fold.views:
            assert_allclose(found[name], expected[name], rtol=1e-3, atol=1e-5)


def test_a_small_folder_goes_from_ratings_to_the_document(bundle: Bundle, ideas: list[Idea], tmp_path: Path) -> None:
    figures = measured(bundle, SETTINGS, ideas, tmp_path, folds=(0, 1), say=lambda text: None)
    again = measured(bundle, SETTINGS, ideas, tmp_path, folds=(0, 1), say=lambda text: None)
    assert_array_equal(figures.ndcg["warm"]["small | ease"], again.ndcg["warm"]["small | ease"])
    assert_array_equal(figures.ndcg["warm"]["as before"], figures.ndcg["warm"]["small"])
    one = figures_of_fold(bundle, SETTINGS, ideas, 1)
    assert_array_equal(
        pooled([one, one]).ndcg["by_time"]["small"][: len(one.user_ids["by_time"])], one.ndcg["by_time"]["small"]
    )
    text = document(figures, ideas, bundle.interactions, circumstances="- here")
    assert "**2 configurations were tried for 1 ideas**; 1 of them" in text
    assert "### A smaller penalty" in text


def _figures(rng: np.random.Generator, gains: dict[str, float]) -> Figures:
    base = rng.random(400)
    views = ("warm", "by_time", "first_3")
    columns = {view: {"small": base, "x": base + gains[view] + rng.normal(0, 0.01, 400)} for view in views}
    return Figures({view: np.arange(400) for view in views}, columns)


@pytest.mark.parametrize(
    ("gains", "role", "built", "word"),
    [
        ((0.01, 0, 0), "with", True, "kept"),
        ((0.01, 0, 0), "with", False, "**holds, not built**"),
        ((0.01, -0.01, 0), "with", False, "not kept"),
        ((0.01, -0.01, 0), "with", True, "kept, though not for all"),
        ((0, 0, 0), "with", True, "kept, gain not shown here"),
        ((0, 0, 0), "with", False, "not kept"),
        ((-0.01, 0, 0), "with", False, "not kept"),
        ((-0.01, 0, 0), "without", True, "kept"),
        ((0.01, 0, 0), "beside", True, "not an idea"),
    ],
)
def test_an_idea_holds_where_it_wins_somewhere_and_loses_nowhere(
    gains: tuple[float, ...], role: str, built: bool, word: str
) -> None:
    idea = Idea("x", (Configuration(SMALL.but("x"), SMALL, role=role),), built=built)  # type: ignore[arg-type]
    figures = _figures(np.random.default_rng(3), dict(zip(("warm", "by_time", "first_3"), gains, strict=True)))
    assert outcome(idea, compare(figures, [idea])).word == word


def test_more_comparisons_make_wider_intervals() -> None:
    figures = _figures(np.random.default_rng(0), {"warm": 0.0, "by_time": 0.0, "first_3": 0.0})
    for num in range(20):
        for columns in figures.ndcg.values():
            columns[f"y{num}"] = columns["small"] + np.random.default_rng(num).normal(0, 0.01, 400)
    ideas = [Idea(f"y{num}", (Configuration(SMALL.but(f"y{num}"), SMALL),), built=False) for num in range(20)]
    assert compare(figures, ideas).critical > compare(figures, ideas[:1]).critical + 0.3


def test_people_of_one_day_are_those_whose_ratings_lie_within_24_hours() -> None:
    rows = build_user_items(
        np.array([1, 1, 2, 2, 3]), np.array([10, 11, 10, 11, 10]), np.full(5, 4.0), np.array([0, 86_399, 5, 86_405, 9])
    )
    assert one_day_users(rows).tolist() == [1, 3]
