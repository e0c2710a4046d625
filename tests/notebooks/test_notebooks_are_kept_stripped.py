"""What is committed of notebooks: sources alone, alike from one save to the next; and their pages follow them."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import nbformat
import pytest

from docgen.notebooks import NOTEBOOKS, source_on_page, strip
from pipelines.settings import REPOSITORY

BOOKS = sorted(NOTEBOOKS.glob("*.ipynb"))
PAGES = REPOSITORY / "docs" / "notebooks"
each_book = pytest.mark.parametrize("path", BOOKS, ids=lambda path: path.stem)


def document(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))


def test_there_are_the_notebooks_that_the_readme_names() -> None:
    named = re.findall(r"\(notebooks/(\w+\.ipynb)\)", (REPOSITORY / "README.md").read_text(encoding="utf-8"))
    assert sorted(named) == [path.name for path in BOOKS]


@each_book
def test_a_notebook_is_committed_as_stripping_leaves_it(path: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copy(path, tmp_path))
    strip(copy)
    assert copy.read_bytes() == path.read_bytes(), "run make format"


def test_stripping_takes_out_what_running_leaves(tmp_path: Path) -> None:
    output = nbformat.v4.new_output("stream", name="stdout", text="4")
    cell = nbformat.v4.new_code_cell(
        "2 + 2", outputs=[output], execution_count=7, metadata={"collapsed": True}, id="sum"
    )
    words = nbformat.v4.new_markdown_cell("Words", metadata={"editable": True}, id="words")
    book = nbformat.v4.new_notebook(cells=[words, cell], metadata={"language_info": {"name": "python", "version": "3"}})
    nbformat.write(book, tmp_path / "used.ipynb")
    strip(tmp_path / "used.ipynb")
    left = document(tmp_path / "used.ipynb")
    assert left["cells"] == [
        {"cell_type": "markdown", "id": "words", "metadata": {}, "source": ["Words"]},
        {
            "cell_type": "code", "execution_count": None, "id": "sum", "metadata": {}, "outputs": [],
            "source": ["2 + 2"],
        },
    ]  # fmt: skip
    assert left["metadata"] == document(BOOKS[0])["metadata"]


@each_book
def test_cells_are_called_by_readable_names_of_their_own(path: Path) -> None:
    names = [cell["id"] for cell in document(path)["cells"]]
    assert len(names) == len(set(names))
    assert [name for name in names if not re.fullmatch(r"[a-z]+(-[a-z]+)*", name)] == []


@each_book
def test_a_page_shows_its_notebook_as_it_is_now(path: Path) -> None:
    page = (PAGES / f"{path.stem}.md").read_text(encoding="utf-8")
    book = nbformat.read(path, as_version=4)
    sources = [source_on_page(cell) for cell in book.cells]
    heading, _, rest = sources[0].partition("\n\n")
    place = 0
    for source in (heading, rest, *sources[1:]):
        found = page.find(source, place)
        assert found >= 0, f"run python -m docgen.notebooks --only {path.stem}: the page lacks {source[:80]!r}"
        place = found + len(source)


def test_pages_and_pictures_are_those_of_notebooks() -> None:
    assert sorted(page.stem for page in PAGES.glob("*")) == [path.stem for path in BOOKS]
    shown = {
        name for page in PAGES.glob("*.md") for name in re.findall(r"images/notebooks/(\S+\.png)\)", page.read_text())
    }
    pictures = list((REPOSITORY / "docs" / "images" / "notebooks").iterdir())
    assert {path.name for path in pictures} == shown
    assert max(path.stat().st_size for path in pictures) <= 100_000


@each_book
def test_links_lead_somewhere(path: Path) -> None:
    for text, folder in (
        (" ".join("".join(cell["source"]) for cell in document(path)["cells"]), NOTEBOOKS),
        ((PAGES / f"{path.stem}.md").read_text(encoding="utf-8"), PAGES),
    ):
        leads = [link for link in re.findall(r"\]\(([^)#\s]+)", text) if not link.startswith("http")]
        assert leads
        assert [link for link in leads if not (folder / link).exists()] == []
