"""Experiments in a file: what may be declared, and faults that name file and field."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from recsys_core.errors import MissingFileError, ParameterError
from serving.experiments import Experiments, load_experiments

ARMS = "arms: [{name: old, model: champion, share: 0.5}, {name: new, model: 3, share: 0.5}]"


def load(tmp_path: Path, text: str) -> Experiments:
    file = tmp_path / "experiments.yaml"
    file.write_text(text)
    return load_experiments(file)


def entry(name: str = "blend", more: str = "", arms: str = ARMS) -> str:
    return f"  - name: {name}\n    control: old\n    {arms}\n" + "".join(f"    {line}\n" for line in more.splitlines())


def test_what_is_left_out_has_its_default(tmp_path: Path) -> None:
    (found,) = load(tmp_path, "experiments:\n" + entry()).experiments

    assert [(arm.name, arm.model, arm.share) for arm in found.arms] == [("old", "champion", 0.5), ("new", "3", 0.5)]
    assert (found.salt, found.starts, found.ends, found.metric) == (None, None, None, "click_through_rate")
    assert found.window == timedelta(days=1)


def test_the_example_in_the_repository_can_be_read() -> None:
    file = Path(__file__).resolve().parents[3] / "experiments.example.yaml"

    found = load_experiments(file).named("first-challenger")

    assert {arm.model for arm in found.arms} == {"champion", "challenger"}
    assert found.starts == datetime(2026, 12, 1, tzinfo=UTC)


def test_times_are_in_utc_whatever_zone_they_were_given_in(tmp_path: Path) -> None:
    more = "starts: 2026-11-22T10:00:00+02:00\nends: 2026-11-23 10:00:00"
    (found,) = load(tmp_path, "experiments:\n" + entry(more=more)).experiments

    assert found.starts == datetime(2026, 11, 22, 8, tzinfo=UTC)
    assert found.ends == datetime(2026, 11, 23, 10, tzinfo=UTC)


def test_an_experiment_runs_from_its_start_until_before_its_end(tmp_path: Path) -> None:
    declared = load(
        tmp_path,
        "experiments:\n"
        + entry("first", "starts: 2026-01-01\nends: 2026-02-01")
        + entry("second", "starts: 2026-02-01"),
    )

    def name_at(*moment: int) -> str | None:
        found = declared.active(datetime(*moment, tzinfo=UTC))  # type: ignore[misc, arg-type]
        return found.name if found else None

    assert name_at(2025, 12, 31) is None
    assert name_at(2026, 1, 1) == "first"
    assert name_at(2026, 1, 31, 23, 59) == "first"
    assert name_at(2026, 2, 1) == name_at(2030, 1, 1) == "second"


def test_an_empty_list_means_that_nothing_runs(tmp_path: Path) -> None:
    declared = load(tmp_path, "experiments: []")

    assert declared.active(datetime.now(UTC)) is None
    assert declared.models(datetime.now(UTC)) == ()
    with pytest.raises(ParameterError, match="no experiment is named 'blend'; there are none"):
        declared.named("blend")


def test_an_unknown_name_is_answered_with_those_there_are(tmp_path: Path) -> None:
    declared = load(tmp_path, "experiments:\n" + entry("a", "ends: 2026-01-01") + entry("b", "starts: 2026-01-01"))

    with pytest.raises(ParameterError, match="no experiment is named 'c'; there are a, b"):
        declared.named("c")
    with pytest.raises(ParameterError, match="experiment a has no arm 'x'; it has old, new"):
        declared.named("a").arm("x")
    assert declared.models(datetime(2026, 6, 1, tzinfo=UTC)) == ("champion", "3")


_UNEQUAL = "arms: [{name: old, model: champion, share: 0.5}, {name: new, model: x, share: 0.4}]"
_TWICE = "arms: [{name: old, model: champion, share: 0.5}, {name: old, model: x, share: 0.5}]"
_TEXT = 'arms: [{name: old, model: champion, share: "0.5"}, {name: new, model: x, share: 0.5}]'
_SHARES = "arms: [{name: old, model: champion, shares: 0.5}, {name: new, model: x, share: 0.5}]"
_ODD = "arms: [{name: old, model: 'champion@3', share: 0.5}, {name: new, model: x, share: 0.5}]"
_ZERO = "arms: [{name: old, model: champion, share: 1.0}, {name: new, model: x, share: 0}]"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("experiments:\n" + entry(arms=_UNEQUAL), ["experiments.0 ('blend')", "shares sum to 0.9, expected 1"]),
        ("experiments:\n" + entry(arms=_TWICE), ["two arms are named 'old'"]),
        ("experiments:\n" + entry(arms=_TEXT), ["experiments.0.arms.0.share ('blend', 'old') = '0.5'", "number"]),
        ("experiments:\n" + entry(arms=_SHARES), ["arms.0.shares", "expected one of name, model, share", "is missing"]),
        ("experiments:\n" + entry(arms=_ODD), ["arms.0.model ('blend', 'old') = 'champion@3'"]),
        ("experiments:\n" + entry(arms=_ZERO), ["arms.1.share ('blend', 'new') = 0", "greater than 0"]),
        ("experiments:\n" + entry(arms="arms: []"), ["experiments.0.arms ('blend')", "at least 2 items"]),
        ("experiments:\n" + entry(more="ratio: 3"), ["experiments.0.ratio ('blend') is not a known key", "salt"]),
        ("experiments:\n" + entry(more="metric: clicks"), ["experiments.0.metric", "'click_through_rate'"]),
        ("experiments:\n" + entry(more="window_hours: 0"), ["window_hours ('blend') = 0"]),
        ("experiments:\n" + entry(more="starts: soon"), ["experiments.0.starts ('blend') = 'soon'"]),
        ("experiments:\n" + entry(more="starts: 2026-02-01\nends: 2026-02-01"), ["is not before ends"]),
        ("experiments:\n" + entry(name="a b"), ["experiments.0.name ('a b') = 'a b'"]),
        ("experiments:\n" + entry().replace("control: old", "control: none"), ["control 'none' is no arm"]),
        ("experiments:\n" + entry() + entry(), ["two experiments are named 'blend'"]),
        ("experiments:\n" + entry("a") + entry("b"), ["'a' and 'b' run at the same time", "ends"]),
        ("experiments: {}", ["experiments"]),
        ("experiment: []", ["experiment is not a known key; expected one of experiments"]),
        ("- a", ["expected 'name: value' lines, found a list"]),
        ("", ["expected the key 'experiments' with a list"]),
        ("experiments:\n" + entry(more="expected_people: true"), ["expected_people ('blend') = True"]),
        ("experiments:\n" + entry(more="starts: 2026-02-30"), ["is not valid YAML", "day"]),
    ],
)
def test_a_fault_names_the_file_and_the_field(tmp_path: Path, text: str, words: list[str]) -> None:
    with pytest.raises(ParameterError) as caught:
        load(tmp_path, text)

    message = str(caught.value)
    assert message.startswith(f"experiments {tmp_path / 'experiments.yaml'}: ")
    assert [word for word in words if word not in message] == [], message
    assert "\n" not in message


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match=r"none.yaml: cannot be read \(No such file"):
        load_experiments(tmp_path / "none.yaml")
