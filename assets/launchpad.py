"""The parameters as typed Dagster configuration, made from their classes: what the launchpad shows and takes.

Dagster's own ``Config`` takes no plain pydantic model, tuple or optional section with a default, so its configuration
types are made here. They know no ranges: those stand in the descriptions, and hold when a run is configured.
"""

import builtins
import types
import typing
from collections.abc import Mapping
from typing import Any, get_args, get_origin

import dagster as dg
from pydantic import BaseModel

from assets.configuration import SAID_ONCE, Configuration
from recsys_core.errors import ParameterError
from recsys_core.parameters import meanings, range_in_words

__all__ = ["RefusedParameterError", "given_in", "parameters_resource", "run_config"]


class RefusedParameterError(dg.DagsterError):
    """A value out of its range; as an error of Dagster's own it is shown as it is, with nothing around it."""


def parameters_resource(configuration: Configuration) -> dg.ResourceDefinition:
    """The resource "parameters": a :class:`Configuration`. What a run does not set is as in ``configuration``."""

    def made(context: dg.InitResourceContext) -> Configuration:
        return Configuration(**context.resource_config)

    def configured(given: Any) -> dict[str, Any]:
        try:
            return Configuration(**given).as_dict()
        except ParameterError as error:  # before any step
            raise RefusedParameterError(f"resources.parameters: {error}") from None

    values = configuration.as_dict()
    schema = dg.Field(_section(Configuration, values), is_required=False, default_value=values)
    return dg.ResourceDefinition(made, config_schema=dict).configured(configured, config_schema=schema)


def run_config(configuration: Configuration) -> dict[str, Any]:
    """For a run that is made with ``configuration``, whatever the code location has loaded."""
    return {"resources": {"parameters": {"config": configuration.as_dict()}}}


def given_in(config: Mapping[str, Any]) -> Any:
    """The parameters that a run's configuration names itself."""
    return config.get("resources", {}).get("parameters", {}).get("config", {})


def _section(model: type[BaseModel], values: Mapping[str, Any]) -> dg.Shape:
    """The fields of ``model``, with ``values`` as defaults."""
    told, fields = meanings(model), {}
    for name, field in model.model_fields.items():
        if model in _HIDDEN and name in _HIDDEN[model]:
            continue
        range_ = range_in_words(field)
        fields[name] = dg.Field(
            _type(field.annotation, f"{model.__name__}_{name}", values.get(name)),
            description=told.get(name, "") + (f" Range: {range_}." if range_ else ""),
            **({"is_required": False, "default_value": values[name]} if name in values else {}),
        )
    return dg.Shape(fields)  # type: ignore[no-untyped-call]


_HIDDEN = {Configuration.model_fields[name].annotation: fields for name, fields in SAID_ONCE.items()}


def _type(annotation: Any, name: str, value: Any) -> Any:
    """Dagster's type for a parameter's; an enumeration is called ``name``, for it must be unique."""
    if get_origin(annotation) is typing.Annotated:
        annotation = get_args(annotation)[0]
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return _section(annotation, _defaults(annotation) if value is None else value)
    inner = get_args(annotation)
    match get_origin(annotation):
        case typing.Union | types.UnionType:  # something, or None
            return dg.Noneable(_type(next(kind for kind in inner if kind is not type(None)), name, value))
        case typing.Literal:
            return dg.Enum(name, [dg.EnumValue(choice) for choice in inner])
        case builtins.tuple:
            return dg.Array(_type(inner[0], name, None))
        case builtins.dict:
            return dg.Map(str, _type(inner[1], name, None))  # type: ignore[no-untyped-call]
        case _:
            return annotation


def _defaults(model: type[BaseModel]) -> dict[str, Any]:
    fields = {name: field for name, field in model.model_fields.items() if not field.is_required()}
    return {name: field.get_default(call_default_factory=True) for name, field in fields.items()}
