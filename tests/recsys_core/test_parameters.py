"""Typed parameters: ranges, unknown names and messages."""

from typing import Any

import pytest
from pydantic import Field, ValidationError

from recsys_core.errors import ParameterError
from recsys_core.parameters import Parameters


class Inner(Parameters):
    share: float = Field(default=0.5, ge=0, lt=1)


class Outer(Parameters):
    factors: int = Field(default=8, ge=1, le=64)
    inner: Inner = Inner()
    names: tuple[str, ...] = ("a",)
    ks: tuple[int, ...] = (10,)
    fast: bool = False


def test_a_value_outside_its_range_names_field_value_and_range() -> None:
    with pytest.raises(ParameterError, match=r"Outer: factors = 65: .*expected at least 1 and at most 64"):
        Outer(factors=65)


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ParameterError, match=r"factor is not known; expected one of factors, inner, names, ks, fast"):
        Outer(factor=3)


def test_every_fault_is_in_the_one_message() -> None:
    with pytest.raises(ParameterError, match=r"factors = 'many'.*fold is not known"):
        Outer(factors="many", fold=1)


def test_a_fault_inside_a_nested_value_names_its_field() -> None:
    with pytest.raises(ParameterError, match=r"share = 1.0.*at least 0 and less than 1"):
        Outer(inner={"share": 1.0})


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_values_that_are_not_finite_are_refused(value: float) -> None:
    with pytest.raises(ParameterError, match="share"):
        Inner(share=value)


@pytest.mark.parametrize("values", [{"factors": True}, {"ks": [10, True]}, {"inner": {"share": False}}])
def test_true_and_false_are_no_numbers(values: dict[str, Any]) -> None:
    with pytest.raises(ParameterError, match=r"(factors|ks|share) = .*true and false are no values for it"):
        Outer(**values)
    assert Outer(fast=True).fast


def test_parameters_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Inner().share = 0.1  # type: ignore[misc]


def test_plain_values_make_equal_parameters() -> None:
    parameters = Outer(factors=3, inner=Inner(share=0.25), names=("x", "y"))
    assert Outer(**parameters.as_dict()) == parameters


def test_a_changed_copy_is_validated_too() -> None:
    assert Outer().replace(factors=5) == Outer(factors=5)
    with pytest.raises(ParameterError, match="factors = 0"):
        Outer().replace(factors=0)
