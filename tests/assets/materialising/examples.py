"""A value and inputs as small as they can be, for tests of how values are kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel

from assets.materialising import Inputs
from recsys_core.dataset.declaration import MOVIELENS
from recsys_core.splitting import SplitParameters

__all__ = ["Note", "example_inputs"]


@dataclass(frozen=True)
class Note:
    """A text; one that says "explode" cannot be written whole."""

    text: str

    def save(self, directory: Path) -> None:
        (directory / "text").write_text(self.text)
        if self.text == "explode":
            raise OSError("no space left on device")

    @classmethod
    def load(cls, directory: Path) -> Self:
        return cls((directory / "text").read_text())


def example_inputs(code: str = "1", *, asset: str = "note", **fields: Any) -> Inputs:
    """Inputs whose version follows ``code`` and what else is given."""
    parameters: Mapping[str, BaseModel] = {"split": SplitParameters()}
    given: dict[str, Any] = {
        "asset": asset,
        "dataset": MOVIELENS,
        "files": {"links": f"links.csv {'f' * 64}"},
        "upstream": {"raw": "r1"},
        "parameters": parameters,
        "code": {"a.py": code},
        "libraries": {"numpy": "2.0"},
        "store": "",
        "champion": "",
        "engine": "",
        "code_version": f"code {code}",
        "descent": {"asset raw": "r1", "file links": f"links.csv {'f' * 64}"},
        "now": 1_700_000_000,
        "run_id": "run-1",
    }
    return Inputs(**{**given, **fields})
