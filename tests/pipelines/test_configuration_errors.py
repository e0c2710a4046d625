"""A mistake in the YAML file is one message that names the file, the section and the field."""

from pathlib import Path

import pytest

from assets.configuration import PipelineConfig, load_config
from assets.workspace import Workspace
from recsys_core.errors import ParameterError, StorageError


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
        ("- split", ["expected sections such as 'tuning:'", "list"]),
        ("split: [", ["is not valid YAML"]),
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
    with pytest.raises(ParameterError, match=r"gone\.yaml: cannot be read \(No such file"):
        load_config(tmp_path / "gone.yaml")


def test_a_workspace_shows_any_section_and_the_promotion_policy(tmp_path: Path) -> None:
    workspace = Workspace(home=str(tmp_path), data_dir=str(tmp_path))

    assert workspace.section("recommendations") == {"k": 20}
    assert workspace.section("promotion")["metric"] == "ndcg@10"


def test_a_promotion_policy_with_a_mistake_names_its_file(tmp_path: Path) -> None:
    (tmp_path / "policy.yaml").write_text("minimum_users: 5\n")
    (tmp_path / "config.yaml").write_text(f"promotion_policy: {tmp_path / 'policy.yaml'}\n")
    workspace = Workspace(home=str(tmp_path), data_dir=str(tmp_path), config_file=str(tmp_path / "config.yaml"))

    with pytest.raises(ParameterError, match=r"policy\.yaml.*minimum_users"):
        workspace.section("promotion")


def test_a_version_of_what_was_never_made_names_the_asset_and_the_home(tmp_path: Path) -> None:
    workspace = Workspace(home=str(tmp_path), data_dir=str(tmp_path))

    with pytest.raises(StorageError, match=rf"asset split has not been materialised in {tmp_path}"):
        workspace.stored_version("split")
