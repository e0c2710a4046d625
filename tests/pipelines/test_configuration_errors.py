"""A mistake in the YAML file is one message that names the file, the section and the field."""

import json
from pathlib import Path

import pytest

from assets.configuration import SAID_ONCE, Configuration
from recsys_core.errors import MissingFileError, ParameterError


def test_no_file_and_an_empty_file_mean_the_defaults(tmp_path: Path) -> None:
    (tmp_path / "empty.yaml").write_text("# nothing yet\n")

    assert Configuration.read(None) == Configuration.read(tmp_path / "empty.yaml") == Configuration.read(None)


def test_named_fields_are_overridden_and_all_others_keep_their_defaults(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("tuning: {n_trials_als: 3, als: {factors: 8}}\nrecommendations: {k: 5}\n")

    config = Configuration.read(tmp_path / "c.yaml")

    assert (config.tuning.n_trials_als, config.tuning.als.factors, config.recommendations.k) == (3, 8, 5)
    assert config.tuning.n_trials_blend == Configuration.read(None).tuning.n_trials_blend
    assert config.split == Configuration.read(None).split


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("tunning: {seed: 1}", ["tunning is not known", "tuning", "recommendations"]),
        ("tuning: {trials: 9}", ["TuningParameters", "trials is not known", "n_trials_als"]),
        ("recommendations: {k: 0}", ["RecommendationParameters", "k = 0", "at least 1", "at most 1000"]),
        ("recommendations: {k: many}", ["k = 'many'", "a text is no number"]),
        ("split: {protocol: random}", ["SplitParameters", "protocol = 'random'", "user_holdout", "temporal"]),
        ("split: {validation_share: 0.6, test_share: 0.5}", ["validation_share 0.6", "leave nothing to train on"]),
        ("validation: {max_rejected_share: 1.5}", ["RejectLimits", "max_rejected_share = 1.5", "at most 1"]),
        ("tuning: {als: {factors: -1}}", ["ALSParameters", "factors = -1", "at least 1"]),
        ("split: {seed: true}", ["SplitParameters", "seed = True", "true and false are no values for it"]),
        ("- split", ["expected 'name: value' lines", "list"]),
        ("split: [", ["line 1: is not valid YAML"]),
    ],
)
def test_a_mistake_names_the_file_the_section_and_the_field(tmp_path: Path, text: str, words: list[str]) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(text)

    with pytest.raises(ParameterError) as raised:
        Configuration.read(path)

    message = str(raised.value)
    assert [word for word in [f"configuration {path}", *words] if word not in message] == [], message


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match=r"gone\.yaml: cannot be read \(No such file"):
        Configuration.read(tmp_path / "gone.yaml")


def test_what_counts_as_relevant_is_said_once_and_reaches_all_that_ask() -> None:
    configuration = Configuration(relevance={"positive_threshold": 3.5, "k": 7})

    assert {configuration[name].model_dump()["positive_threshold"] for name in SAID_ONCE} == {3.5}
    assert (configuration.tuning.k, configuration.evaluation.ks) == (7, (7, 10, 20))


@pytest.mark.parametrize("key", [f"{section}.{field}" for section, fields in SAID_ONCE.items() for field in fields])
def test_a_key_from_before_is_refused_with_its_new_name(key: str) -> None:
    section, field = key.split(".")
    with pytest.raises(ParameterError, match=rf"{key} is now said once for all: relevance\.{field}"):
        Configuration(**{section: {field: 4.0}})


def test_a_configuration_comes_back_from_json(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("tuning: {als: {factors: 8}}\nevaluation: {ks: [5, 10]}\nsplit: {seed: 4}\n")
    configuration = Configuration.read(tmp_path / "c.yaml")

    again = Configuration(**json.loads(json.dumps(configuration.as_dict())))

    assert again == configuration
    assert again.as_dict() == configuration.as_dict()


def test_a_promotion_policy_with_a_mistake_names_its_file(tmp_path: Path) -> None:
    (tmp_path / "policy.yaml").write_text("minimum_users: 5\n")
    (tmp_path / "config.yaml").write_text(f"promotion_policy: {tmp_path / 'policy.yaml'}\n")

    with pytest.raises(ParameterError, match=r"policy\.yaml.*minimum_users"):
        Configuration.read(tmp_path / "config.yaml")


def test_a_promotion_policy_is_looked_for_beside_the_file_that_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "policy.yaml").write_text("minimum_test_users: 7\n")
    (tmp_path / "config.yaml").write_text("promotion_policy: policy.yaml\n")
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert Configuration.read(tmp_path / "config.yaml")["promotion"].model_dump()["minimum_test_users"] == 7


def test_what_the_file_itself_says_of_promotion_comes_before_the_policy(tmp_path: Path) -> None:
    (tmp_path / "policy.yaml").write_text("minimum_test_users: 7\nguardrails: {coverage: {minimum: 0.1}}\n")
    (tmp_path / "c.yaml").write_text(
        "promotion_policy: policy.yaml\npromotion: {confidence: 0.9, guardrails: {coverage: {minimum: 0.2}}}\n"
    )

    policy = Configuration.read(tmp_path / "c.yaml").promotion

    assert (policy.minimum_test_users, policy.confidence, policy.guardrails.coverage.minimum) == (7, 0.9, 0.2)
