"""A fold, from the split to the figures of every user."""

import math
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from bench.accuracy.cold import BALANCED_SLICES
from bench.accuracy.data import Bundle
from bench.accuracy.folds import FinalPart, cold_part, final_part, rounds_of
from bench.accuracy.measuring import DIVERSITIES, Measured, measure_fold
from bench.accuracy.running import measured_each
from bench.accuracy.settings import Settings
from bench.options import N_FOLDS
from recsys_core.dataset.interactions import HeldOut
from recsys_core.dataset.tables import training_tags
from recsys_core.splitting import VIEWS, hash_uniform

FOLD = 0


@pytest.fixture
def measured(small_bundle: Bundle, small_settings: Settings, small_workspace: Path) -> Measured:
    return measured_each(small_bundle, small_settings, "fold", [FOLD], small_workspace, lambda _: None)[0]


def test_every_user_is_in_one_test_fold_and_outside_it_in_one_validation_round(
    small_bundle: Bundle, small_settings: Settings
) -> None:
    tested = []
    everybody = set(small_bundle.interactions.user_ids.tolist())
    for fold in range(N_FOLDS):
        splitting = small_settings.splitting(fold)
        views = final_part(small_bundle, splitting, small_settings).views
        test = {user for view in views.values() for user in view.user_ids.tolist()}
        rounds = rounds_of(small_bundle, splitting, small_settings)
        assert len(rounds) == N_FOLDS - 1
        validated = [user for split, _ in rounds for user in split.validation.user_ids.tolist()]
        assert len(validated) == len(set(validated))
        assert set(validated) <= everybody - test
        tested += sorted(test)
    assert len(tested) == len(set(tested))
    assert set(tested) == everybody


def test_the_final_models_know_all_users_outside_the_fold_and_nothing_of_the_tested(
    small_bundle: Bundle, small_settings: Settings
) -> None:
    splitting = small_settings.splitting(FOLD)
    part = final_part(small_bundle, splitting, small_settings)
    rounds = rounds_of(small_bundle, splitting, small_settings)
    outside = {u for split, _ in rounds for u in (*split.train.user_ids, *split.validation.user_ids)}
    assert set(part.train.user_ids.tolist()) == outside
    for view in part.views.values():
        assert not set(view.user_ids.tolist()) & outside
    tags = training_tags(small_bundle.tables.tags, part.known)
    assert set(tags["user_id"].to_pylist()) <= outside


def test_tags_of_test_users_change_no_feature(small_bundle: Bundle, small_settings: Settings, tmp_path: Path) -> None:
    splitting = small_settings.splitting(FOLD)
    part = final_part(small_bundle, splitting, small_settings)
    tags = pq.read_table(small_bundle.tables.tags)
    kept = np.isin(tags["user_id"].to_numpy(), part.train.user_ids)
    assert 0 < kept.sum() < len(kept)
    pq.write_table(tags.filter(kept), tmp_path / "tags.parquet")
    tables = type(small_bundle.tables)(
        small_bundle.tables.movies,
        tmp_path / "tags.parquet",
        small_bundle.tables.genome_scores,
        small_bundle.tables.genome_tags,
    )
    without = tables.known_to(part.known, small_settings.features)
    assert part.features.names == without.names
    for name, matrix in part.features.groups.items():
        assert (matrix != without.groups[name]).nnz == 0


def test_held_back_titles_are_in_no_training_rating_and_in_no_history(
    small_bundle: Bundle, small_settings: Settings
) -> None:
    part = cold_part(small_bundle, small_settings.splitting(FOLD), small_settings)
    assert len(part.held_back_ids) > 0
    assert not np.isin(part.train.item_ids, part.held_back_ids).any()
    np.testing.assert_array_equal(part.views["cold"].cold_item_ids, part.held_back_ids)


def test_a_fold_has_figures_for_every_view_and_control(measured: Measured) -> None:
    slices = measured.evaluation.slices
    targets = {"tail", "swapped", "renamed", "cold", "cold_among_all", "all_titles", "variety"}
    assert set(slices) == {*VIEWS, *targets, *BALANCED_SLICES}
    for name in VIEWS:
        assert {"popularity", "als", "ease", "hybrid", "content", "random", "metadata_count"} <= set(
            slices[name].values
        )
        assert "coverage@10" in slices[name].overall["hybrid"]
    assert {"hybrid", "content", "cosine", "metadata_count", "random"} <= set(slices["cold"].values)
    for part in slices.values():
        for values in part.values.values():
            assert np.isfinite(values).all()
            assert values.min(initial=0) >= 0
            assert values.max(initial=0) <= 1 + 1e-12


def test_the_hybrid_with_diversity_off_is_the_hybrid_and_more_of_it_makes_lists_more_diverse(
    measured: Measured,
) -> None:
    warm, variety = (measured.evaluation.slices[name] for name in ("warm", "variety"))
    np.testing.assert_array_equal(variety.column("diversity_0", "ndcg@10"), warm.column("hybrid", "ndcg@10"))
    spread = [variety.column(name, "diversity@10").mean() for name in DIVERSITIES]
    assert spread == sorted(spread)
    assert spread[0] < spread[-1]


def popularity_by_hand(part: FinalPart, view: HeldOut) -> list[float]:
    """NDCG@10 of every user by loops that share nothing with the evaluation but the hash that breaks ties."""
    counts: dict[int, int] = {}
    for column in part.train.ratings.indices.tolist():
        counts[column] = counts.get(column, 0) + 1
    ties = hash_uniform(0, "ties", part.train.item_ids).tolist()
    ranked = sorted(counts, key=lambda column: (-counts[column], ties[column]))
    found = []
    for known, wanted in zip(view.history.ratings, view.targets, strict=True):
        seen, targets = set(known.indices.tolist()), set(wanted.indices.tolist())
        unseen = (column for column in ranked if column not in seen)
        gain = sum(
            1 / math.log2(rank + 2) for rank, column in zip(range(10), unseen, strict=False) if column in targets
        )
        found.append(gain / sum(1 / math.log2(rank + 2) for rank in range(min(10, len(targets)))))
    return found


def test_popularity_comes_out_the_same_by_hand(
    measured: Measured, small_bundle: Bundle, small_settings: Settings
) -> None:
    part = final_part(small_bundle, small_settings.splitting(FOLD), small_settings)
    for name, view in part.views.items():
        found = measured.evaluation.slices[name].column("popularity", "ndcg@10")
        np.testing.assert_allclose(found, popularity_by_hand(part, view), rtol=0, atol=1e-12)


def test_a_fold_measured_again_is_the_same_to_the_last_digit(
    small_bundle: Bundle, small_settings: Settings, measured: Measured, tmp_path: Path
) -> None:
    again = measure_fold(small_bundle, small_settings, FOLD, tmp_path / "journal")
    for name, part in measured.evaluation.slices.items():
        for model, values in part.values.items():
            np.testing.assert_array_equal(
                again.evaluation.slices[name].values[model], values, err_msg=f"{name} {model}"
            )


def test_a_measured_fold_comes_back_from_disk(measured: Measured, tmp_path: Path) -> None:
    measured.save(tmp_path)
    loaded = Measured.load(tmp_path)
    assert loaded.notes == measured.notes
    assert loaded.tuned == measured.tuned
    np.testing.assert_array_equal(
        loaded.evaluation.slices["cold"].values["hybrid"], measured.evaluation.slices["cold"].values["hybrid"]
    )
