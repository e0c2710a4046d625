import pytest

from recsys_core.errors import MissingFileError, ParameterError
from registry.policy import POLICY_FILE, PromotionPolicy, load_policy


@pytest.fixture
def policy_file(tmp_path):
    def write(text: str):
        path = tmp_path / "promotion.yaml"
        path.write_text(text)
        return path

    return write


def test_the_policy_that_is_shipped_states_the_defaults():
    assert load_policy(POLICY_FILE) == PromotionPolicy()


def test_the_policy_that_is_shipped_leaves_no_key_unsaid():
    def keys(section):
        return {
            (name, *rest)
            for name, value in section.items()
            for rest in (keys(value) if isinstance(value, dict) else [()])
        }

    import yaml

    assert keys(yaml.safe_load(POLICY_FILE.read_text())) == keys(PromotionPolicy().model_dump())


def test_a_policy_may_say_only_what_differs(policy_file):
    policy = load_policy(policy_file("rule: not_inferior\nmargin: 0.01\nguardrails: {slices: {names: [history_0]}}\n"))
    assert (policy.rule, policy.margin, policy.guardrails.slices.names) == ("not_inferior", 0.01, ("history_0",))
    assert policy.metric == "ndcg@10"


@pytest.mark.parametrize(
    ("text", "of_a_refresh", "of_a_new_recipe"),
    [
        ("metric: ndcg@10\n", "not_inferior", "superior"),
        ("rule: superior\n", "superior", "superior"),
        ("rule: not_inferior\n", "not_inferior", "not_inferior"),
    ],
)
def test_a_rule_that_is_given_holds_for_all_versions(policy_file, text, of_a_refresh, of_a_new_recipe):
    policy = load_policy(policy_file(text))
    assert (policy.rule_for(True), policy.rule_for(False)) == (of_a_refresh, of_a_new_recipe)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("metrik: ndcg@10\n", r"metrik is not known; expected one of metric, rule, "),
        (
            "guardrails: {coverage: {minimun: 0.1}}\n",
            r"minimun is not known; expected one of metric, minimum, maximum_relative_drop",
        ),
        ("minimum_test_users: '50'\n", r"minimum_test_users = '50'"),
        ("minimum_test_users: 1\n", r"minimum_test_users = 1: .*greater than or equal to 2"),
        ("minimum_test_users: true\n", r"minimum_test_users = True"),
        ("confidence: 1.0\n", r"confidence = 1\.0"),
        ("minimum_gain: .nan\n", r"minimum_gain = "),
        ("rule: better\n", r"rule = 'better'.*'by_recipe', 'superior' or 'not_inferior'"),
        ("rule: superior\nmargin: 0.1\n", r"margin = 0\.1 means nothing"),
        ("rule: not_inferior\nminimum_gain: 0.1\n", r"minimum_gain = 0\.1 means nothing"),
        ("- metric\n", r"expected 'name: value' lines"),
        ("", r"expected keys"),
        ("metric: 2024-01-01\n", r"metric = datetime\.date"),
    ],
)
def test_a_faulty_policy_is_refused_by_file_and_key(policy_file, text, message):
    path = policy_file(text)
    with pytest.raises(ParameterError, match=message) as caught:
        load_policy(path)
    assert str(caught.value).startswith(f"promotion policy {path}: ")


def test_a_policy_that_is_not_there_is_named(tmp_path):
    with pytest.raises(MissingFileError, match=r"none\.yaml"):
        load_policy(tmp_path / "none.yaml")
