"""Families of comparisons, tables, and the document."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bench.accuracy.bars import BARS, MUST_BEAT, lowest_differences, write_record
from bench.accuracy.comparing import compare
from bench.accuracy.data import Bundle
from bench.accuracy.document import fields, verdict_in_words
from bench.accuracy.running import measure_everything, measured_each
from bench.accuracy.settings import Settings
from bench.accuracy.tables import family_table, slices_by_model
from bench.page import filled
from recsys_core.evaluation import Evaluation, EvaluationParameters, UserMetrics, pool
from recsys_core.plotting import number


def evaluation(n_users: int = 120) -> Evaluation:
    """A hybrid that is better than ``worse``, as good as ``same`` and worse than ``better``."""
    rng = np.random.default_rng(0)
    base = rng.random(n_users) * 0.4 + 0.3
    models = {
        "hybrid": base,
        "worse": base - 0.1 + rng.normal(0, 0.05, n_users),
        "same": base + rng.normal(0, 0.05, n_users),
        "better": base + 0.1 + rng.normal(0, 0.05, n_users),
    }
    values = {name: np.column_stack([ndcg, ndcg / 2]) for name, ndcg in models.items()}
    half = n_users // 2
    slices = {
        "warm": UserMetrics(np.arange(n_users), ("ndcg@10", "recall@10"), values, {}),
        "first_3": UserMetrics(
            np.arange(half), ("ndcg@10", "recall@10"), {n: v[:half] for n, v in values.items() if n != "same"}, {}
        ),
    }
    return Evaluation("user_holdout", tuple(models), slices, EvaluationParameters(), {})


def test_a_family_has_every_pair_that_was_judged_and_says_win_tie_or_loss() -> None:
    family = compare(evaluation(), ["worse", "same", "better"], ["warm", "first_3"])
    assert {pair: found.verdict for pair, found in family.comparisons.items()} == {
        ("worse", "warm"): "win",
        ("same", "warm"): "tie",
        ("better", "warm"): "loss",
        ("worse", "first_3"): "win",
        ("better", "first_3"): "loss",
    }
    assert family.critical > 2.2  # five comparisons


def test_a_family_is_wider_than_the_plain_interval() -> None:
    plain = evaluation().paired("hybrid", "worse", "ndcg@10", slice_name="warm")
    family = compare(evaluation(), ["worse", "same", "better"], ["warm", "first_3"])
    found = family.comparisons["worse", "warm"]
    assert found.difference == pytest.approx(plain.difference)
    assert found.ci_low < plain.ci_low
    assert found.ci_high > plain.ci_high


def test_a_family_may_have_another_reference() -> None:
    family = compare(evaluation(), ["hybrid"], ["warm"], reference="better")
    assert family.comparisons["hybrid", "warm"].difference == pytest.approx(0.1, abs=0.02)
    assert family_table(family, ["warm"]).rows[0][0] == "better − hybrid"


def test_a_family_without_members_is_empty() -> None:
    assert compare(evaluation(), ["absent"], ["warm"]).comparisons == {}


def test_tables_show_means_users_and_verdicts() -> None:
    found = evaluation()
    means = slices_by_model(found, found.models, ["warm", "first_3"], "ndcg@10")
    assert means.columns == ("model", "warm", "first 3")
    assert means.rows[2][2] == "–"  # "same" has no figures there
    assert means.rows[3][1].startswith("**.")
    assert means.rows[-1] == ("users", "120", "60")
    table = family_table(compare(found, ["worse", "same"], ["warm", "first_3"]), ["warm", "first_3"])
    assert table.rows[0][0] == "hybrid − worse"
    assert table.rows[0][1].endswith("] win")
    assert table.rows[1][2] == "–"


def test_a_comparison_in_which_few_users_differ_is_left_out_with_a_note() -> None:
    part = evaluation().slices["warm"]
    nearly = part.values["hybrid"].copy()
    nearly[:5] -= 0.1
    found = replace(evaluation(), slices={"warm": replace(part, values=part.values | {"same": nearly})})
    family = compare(found, ["worse", "same"], ["warm"])
    assert [found.verdict for found in family.comparisons.values()] == ["win", "not judged"]
    assert family_table(family, ["warm"]).rows[1] == ("hybrid − same", "+.004 not judged")
    assert verdict_in_words(family).startswith("Family of 1 comparisons")
    assert verdict_in_words(family).endswith("1 wins, 0 ties, 0 losses. 1 not judged: too few users differ.")


@pytest.mark.parametrize(
    ("value", "sign", "shown"), [(0.334, "", ".334"), (-0.0081, "+", "−.008"), (1.25, "", "1.250")]
)
def test_numbers_are_short(value: float, sign: str, shown: str) -> None:
    assert number(value, sign) == shown


def test_bars_and_rivals_are_among_what_a_fold_measures(
    small_bundle: Bundle, small_settings: Settings, small_workspace: Path
) -> None:
    fold = measured_each(small_bundle, small_settings, "fold", [0], small_workspace, lambda _: None)[0]
    assert {bar.slice_name for bar in BARS} <= set(fold.evaluation.slices)
    assert set(lowest_differences(fold.evaluation)) == set(MUST_BEAT)


def test_the_record_of_folds_has_the_means_of_all_their_users(
    small_bundle: Bundle, small_settings: Settings, small_workspace: Path, tmp_path: Path
) -> None:
    measured = measured_each(small_bundle, small_settings, "fold", [0, 1], small_workspace, lambda _: None)
    folds = [fold.evaluation for fold in measured]

    write_record(folds, tmp_path / "accuracy.json")

    record, pooled = json.loads((tmp_path / "accuracy.json").read_text()), pool(folds)
    assert [fold["warm"]["n_users"] for fold in record["folds"]] == [len(f.slice_of("warm").user_ids) for f in folds]
    for name, model in (("warm", "hybrid"), ("warm", "als"), ("cold", "cosine")):
        expected = pooled.slice_of(name).column(model, "ndcg@10").sum()
        found = sum(fold[name][model] * fold[name]["n_users"] for fold in record["folds"])
        assert found == pytest.approx(expected, abs=1e-3)
    found = {(entry["model"], entry["slice"]): entry["ci_low"] for entry in record["lowest_differences"]}
    assert found == pytest.approx(lowest_differences(pooled), abs=1e-6)


def test_a_finished_fold_is_read_and_not_measured_again(
    small_bundle: Bundle, small_settings: Settings, small_workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = measured_each(small_bundle, small_settings, "fold", [0], small_workspace, lambda _: None)[0]

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("measured again")

    monkeypatch.setattr("bench.accuracy.running.measure_fold", refuse)
    again = measured_each(small_bundle, small_settings, "fold", [0], small_workspace, lambda _: None)[0]
    for name, part in first.evaluation.slices.items():
        for model, values in part.values.items():
            np.testing.assert_array_equal(again.evaluation.slices[name].values[model], values)
    other = Settings(small_settings.seed + 1, small_settings.features, small_settings.tuning)
    with pytest.raises(AssertionError, match="measured again"):
        measured_each(small_bundle, other, "fold", [0], small_workspace, lambda _: None)


def test_the_document_has_every_table_and_names_its_circumstances(
    small_bundle: Bundle, small_settings: Settings, small_workspace: Path
) -> None:
    found = measure_everything(
        small_bundle,
        small_settings,
        folds=[0, 1],
        peers=(),
        peer_trials=1,
        workspace=small_workspace,
        say=lambda _: None,
    )
    text = filled("bench.accuracy", circumstances="- commit: `abc`", **fields(found, peer_trials=1, is_trial=True))
    assert "- commit: `abc`" in text
    assert "A trial run, not a result" in text
    assert "{" not in text.replace("{{", "")
    for heading in (
        "Bars",
        "NDCG@10 by view",
        "Titles that nobody has rated",
        "Windows that roll through time",
        "What was tuned",
    ):
        assert f"## {heading}" in text
    assert "| hybrid − als |" in text
    assert "| hybrid − hybrid_no_ease |" in text
    assert "| hybrid − metadata_count |" in text
    assert f"{len(found.folds[0].tuned.trials)} configurations were tried in each fold" in text
    whole = filled("bench.accuracy", circumstances="", **fields(found, peer_trials=1, is_trial=False))
    assert "A trial run" not in whole
