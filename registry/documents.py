"""Small results of assets as JSON documents."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from recsys_core.storage import read_json, read_manifest, write_json, write_manifest

__all__ = ["Document", "Promotion", "Registration"]


@dataclass(frozen=True, slots=True)
class Document:
    """A JSON-able dictionary that can be stored."""

    content: dict[str, Any]

    def save(self, directory: Path) -> None:
        write_json(directory / "document.json", self.content)
        write_manifest(directory, type(self).__name__)

    @classmethod
    def load(cls, directory: Path) -> Self:
        read_manifest(directory, cls.__name__)
        return cls(read_json(directory / "document.json"))


class Registration(Document):
    """The registered version: ``version``, ``mlflow_run_id``, ``dagster_run_id``, ``created_at``."""

    __slots__ = ()


class Promotion(Document):
    """The gate's decision: ``version``, ``verdict``, ``reasons``, ``figures``, ``champion``."""

    __slots__ = ()
