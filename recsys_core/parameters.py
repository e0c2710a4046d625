"""The base of all typed parameters: frozen, ranged, and with errors that name field, value and range."""

import ast
import inspect
import itertools
import textwrap
from typing import Any, Self, get_args

from pydantic import BaseModel, ConfigDict, ValidationError, ValidationInfo, field_validator
from pydantic.fields import FieldInfo

from recsys_core.errors import ParameterError
from recsys_core.syntax import parsed

__all__ = ["Parameters", "meanings", "parameter_error", "range_in_words"]

_OF_KINDS = {
    "model_type": "expected 'name: value' pairs",
    "dict_type": "expected 'name: value' pairs",
    "tuple_type": "expected a list",
}
_BOUNDS = (("ge", "at least"), ("gt", "more than"), ("le", "at most"), ("lt", "less than"))


class Parameters(BaseModel):
    """A frozen set of parameters. A value outside its range, or an unknown name, is a :class:`ParameterError`.

    Subclasses declare ranges with ``pydantic.Field(ge=..., le=...)``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, validate_default=True)

    def __init__(self, /, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise parameter_error(error, type(self)) from None

    @field_validator("*", mode="before")
    @classmethod
    def _a_number_for_a_number(cls, value: Any, info: ValidationInfo) -> Any:
        """Pydantic would take True and "1" for 1."""
        values = value if isinstance(value, (list, tuple)) else [value]
        kind = cls.model_fields[str(info.field_name)].annotation
        if kind is not bool and any(isinstance(one, bool) for one in values):
            raise ValueError("true and false are no values for it")
        if {kind, *get_args(kind)} & {int, float} and any(isinstance(one, str) for one in values):
            raise ValueError("a text is no number")
        return value

    def as_dict(self) -> dict[str, Any]:
        """Plain values that JSON can hold; ``type(self)(**self.as_dict())`` is equal to ``self``."""
        return self.model_dump(mode="json")

    def replace(self, **changes: Any) -> Self:
        """A copy with ``changes``, validated like a new one."""
        return type(self)(**{**self.model_dump(), **changes})


def parameter_error(error: ValidationError, model: type[BaseModel]) -> ParameterError:
    """One message for all faults in ``error``: each names the field, the value found and the range expected."""
    faults = []
    for fault in error.errors(include_url=False):
        name = ".".join(str(part) for part in fault["loc"]) or model.__name__
        if fault["type"] == "extra_forbidden":
            faults.append(f"{name} is not known; expected one of {', '.join(model.model_fields)}")
            continue
        if fault["type"] == "missing":
            faults.append(f"{name} is not given; it is needed")
            continue
        field = model.model_fields.get(str(fault["loc"][0])) if fault["loc"] else None
        expected = range_in_words(field) if field is not None and len(fault["loc"]) == 1 else ""
        expected = f"; expected {expected}" if expected else ""
        reason = _OF_KINDS.get(fault["type"]) or fault["msg"].removeprefix("Value error, ")
        faults.append(f"{name} = {fault['input']!r}: {reason[:1].lower()}{reason[1:]}{expected}")
    return ParameterError(f"{model.__name__}: " + "; ".join(faults), faults)


def range_in_words(field: FieldInfo) -> str:
    """The declared range of a number, empty for none: "at least 1 and at most 1024"."""
    words = []
    for attribute, phrase in _BOUNDS:
        bound = next((getattr(m, attribute) for m in field.metadata if getattr(m, attribute, None) is not None), None)
        if bound is not None:
            words.append(f"{phrase} {bound}")
    return " and ".join(words)


def meanings(model: type[BaseModel]) -> dict[str, str]:
    """What each field of ``model`` means, in one line: the text below its declaration, or the description given."""
    body = parsed(textwrap.dedent(inspect.getsource(model))).body[0]
    found = {name: field.description for name, field in model.model_fields.items() if field.description}
    for field, text in itertools.pairwise(body.body if isinstance(body, ast.ClassDef) else []):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(text, ast.Expr):
            found[field.target.id] = " ".join(str(ast.literal_eval(text.value)).split()).replace("``", "`")
    return found
