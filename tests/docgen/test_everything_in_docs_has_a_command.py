"""Every page with figures and every picture in docs/ is one that a command makes, and the command is tried."""

import re
from typing import Final

from bench import pipeline
from docgen import pictures, web_page
from pipelines.settings import REPOSITORY
from tests.bench.measured_pages import ELSEWHERE, PAGES, PRINTED
from tests.docgen.commands import DECLARED, NOTEBOOKS, PICTURES

DOCS: Final = REPOSITORY / "docs"
COMMAND: Final = r"python -m ((?:bench|docgen)\.\w+)"
WORDS: Final = {"api.md", "deployment.md", "engines.md", "library.md", "operating.md", "your-own-data.md"}
"""Without measured figures."""


def test_every_page_with_figures_names_a_command_that_is_tried() -> None:
    tried = {*PAGES, *DECLARED, PRINTED, *ELSEWHERE, *PICTURES, NOTEBOOKS}
    pages = {path.name: path.read_text(encoding="utf-8") for path in DOCS.glob("*.md") if path.name not in WORDS}
    named = {name: set(re.findall(rf"(?:^- command: |made by )`{COMMAND}", text, re.M)) for name, text in pages.items()}
    assert [name for name, commands in named.items() if not commands] == []
    assert set().union(*named.values()) <= tried
    assert set(re.findall(COMMAND, (REPOSITORY / "Makefile").read_text(encoding="utf-8"))) <= tried


def test_every_picture_is_one_that_a_command_takes() -> None:
    taken = {take.__name__ for take in pictures.PICTURES}
    taken |= {f"page_{name}{suffix}" for name in web_page.PAGES for suffix in web_page.SIZES} | {pipeline.PICTURE}
    assert {path.stem for path in (DOCS / "images").glob("*.png")} - taken == set()
