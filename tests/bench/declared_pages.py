"""Pages of docs/ that say what the code declares and hold nothing measured, by the command that writes each."""

from typing import Final

__all__ = ["DECLARED"]

DECLARED: Final = {
    "bench.configuration": "configuration.md",
    "bench.data_dictionary": "data-dictionary.md",
    "bench.python_api": "python-api.md",
}
