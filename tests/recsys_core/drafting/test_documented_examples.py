"""The examples of docs/your-own-data.md can be read, and its tables have every field."""

import re
from pathlib import Path

import pytest
import yaml

from recsys_core.dataset.declaration import (
    Declaration,
    FeedbackDeclaration,
    IdsDeclaration,
    dataset_of,
)
from recsys_core.dataset.declared_tables import FormatDeclaration, TableDeclaration
from recsys_core.dataset.relevance import RelevanceParameters

PAGE = (Path(__file__).parents[3] / "docs" / "your-own-data.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
REST = {
    "name": "rest",
    "feedback": {"kind": "events"},
    "interactions": {"file": "log.csv"},
    "items": {"file": "items.csv"},
}


@pytest.mark.parametrize("text", EXAMPLES)
def test_an_example_can_be_read(text: str) -> None:
    dataset_of(Declaration(**{**REST, **yaml.safe_load(text)}))


def test_every_field_is_explained() -> None:
    explained = set(
        re.findall(r"`([a-z_.]+)`", "".join(line.split("|")[1] for line in PAGE.split("\n") if line[:1] == "|"))
    )
    sections = {
        "feedback": FeedbackDeclaration,
        "relevance": RelevanceParameters,
        "format": FormatDeclaration,
        "ids": IdsDeclaration,
    }
    fields = {*Declaration.model_fields, *TableDeclaration.model_fields} - set(sections)
    fields |= {f"{name}.{field}" for name, section in sections.items() for field in section.model_fields}
    assert explained == fields
