"""The commands of docgen, by what each writes."""

from typing import Final

__all__ = ["DECLARED", "NOTEBOOKS", "PICTURES"]

DECLARED: Final = {
    "docgen.configuration": "configuration.md",
    "docgen.data_dictionary": "data-dictionary.md",
    "docgen.python_api": "python-api.md",
}
"""Pages of docs/ that say what the code declares."""
PICTURES: Final = ("docgen.pictures", "docgen.web_page")
NOTEBOOKS: Final = "docgen.notebooks"  # tried in tests/notebooks
