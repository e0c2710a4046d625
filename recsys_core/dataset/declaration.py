"""``dataset.yaml``: one small file that says what the files of a folder are."""

import math
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Final

from pydantic import Field, ValidationInfo, field_validator

from recsys_core.dataset.declared_sections import Name, Section
from recsys_core.dataset.declared_tables import TableDeclaration, declared_table, items_of, renamed_addresses
from recsys_core.dataset.feedback import Feedback, FeedbackKind
from recsys_core.dataset.ids import IdKind
from recsys_core.dataset.relevance import RelevanceParameters
from recsys_core.dataset.roles import ROLES
from recsys_core.dataset.schema import DatasetSpec
from recsys_core.dataset.table_names import refuse_shared_names
from recsys_core.errors import ParameterError
from recsys_core.parameters import Parameters
from recsys_core.yaml_files import read_yaml

__all__ = [
    "DATASET_FILE",
    "KNOWN_DATASETS",
    "MOVIELENS",
    "Declaration",
    "FeedbackDeclaration",
    "dataset_in",
    "dataset_of",
    "read_dataset",
]

DATASET_FILE: Final = "dataset.yaml"
"""In a data folder, beside its files."""
KNOWN_DATASETS: Final = Path(__file__).parent / "known"
"""Where published data sets are declared, each in a file called like it."""


class FeedbackDeclaration(Parameters):
    """What an interaction says."""

    kind: FeedbackKind = "ratings"
    """"ratings" on a scale; "counts" of plays or purchases, or other weights; "events": that it happened is all."""
    scale: tuple[float, float] | None = None
    """Lowest and highest rating; of counts, what says no more if it grows."""
    step: float = Field(default=0.0, ge=0)
    """Between two ratings of the scale; 0 for any value in between."""
    unrated: float | None = Field(default=None, allow_inf_nan=False)
    """A number beside the scale that stands for no rating; its rows are left out."""
    values: dict[str, float] = Field(default_factory=dict)
    """What the words, or codes, of the column ``rating`` count: ``{view: 1, cart: 3, "4": 5}``."""

    @field_validator("scale")
    @classmethod
    def _can_be(cls, scale: tuple[float, float] | None, info: ValidationInfo) -> tuple[float, float] | None:
        if scale is None:
            if info.data.get("kind") in ("ratings", "counts"):
                raise ValueError(f"feedback of kind {info.data['kind']} needs a scale, such as scale: [1, 5]")
            return None
        try:
            Feedback(*scale, step=0)
        except ParameterError as error:
            raise ValueError(str(error)) from None
        return scale

    @field_validator("unrated")
    @classmethod
    def _is_no_rating(cls, unrated: float | None, info: ValidationInfo) -> float | None:
        scale = info.data.get("scale")
        if unrated is None or scale is None:
            return unrated
        if info.data.get("kind") != "ratings":
            raise ValueError(f"only ratings have a number for no rating; feedback of kind {info.data['kind']} has none")
        if scale[0] <= unrated <= scale[1]:
            raise ValueError(f"{unrated:g} lies on the scale {scale[0]:g} to {scale[1]:g}; expected a number beside it")
        return unrated

    @field_validator("values")
    @classmethod
    def _are_values(cls, values: dict[str, float], info: ValidationInfo) -> dict[str, float]:
        kind, scale = info.data.get("kind"), info.data.get("scale")
        if values and kind == "events":
            raise ValueError("events all count alike; say kind: counts, with a scale, where they do not")
        for word, value in values.items():
            if scale is not None and not scale[0] <= value <= scale[1]:
                raise ValueError(f"{word}: {value:g} is not within the scale {scale[0]:g} to {scale[1]:g}")
        return values

    def feedback(self) -> Feedback:
        if self.kind == "events" or self.scale is None:
            return Feedback.events()
        return Feedback(self.scale[0], self.scale[1], self.step, self.kind)


class IdsDeclaration(Parameters):
    """What people and items are called by."""

    user_id: IdKind = "integer"
    """Whole numbers of 64 bits, or texts of any kind, each a character apart from any other: 007 is not 7."""
    item_id: IdKind = "integer"
    """The same of items."""


class Declaration(Section):
    """A folder of data, declared."""

    name: Name
    feedback: FeedbackDeclaration
    ids: IdsDeclaration = IdsDeclaration()
    """``ids: text`` where users and items both are called by texts."""
    interactions: TableDeclaration
    items: TableDeclaration | None = None
    """Without it, the items are those that the interactions name, and their ids are their titles."""
    links: TableDeclaration | None = None
    tags: TableDeclaration | None = None
    genome_scores: TableDeclaration | None = None
    genome_tags: TableDeclaration | None = None
    relevance: RelevanceParameters | None = None
    """What counts as relevant; without it, the upper part of the scale: three quarters of the way up and more."""
    earliest: date = date(1970, 1, 1)
    """First day on which anybody can have done something; earlier times are mistakes, and their rows rejected."""

    @field_validator("ids", mode="before")
    @classmethod
    def _both_alike(cls, ids: object) -> object:
        return {"user_id": ids, "item_id": ids} if isinstance(ids, str) else ids


def dataset_in(data_dir: Path, declared_in: Path | None = None) -> DatasetSpec:
    """The data set in a folder: what ``declared_in``, or else its ``dataset.yaml``, declares; MovieLens without one."""
    path = declared_in or data_dir / DATASET_FILE
    return read_dataset(path) if declared_in or path.is_file() else MOVIELENS


def read_dataset(path: Path) -> DatasetSpec:
    """The data set that a ``dataset.yaml`` declares; :class:`ParameterError` says what in it cannot be."""
    values = read_yaml(path, "data set")
    try:
        return dataset_of(Declaration(**values))
    except ParameterError as error:
        raise ParameterError(f"data set {path}: {'; '.join(error.faults)}") from None


def dataset_of(declared: Declaration) -> DatasetSpec:
    """The table of each role with the files, names and scale of ``declared``."""
    sections: dict[str, TableDeclaration | None] = {role: getattr(declared, role) for role in ROLES}
    names = {role: (section and section.name) or role for role, section in sections.items()}
    refuse_shared_names(names)
    feedback = declared.feedback.feedback()
    texts = [name for name, kind in declared.ids if kind == "text"]
    tables = [
        declared_table(role, names[role], section, feedback, words=declared.feedback.values)
        for role, section in sections.items()
    ]
    if declared.items is None:
        tables[1] = items_of(tables[0], tables[1])
    relevance = declared.relevance or RelevanceParameters(positive_threshold=_liked_from(feedback))
    return DatasetSpec(
        declared.name,
        tuple(tables),
        feedback,
        earliest_timestamp=int(datetime.combine(declared.earliest, time(), UTC).timestamp()),
        relevance=relevance,
        unrated=declared.feedback.unrated,
        **renamed_addresses(declared.items),
    ).with_text_ids(texts)


def _liked_from(feedback: Feedback) -> float:
    """The rating from which on a title was liked: 4 of 1 to 5; any count, any event."""
    if feedback.kind != "ratings":
        return 0.0
    raw = feedback.minimum + 0.75 * (feedback.maximum - feedback.minimum)
    return math.floor(raw / feedback.step + 0.5) * feedback.step if feedback.step else raw


MOVIELENS: Final = read_dataset(KNOWN_DATASETS / "movielens.yaml")
"""What a folder without a ``dataset.yaml`` is read as."""
