"""What every part of a ``dataset.yaml`` is made of."""

from typing import Annotated

from pydantic import StringConstraints, ValidationInfo, ValidatorFunctionWrapHandler, field_validator

from recsys_core.errors import ParameterError
from recsys_core.parameters import Parameters

__all__ = ["Name", "Section"]

Name = Annotated[str, StringConstraints(min_length=1)]


class Section(Parameters):
    """A part of the file, whose faults are told by their way from its top: ``items.features.price``."""

    @field_validator("*", mode="wrap")
    @classmethod
    def _say_where(cls, value: object, inner: ValidatorFunctionWrapHandler, info: ValidationInfo) -> object:
        try:
            return inner(value)
        except ParameterError as error:
            faults = [f"{info.field_name}.{fault}" for fault in error.faults]
            raise ParameterError("; ".join(faults), faults) from None
