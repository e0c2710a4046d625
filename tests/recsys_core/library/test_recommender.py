"""The library's recommender: answers of the bundle, figures of the pipeline, folders of the registry."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from recsys_core import Dataset, Recommender
from recsys_core.bundle import ListOptions, ModelBundle
from recsys_core.evaluation import EvaluationParameters
from recsys_core.experiment.folder import evaluate_folder
from recsys_core.features import FeatureParameters
from recsys_core.hybrid import HybridWeights
from recsys_core.splitting import SplitParameters
from recsys_core.tuning import TuningParameters
from recsys_core.validating import RejectLimits
from tests.recsys_core.library.planted_frames import SCALE, dataset, interactions, items, model, split

UNKNOWN = 999_999


def known_users(n: int) -> list[int]:
    return [int(user_id) for user_id in model().bundle.known.user_ids[:n]]


def test_lists_are_the_bundles_with_titles() -> None:
    users = [*known_users(2), UNKNOWN]
    found = model().recommend(users, k=4)
    assert list(found.columns) == ["user_id", "rank", "item_id", "title", "score"]
    for user_id in users:
        answer = model().bundle.recommend_for_user(user_id, ListOptions(k=4))
        rows = found[found.user_id == user_id]
        assert list(rows.item_id) == [item.movie_id for item in answer.items]
        assert list(rows.title) == [f"Film {i} ({1950 + i % 70})" for i in rows.item_id]
        assert list(rows["rank"]) == [1, 2, 3, 4]
    assert model().bundle.recommend_for_user(UNKNOWN).path == "cold"


@pytest.mark.parametrize("made", [list, tuple, np.array, pd.Series, pa.array, iter])
def test_users_are_named_by_whatever_holds_ids(made: object) -> None:
    users = known_users(3)
    assert callable(made)
    assert model().recommend(made(users), k=2).equals(model().recommend(users, k=2))


def test_one_user_and_everybody() -> None:
    (first,) = known_users(1)
    everybody = model().recommend(k=3)
    assert set(everybody.user_id) == set(model().bundle.known.user_ids)
    expected = everybody[everybody.user_id == first].reset_index(drop=True)
    pd.testing.assert_frame_equal(model().recommend(first, k=3), expected, check_dtype=False, rtol=1e-5)
    assert model().recommend(np.int64(first), k=3).equals(model().recommend(first, k=3))


def test_options_are_those_of_lists() -> None:
    found = model().recommend(known_users(3), k=5, genres=["comedy"])
    assert set(found.item_id % 2) == {1}
    everybody = model().recommend(k=5, exclude=(int(found.item_id[0]),))
    assert int(found.item_id[0]) not in set(everybody.item_id)


def test_frames_come_back_as_they_came() -> None:
    table = pa.Table.from_pandas(interactions())
    arrow = Recommender.fit(Dataset.from_frames(table, feedback=SCALE))
    assert isinstance(arrow.recommend(10, k=2), pa.Table)
    assert isinstance(arrow.items, pa.Table)


def test_similar_and_explained_as_the_bundle_says() -> None:
    (user,) = known_users(1)
    found = model().similar(3, k=3)
    assert list(found.item_id) == [item.movie_id for item in model().bundle.similar_items(3, 3).items]
    best = model().recommend(user, k=3)
    told = model().bundle.recommend_for_user(user, ListOptions(k=3, explain=True)).items[2]
    why = model().explain(user, int(best.item_id[2]))
    assert why.place == 3
    assert why.score == pytest.approx(told.score)
    assert why.sources == pytest.approx(told.sources)
    assert [reason.title for reason in why.because] == [reason.title for reason in told.because or ()]
    assert sum(why.sources.values()) == pytest.approx(why.score)
    assert repr(why).startswith(f"{why.title}: place 3, score ")
    assert "because of" in repr(why)


def test_a_newcomer_is_explained_to_as_well() -> None:
    first = model().recommend(UNKNOWN, k=1)
    why = model().explain(UNKNOWN, int(first.item_id[0]))
    assert (why.place, why.because) == (1, ())


def test_titles_are_escaped_where_they_are_shown() -> None:
    titles = items()
    titles["title"] = "<script>alert(1)</script> & " + titles.title
    shown = Recommender.fit(Dataset.from_frames(interactions(), titles, feedback=SCALE))
    why = shown.explain(10, int(shown.recommend(10, k=1).item_id[0]))
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; Film" in why._repr_html_()
    assert "<script>" not in why._repr_html_()


def test_the_evaluation_has_everybody_with_intervals_a_table_and_a_plot(tmp_path: Path) -> None:
    found = model().evaluate(split().test)
    frame = found.frame()
    assert {"popularity", "item_knn", "als", "ease", "content", "hybrid"} == set(frame.model)
    ndcg = frame[(frame.metric == "ndcg@10") & (frame.model == "hybrid")].iloc[0]
    assert ndcg.ci_low < ndcg["mean"] < ndcg.ci_high
    assert "hybrid − popularity" in repr(found)
    assert "<td" in found._repr_html_()
    picture = found.plot()
    assert picture._repr_png_()[:4] == b"\x89PNG"
    picture.save(tmp_path / "plot.png")
    assert (tmp_path / "plot.png").read_bytes() == picture.png
    assert "PNG" in repr(picture)


def test_a_tuned_model_is_judged_as_recsys_evaluate_judges_it(tmp_path: Path) -> None:
    folder, workspace = tmp_path / "data", tmp_path / "workspace"
    folder.mkdir()
    workspace.mkdir()
    interactions().to_csv(folder / "ratings.csv", index=False)
    items().to_csv(folder / "movies.csv", index=False)
    data = Dataset.of(folder)
    train, test = data.split(seed=3)
    told: list[int] = []
    tuned = Recommender.fit(train, tune=True, trials=6, on_trial=lambda trial, n, best: told.append(n))
    expected = evaluate_folder(
        folder,
        data.prepared.dataset,
        workspace,
        now=2_000_000_000,
        limits=RejectLimits(),
        splits=[SplitParameters(seed=3)],
        features=FeatureParameters(),
        tuning=TuningParameters().with_trials(6),
        evaluation=EvaluationParameters(),
    )
    assert tuned.evaluate(test).evaluation.summary() == expected.summary()
    assert len(told) == 6
    assert "tuned on" in repr(tuned)


def test_tuning_finds_the_recipe_and_all_data_are_fitted_on() -> None:
    tuned = Recommender.fit(dataset(), tune=True, trials=4)
    assert tuned.bundle.known.n_ratings == dataset().n_interactions
    assert tuned.tuned is not None
    assert tuned.bundle.model.weights == tuned.tuned.weights
    assert tuned.bundle.metadata["split"] == SplitParameters().as_dict()
    untuned = Recommender.fit(dataset())
    assert (untuned.tuned, untuned.bundle.model.weights) == (None, HybridWeights())


def test_what_is_saved_is_the_registrys_bundle(tmp_path: Path) -> None:
    model().save(tmp_path / "saved")
    model().save(tmp_path / "saved")
    again = Recommender.load(tmp_path / "saved")
    users = [*known_users(3), UNKNOWN]
    assert again.recommend(users).equals(model().recommend(users))
    assert again.items.equals(model().items)
    assert repr(again) == repr(model())
    found, before = again.evaluate(split()).evaluation, model().evaluate(split()).evaluation
    assert found.summary() == before.summary()
    bundle = ModelBundle.load(tmp_path / "saved")
    assert bundle.metadata["data_fingerprint"] == dataset().fingerprint
    assert bundle.ask_next({}, [], 3)


def test_items_that_nobody_has_rated_stand_in_lists_of_a_model_that_was_not_tuned() -> None:
    split = Dataset.of(Path(__file__).resolve().parents[3] / "data" / "sample").split()
    found = Recommender.fit(split)
    assert found.tuned is None
    assert found.bundle.model.cold.calibration is not None
    assert {*found.bundle.model.cold_item_ids} & {*found.recommend(k=20).item_id}


def test_few_people_are_enough_without_a_split() -> None:
    some = interactions()[lambda frame: frame.user_id <= frame.user_id.unique()[1]]
    few = Recommender.fit(Dataset.from_frames(some, items(), feedback=SCALE))
    assert few.bundle.model.cold.calibration is None
    assert len(few.recommend(int(some.user_id.iloc[0]), k=3)) == 3


def test_a_model_is_told_of_in_a_line() -> None:
    known = split().parts.train
    assert repr(model()) == (
        f"Recommender: fitted on {known.n_ratings} ratings of {known.n_items} items by {known.n_users} users, "
        f"{41 - known.n_items} more nobody has rated; als, ease, content, popularity, recent_popularity, neighbours"
    )
    assert "<table>" in model()._repr_html_()


def test_the_evaluation_compares_sources_without_a_weight_too() -> None:
    without = replace(model().bundle.model, weights=model().bundle.model.weights.without("ease"))
    silent = {name: source for name, source in without.sources.items() if name != "ease"}
    bundle = replace(model().bundle, model=replace(without, sources=silent))
    assert "ease" in replace(model(), bundle=bundle).evaluate(split()).evaluation.models


def test_importing_the_core_is_light() -> None:
    code = "import sys, recsys_core; print({'numpy', 'pyarrow', 'scipy', 'pandas', 'pydantic'} & {*sys.modules})"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"


def test_the_core_has_no_other_names() -> None:
    with pytest.raises(ImportError, match="Recomender"):
        from recsys_core import Recomender  # type: ignore[attr-defined]  # noqa: F401
