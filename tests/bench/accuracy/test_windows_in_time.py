"""Windows that roll through time: only what was known before one decides what is found in it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bench.accuracy.data import Bundle
from bench.accuracy.measuring import Measured
from bench.accuracy.running import measured_each
from bench.accuracy.settings import Settings
from bench.accuracy.temporal import TEMPORAL, TEMPORAL_SLICES, measure_window, window_part, windows
from recsys_core.dataset.tables import training_tags
from recsys_core.evaluation import pool


@pytest.fixture
def in_time(small_bundle: Bundle, small_settings: Settings, small_workspace: Path) -> list[Measured]:
    return measured_each(
        small_bundle, small_settings, "window", small_settings.windows, small_workspace, lambda _: None
    )


def test_windows_follow_one_another_to_the_end(small_bundle: Bundle, small_settings: Settings) -> None:
    ratings = small_bundle.interactions
    starts = []
    for split, share in zip(windows(small_bundle, small_settings), small_settings.cut_offs, strict=True):
        start = split.summary["cut_offs"]["validation_from"]
        older = ratings.timestamps < start
        assert split.train.n_ratings == older.sum()
        assert older.mean() == pytest.approx(share, abs=0.02)
        starts.append(start)
    for split, start, end in zip(
        windows(small_bundle, small_settings), starts, [*starts[1:], np.iinfo(np.int64).max], strict=True
    ):
        inside = ratings.select(
            (ratings.timestamps >= start) & (ratings.timestamps < end) & (ratings.ratings.data >= 4)
        )
        known = inside.with_items(split.train.item_ids)
        liked = known.rows(np.flatnonzero(np.diff(known.ratings.indptr)))
        np.testing.assert_array_equal(split.test.user_ids, liked.user_ids)
        assert (split.test.targets != liked.ratings).nnz == 0


def test_a_window_is_tuned_on_the_windows_before_it_and_fitted_on_all_that_is_older(
    small_bundle: Bundle, small_settings: Settings
) -> None:
    every = windows(small_bundle, small_settings)
    rounds, part = window_part(small_bundle, replace(small_settings, n_rounds=2), 3)
    assert [split.train.n_ratings for split, _ in rounds] == [every[2].train.n_ratings, every[1].train.n_ratings]
    begins = part.known.summary["cut_offs"]["validation_from"]
    assert part.train.timestamps.max() < begins
    assert training_tags(small_bundle.tables.tags, part.known)["timestamp"].to_numpy().max(initial=0) < begins
    for split, _ in rounds:
        asked = small_bundle.interactions.timestamps[
            small_bundle.interactions.timestamps >= split.summary["cut_offs"]["validation_from"]
        ]
        assert asked.min() < begins
    assert "genome" not in part.features.groups
    everybody, met = (part.views[name] for name in TEMPORAL_SLICES)
    assert everybody.history.n_ratings == met.history.n_ratings
    assert (np.diff(met.history.ratings.indptr) > 0).all()
    assert set(met.user_ids.tolist()) <= set(everybody.user_ids.tolist())


def test_later_ratings_change_nothing_in_a_window(
    small_bundle: Bundle, small_settings: Settings, in_time: list[Measured], tmp_path: Path
) -> None:
    first, second = (windows(small_bundle, small_settings)[number] for number in small_settings.windows)
    end = second.summary["cut_offs"]["validation_from"]
    ratings = small_bundle.interactions
    changed = ratings.ratings.copy()
    changed.data[ratings.timestamps >= end] = 4.5
    later = replace(small_bundle, interactions=replace(ratings, ratings=changed))
    again = measure_window(later, small_settings, small_settings.windows[0], tmp_path / "journal")
    assert first.summary["cut_offs"]["validation_from"] < end
    for name in TEMPORAL_SLICES:
        for model, values in in_time[0].evaluation.slices[name].values.items():
            np.testing.assert_array_equal(again.evaluation.slices[name].values[model], values, err_msg=model)


def test_the_figures_of_all_windows_are_pooled_by_user(in_time: list[Measured], small_settings: Settings) -> None:
    assert len(in_time) == len(small_settings.windows) == 2
    pooled = pool([found.evaluation for found in in_time])
    assert pooled.protocol == "temporal"
    assert set(pooled.slices) == set(TEMPORAL_SLICES)
    part = pooled.slices[TEMPORAL]
    assert len(part.user_ids) == sum(len(found.evaluation.slices[TEMPORAL].user_ids) for found in in_time)
    assert len(part.overall["hybrid"]["coverage@10"]) == 2
    assert {"popularity", "als", "ease", "hybrid"} <= set(part.values)
    assert in_time[0].notes["begins"] < in_time[1].notes["begins"]
