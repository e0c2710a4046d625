"""Pages that are made of declarations alone are what the code says now."""

import importlib
import re
from pathlib import Path
from typing import get_args

import pytest

from docgen.python_api import public_names
from pipelines.settings import REPOSITORY
from recsys_core.dataset.columns import ColumnType
from tests.docgen.commands import DECLARED

DOCS = REPOSITORY / "docs"


@pytest.mark.parametrize("command", DECLARED)
def test_the_page_is_what_the_code_says(command: str, tmp_path: Path) -> None:
    written = tmp_path / DECLARED[command]
    importlib.import_module(command).main(["--out", str(written)])
    text = written.read_text(encoding="utf-8")
    assert text == (DOCS / written.name).read_text(encoding="utf-8"), f"run python -m {command}"
    assert f"`python -m {command}`" in text


def test_the_data_dictionary_explains_every_type_of_column() -> None:
    types = (DOCS / "data-dictionary.md").read_text(encoding="utf-8").partition("## Types")[2]
    assert set(re.findall(r"^\| ([a-z ]+) \|", types, re.M)) - {"type"} == set(get_args(ColumnType))


def test_every_name_on_the_librarys_page_says_what_it_is() -> None:
    names = [(module, name, found) for module, all_names in public_names().items() for name, found in all_names.items()]
    assert len(names) > 150
    assert [f"{module}.{name}" for module, name, found in names if found.docstring is None] == []


def test_the_librarys_page_links_only_to_headings_that_it_has() -> None:
    page = (DOCS / "python-api.md").read_text(encoding="utf-8")
    headings = [re.sub(r"[^a-z0-9_]", "", line.lower()) for line in re.findall(r"^##+ (.*)$", page, re.M)]
    assert len(headings) == len(set(headings))
    assert set(re.findall(r"\]\(#([a-z0-9_]+)\)", page)) == set(headings)
