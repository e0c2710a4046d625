"""A mistake in the YAML file is one message that names the file, the section and the field."""

import json
from pathlib import Path

import pytest

from assets.configuration import Configuration, PipelineConfig, load_config
from recsys_core.errors import MissingFileError, ParameterError
from registry.policy import load_policy


def test_no_file_and_an_empty_file_mean_the_defaults(tmp_path: Path) -> None:
    (tmp_path / "empty.yaml").write_text("# nothing yet\n")

    assert load_config(None) == load_config(tmp_path / "empty.yaml") == PipelineConfig()


def test_named_fields_are_overridden_and_all_others_keep_their_defaults(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("tuning: {n_trials_als: 3, als: {factors: 8}}\nrecommendations: {k: 5}\n")

    config = load_config(tmp_path / "c.yaml")

    assert (config.tuning.n_trials_als, config.tuning.als.factors, config.recommendations.k) == (3, 8, 5)
    assert config.tuning.n_trials_blend == PipelineConfig().tuning.n_trials_blend
    assert config.split == PipelineConfig().split


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("tunning: {seed: 1}", ["tunning is not known", "tuning", "recommendations"]),
        ("tuning: {trials: 9}", ["TuningParameters", "trials is not known", "n_trials_als"]),
        ("recommendations: {k: 0}", ["RecommendationParameters", "k = 0", "at least 1", "at most 1000"]),
        ("recommendations: {k: many}", ["k = 'many'", "integer"]),
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
        load_config(path)

    message = str(raised.value)
    assert [word for word in [f"configuration {path}", *words] if word not in message] == [], message


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match=r"gone\.yaml: cannot be read \(No such file"):
        load_config(tmp_path / "gone.yaml")


def test_a_configuration_has_every_section_and_the_promotion_policy() -> None:
    configuration = Configuration.read(None)

    assert configuration["recommendations"].model_dump() == {"k": 20}
    assert configuration["promotion"] == load_policy()
    assert set(configuration) == {*PipelineConfig.model_fields, "promotion"} - {"promotion_policy"}


def test_a_configuration_comes_back_from_json(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("tuning: {als: {factors: 8}}\nevaluation: {ks: [5, 10]}\nsplit: {seed: 4}\n")
    configuration = Configuration.read(tmp_path / "c.yaml")

    again = Configuration.of(json.loads(json.dumps(configuration.as_dict())))

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
