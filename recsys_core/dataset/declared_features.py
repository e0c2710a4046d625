"""What ``dataset.yaml`` says of further columns that describe items."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator

from recsys_core.dataset.columns import FEATURE_PREFIXES, ColumnSpec
from recsys_core.parameters import Parameters

__all__ = ["Feature", "FeatureDeclaration", "feature_column"]

_LARGEST = 1.7976931348623157e308
_KINDS = ("category", "number", "text", "weighted tags")
_TYPES: dict[str, Any] = {"number": "float", "set": "set", "weighted tags": "weights"}


class FeatureDeclaration(Parameters):
    """One column: what its cells hold, and what stands between the members of a set ("" for the usual separators)."""

    kind: Literal["set", "category", "number", "text", "weighted tags"]
    separator: str = ""


def _in_full(said: Any) -> FeatureDeclaration:
    """From ``number``, ``{set: ","}`` or a separator alone: ``""`` for a category or a set with the usual ones."""
    if isinstance(said, str) and said in _KINDS:
        return FeatureDeclaration.model_validate({"kind": said})
    if isinstance(said, dict) and [*said] == ["set"] and isinstance(said["set"], str):
        return FeatureDeclaration(kind="set", separator=said["set"])
    if isinstance(said, str) and not any(character.isalnum() for character in said):
        return FeatureDeclaration(kind="set", separator=said)
    raise ValueError(f'expected {", ".join(_KINDS)}, {{set: ","}}, or the separator of a set ("" for the usual ones)')


Feature = Annotated[FeatureDeclaration, BeforeValidator(_in_full)]


def feature_column(source: str, declared: FeatureDeclaration) -> ColumnSpec:
    """The column that the file calls ``source``."""
    return ColumnSpec(
        f"{FEATURE_PREFIXES[declared.kind]}{source}",
        _TYPES.get(declared.kind, "text"),
        source,
        nullable=True,
        minimum=-_LARGEST if declared.kind == "number" else None,
        maximum=_LARGEST if declared.kind == "number" else None,
        separator=declared.separator,
        wanted_by="items.features",
        description=source,
    )
