"""A data version follows its inputs, and a change is explained."""

from assets.versions import changed_parts, derive_version, version_parts


def _parts(code="1", factors=64, upstream="aaa", content="f" * 64):
    return version_parts(
        code, parameters={"als": {"factors": factors}}, upstream={"split": upstream}, files={"ratings.csv": content}
    )


def test_equal_inputs_give_equal_versions_whatever_the_order_of_keys() -> None:
    one = version_parts("1", parameters={"a": {"x": 1, "y": 2}}, upstream={"p": "1", "q": "2"})
    two = version_parts("1", parameters={"a": {"y": 2, "x": 1}}, upstream={"q": "2", "p": "1"})
    assert derive_version(one) == derive_version(two)


def test_every_kind_of_input_changes_the_version_and_is_named_as_the_reason() -> None:
    before = _parts()
    changes = {
        "code version 1 → 2": _parts(code="2"),
        "parameters of 'als' changed": _parts(factors=65),
        "split was made anew": _parts(upstream="bbb"),
        "ratings.csv changed (SHA-256 ffffffff → eeeeeeee)": _parts(content="e" * 64),
    }
    for reason, after in changes.items():
        assert derive_version(after) != derive_version(before)
        assert changed_parts(before, after) == [reason]


def test_nothing_changed_gives_no_reason() -> None:
    assert changed_parts(_parts(), _parts()) == []


def test_a_file_that_appears_or_goes_is_called_absent() -> None:
    assert changed_parts(_parts(content=None), _parts()) == ["ratings.csv changed (SHA-256 absent → ffffffff)"]
