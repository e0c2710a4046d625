"""Data sets as MLflow keeps them of a run: a name, a digest, a schema and counts, never the rows themselves."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from recsys_core.dataset.schema import TableSpec

__all__ = ["DataSet"]

_MAX_DIGEST = 36  # characters of a data set's digest that MLflow keeps
_TYPES: dict[str, str] = {
    "id": "long",
    "text id": "long",
    "int": "long",
    "float": "double",
    "text": "string",
    "set": "string",
    "timestamp": "long",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSet:
    """Which data a run used.

    fingerprint  of the content; its first 36 characters become the digest
    source       where it was read from
    columns      name → (MLflow's type, whether it is in every row)
    context      what it was used for: "training", "test"
    profile      counts by name; MLflow's pages know "num_rows"
    """

    name: str
    fingerprint: str
    source: str
    columns: Mapping[str, tuple[str, bool]] = field(default_factory=dict)
    context: str = "training"
    profile: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of_table(cls, table: TableSpec, *, fingerprint: str, source: str, **options: Any) -> Self:
        """A declared table, with its columns' types as MLflow names them."""
        columns = {column.name: (_TYPES[column.type], not column.nullable) for column in table.columns}
        return cls(**{"name": table.shown, **options}, fingerprint=fingerprint, source=source, columns=columns)

    @property
    def digest(self) -> str:
        return self.fingerprint[:_MAX_DIGEST]

    def entity(self) -> Any:
        """MLflow's form: a DatasetInput."""
        from mlflow.entities import Dataset, DatasetInput, InputTag

        schema = [{"type": kind, "name": name, "required": sure} for name, (kind, sure) in self.columns.items()]
        dataset = Dataset(
            name=self.name,
            digest=self.digest,
            source_type="local",
            source=json.dumps({"uri": self.source}),
            schema=json.dumps({"mlflow_colspec": schema}) if schema else None,
            profile=json.dumps({**self.profile, "fingerprint": self.fingerprint}),
        )
        return DatasetInput(dataset, [InputTag("mlflow.data.context", self.context)])
