"""What people are shown: the figures in the tables, and plots that can be drawn from any evaluation."""

import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys_core.errors import ParameterError
from recsys_core.evaluation import Evaluation, EvaluationParameters, UserMetrics
from recsys_core.evaluation.trade_off import TradeOff
from recsys_core.plotting import (
    Table,
    evaluation_in_words,
    metric_by_slice,
    metrics_table,
    models_by_metric,
    paired_table,
    precision_coverage,
    slices_table,
    tuning_history,
)
from recsys_core.plotting.plot_style import colour_of, label_of, spread

MODELS = ("popularity", "als", "hybrid")
NAMES = ("ndcg@10", "recall@10", "precision@10", "map@10")


def user_metrics(models: tuple[str, ...], n_users: int, *, seed: int = 0) -> UserMetrics:
    rng = np.random.default_rng(seed)
    values = {model: 0.1 * i + 0.3 * rng.random((n_users, len(NAMES))) for i, model in enumerate(models)}
    return UserMetrics(np.arange(n_users), NAMES, values, {model: {"coverage@10": (0.25,)} for model in models})


def evaluation(**slices: UserMetrics) -> Evaluation:
    parts = {"all": user_metrics(MODELS, 40), "history_0": user_metrics(MODELS, 20), "history_1_5": user_metrics((), 0)}
    parts |= {"items_head": user_metrics(MODELS, 30), "items_cold": user_metrics(("hybrid",), 5)}
    return Evaluation("user_holdout", MODELS, parts | slices, EvaluationParameters(n_bootstrap=50), {})


def exact() -> Evaluation:
    values = {"als": np.full((3, 1), 0.25), "hybrid": np.full((3, 1), 0.125)}
    part = UserMetrics(np.arange(3), ("ndcg@10",), values, {"als": {"novelty@10": (1.5,)}})
    return Evaluation("user_holdout", ("als", "hybrid"), {"all": part}, EvaluationParameters(n_bootstrap=20), {})


def size_of(png: bytes) -> tuple[int, int]:
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    assert png.endswith(b"IEND\xaeB`\x82")
    width, height = struct.unpack(">II", png[16:24])
    return width, height


def test_tables_show_mean_and_interval_and_mark_what_is_absent() -> None:
    table = metrics_table(exact(), ("ndcg@10", "novelty@10", "unknown"))
    assert table._repr_markdown_() == table.markdown()  # what a notebook shows
    assert table.markdown().splitlines() == [
        "| model | ndcg@10 | novelty@10 |",
        "| --- | ---: | ---: |",
        "| als | .250 [.250, .250] | 1.500 |",
        "| hybrid | .125 [.125, .125] | – |",
    ]
    assert table.text().splitlines() == [
        "model             ndcg@10  novelty@10",
        "als     .250 [.250, .250]       1.500",
        "hybrid  .125 [.125, .125]           –",
    ]


def test_an_evaluation_in_words_has_all_tables() -> None:
    parts = [part.splitlines() for part in evaluation_in_words(evaluation()).split("\n\n")]
    assert parts[0] == ["40 test users, user_holdout; 95 % bootstrap intervals over users"]
    assert [part[0].split()[:2] for part in parts[1:]] == [
        ["model", "ndcg@10"],
        ["difference", "ndcg@10"],
        ["ndcg@10", "by"],
    ]
    assert [len(part) for part in parts[1:]] == [1 + 3, 1 + 2, 1 + 1 + 3 + 1]


def test_differences_carry_their_sign() -> None:
    assert paired_table(exact(), ("ndcg@10",)).rows == (("hybrid − als", "−.125 [−.125, −.125]"),)


def test_the_table_of_slices_has_every_slice_and_its_users() -> None:
    table = slices_table(evaluation())
    assert table.columns == ("model", "all", "history_0", "history_1_5", "items_head", "items_cold")
    assert table.rows[0][3] == "–"
    assert table.rows[0][5] == "–"
    assert table.rows[2][5] != "–"
    assert table.rows[-1] == ("users", "40", "20", "0", "30", "5")


@pytest.mark.parametrize("draw", [models_by_metric, metric_by_slice])
def test_evaluations_are_drawn_and_the_same_one_gives_the_same_bytes(draw: Any) -> None:
    one, again = draw(evaluation()), draw(evaluation())
    assert one == again
    width, height = size_of(one)
    assert 1_000 <= width <= 2_400
    assert 300 <= height <= 1_200
    changed = evaluation(all=user_metrics(MODELS, 40, seed=9), history_0=user_metrics(MODELS, 20, seed=9))
    assert draw(changed) != one


def test_plots_name_the_models_and_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    from matplotlib.figure import Figure
    from matplotlib.text import Text

    shown: list[str] = []

    def recording(figure: Figure, stream: Any, **_: Any) -> None:
        shown.extend(text.get_text() for text in figure.findobj(Text))

    monkeypatch.setattr(Figure, "savefig", recording)
    found = evaluation()
    models_by_metric(found)
    means = [by_name["ndcg@10"].mean for by_name in found.metrics().values() if by_name]
    assert {f"{mean:.3f}" for mean in means} <= set(shown)
    assert {"Hybrid", "ALS", "Popularity", "NDCG@10", "MAP@10"} <= set(shown)
    shown.clear()
    metric_by_slice(found, "recall@10")
    assert {"none\n20 users", "head\n30 users", "cold\n5 users", "  cannot score", "Recall@10 by slice"} <= set(shown)
    assert "1–5\n0 users" not in shown  # nobody to show


def test_drawing_changes_nothing_global() -> None:
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    models_by_metric(evaluation())
    precision_coverage([TradeOff("chosen", 0.2, 0.1, chosen=True)])
    assert dict(mpl.rcParams) == before


def trials(*values: float | None, stage: str = "blend") -> list[dict[str, Any]]:
    return [{"stage": stage, "number": i, "value": value} for i, value in enumerate(values)]


@pytest.mark.parametrize(
    "found",
    [
        trials(0.3),
        trials(0.3, 0.3, 0.3),
        trials(0.3, None, 0.31, 0.02),
        trials(0.3, 0.32) + trials(0.35, 0.34, stage="gate") + trials(0.2, stage="als"),
    ],
    ids=["one trial", "all equal", "a failed and a far one", "three stages"],
)
def test_any_history_of_trials_is_drawn(found: list[dict[str, Any]]) -> None:
    size_of(tuning_history(found))


def test_models_that_never_hit_are_drawn() -> None:
    silent = UserMetrics(np.arange(4), NAMES, {model: np.zeros((4, 4)) for model in MODELS}, {})
    found = evaluation(all=silent, history_0=silent, items_head=silent, items_cold=silent)
    size_of(models_by_metric(found))
    size_of(metric_by_slice(found))


@pytest.mark.parametrize(
    "points",
    [
        [TradeOff("", 0.0, 0.0)],
        [TradeOff("tuned", 0.2, 0.05, chosen=True), TradeOff("", 0.1, 0.1), TradeOff("content", 0.01, 0.2)],
    ],
)
def test_any_trade_off_is_drawn(points: list[TradeOff]) -> None:
    size_of(precision_coverage(points))


def test_plots_of_nothing_are_refused() -> None:
    with pytest.raises(ParameterError, match="no finished trial"):
        tuning_history(trials(None))
    with pytest.raises(ParameterError, match="no choice of weights"):
        precision_coverage([])
    with pytest.raises(ParameterError, match="slice 'history_1_5' has no figures"):
        models_by_metric(evaluation(), slice_name="history_1_5")
    with pytest.raises(ParameterError, match="metric 'ndcg@5' was not measured"):
        models_by_metric(evaluation(), ("ndcg@5",))
    with pytest.raises(ParameterError, match="no figures of metric 'ndcg@5' by slice"):
        metric_by_slice(evaluation(), "ndcg@5")


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8), st.floats(0.01, 0.3))
def test_labels_are_moved_apart_in_order_and_no_further_than_needed(places: list[float], gap: float) -> None:
    moved = spread(places, gap)
    order = np.argsort(places, kind="stable")
    assert (np.diff(moved[order]) >= gap - 1e-9).all()
    assert moved.mean() == pytest.approx(np.mean(places))
    if len(places) > 1 and (np.diff(np.sort(places)) >= gap).all():
        assert moved == pytest.approx(places)


def test_models_keep_their_colour_and_strangers_get_their_own() -> None:
    assert colour_of("als", ["als"]) == colour_of("als", ["x", "als"])
    strangers = ["als", "bpr", "slim"]
    assert len({colour_of(model, strangers) for model in strangers}) == 3
    assert [label_of(name) for name in ("item_knn", "ndcg@10", "my_model")] == ["Item-kNN", "NDCG@10", "my model"]


def test_a_table_in_a_notebook_is_escaped_and_aligned() -> None:
    html = Table(("title", "score"), (("<b> & Co.", "1.5"),)).html("for <you>")
    assert html == (
        '<table><caption style="text-align: left">for &lt;you&gt;</caption>'
        '<tr><th style="text-align: left">title</th><th style="text-align: right">score</th></tr>'
        '<tr><td style="text-align: left">&lt;b&gt; &amp; Co.</td><td style="text-align: right">1.5</td></tr></table>'
    )
    assert "<caption" not in Table(("a",), ()).html()
