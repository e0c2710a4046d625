"""What commands print as JSON: whole for every reader."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.cli.output import print_json

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


def as_a_reader_of_floats(value: object) -> object:
    if isinstance(value, list):
        return [as_a_reader_of_floats(part) for part in value]
    if isinstance(value, dict):
        return {name: as_a_reader_of_floats(part) for name, part in value.items()}
    return int(float(value)) if isinstance(value, int) and not isinstance(value, bool) else value


def as_text(value: object) -> object:
    """Numbers as they are written, wherever they are."""
    if isinstance(value, list):
        return [as_text(part) for part in value]
    if isinstance(value, dict):
        return {name: as_text(part) for name, part in value.items()}
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


@given(VALUES)
def test_no_whole_number_is_rounded_by_a_reader_that_knows_floating_point_alone(value: object) -> None:
    with pytest.MonkeyPatch.context() as patch:
        printed: list[str] = []
        patch.setattr("click.echo", printed.append)
        print_json(value)
    read = json.loads(printed[0])
    assert as_text(as_a_reader_of_floats(read)) == as_text(value)
