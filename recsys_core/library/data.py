"""Data, read and validated, and their parts: what a notebook begins with."""

import hashlib
import re
import shutil
import tempfile
import time
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import Any, Final, Literal, Self

import pyarrow as pa
import pyarrow.parquet as pq

from recsys_core.bundle import Titles
from recsys_core.dataset.declaration import DATASET_FILE, dataset_in, dataset_of, read_dataset
from recsys_core.dataset.feedback import Feedback
from recsys_core.dataset.interactions import Split
from recsys_core.dataset.relevance import RelevanceParameters
from recsys_core.dataset.schema import DatasetSpec
from recsys_core.drafting import Guess, draft_dataset
from recsys_core.errors import FailedValidationError, MissingFileError, ParameterError
from recsys_core.experiment import Prepared, prepare_folder
from recsys_core.features import FeatureParameters, ItemFeatures
from recsys_core.library.declaring import Said, write_folder
from recsys_core.library.frames import FrameKind, arrow_of, frame_of
from recsys_core.plotting import Table
from recsys_core.splitting import SplitParameters
from recsys_core.splitting.parameters import Protocol
from recsys_core.validating import RejectLimits
from recsys_core.validating.diagnosing import DECLARE

__all__ = ["Dataset", "DatasetSplit", "SplitPart", "catalogue_of"]

_NOT_OF_FRAMES: Final = (
    (re.compile(r"\w+ \((\w+)\.parquet\)"), r"\1"),
    (re.compile(r"\(line (\d+)\)"), r"(row \1)"),
    (re.compile(re.escape(f": {DECLARE}")), ": say feedback=Feedback(…), or columns={…}"),
    (re.compile(r" Mend the file or name another one"), ""),
    (re.compile(r"Mend the file"), "Mend the rows"),
)
_SHARE: Final = RejectLimits().max_rejected_share


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """Validated interactions and items. Made by :meth:`of` or :meth:`from_frames`.

    guesses  what nobody said about the data, and why it was taken so
    """

    prepared: Prepared
    frame_kind: FrameKind = "pandas"
    guesses: tuple[Guess, ...] = ()

    @classmethod
    def of(cls, folder: str | PathLike[str], *, max_rejected_share: float = _SHARE) -> Self:
        """The data in ``folder``, read and validated as the pipeline does; nothing is written there.

        What its ``dataset.yaml`` declares. Without one the folder is MovieLens's, or else what
        ``recsys init-dataset`` would draft. DataError where the data cannot be used.
        """
        if not isinstance(folder, (str, PathLike)):
            raise ParameterError(
                f"folder is a {type(folder).__name__}; expected the path of one. Dataset.from_frames takes data frames"
            )
        path = Path(folder).expanduser()
        if not path.is_dir():
            raise MissingFileError(f"{path}: no such folder; expected one with files of interactions and items")
        with _workspace() as workspace:
            dataset, guesses = _declared(path, workspace)
            return cls._of_folder(path, dataset, workspace, max_rejected_share, guesses=guesses)

    @classmethod
    def from_frames(
        cls,
        interactions: Any,
        items: Any = None,
        *,
        tags: Any = None,
        feedback: Feedback | str | None = None,
        columns: Mapping[str, str] | None = None,
        features: Mapping[str, str] | Sequence[str] | None = None,
        relevance: RelevanceParameters | float | None = None,
        name: str = "frames",
        max_rejected_share: float = _SHARE,
    ) -> Self:
        """The data in frames of pandas or Polars, Arrow tables, or whatever has the Arrow PyCapsule interface.

        interactions  user_id, item_id, and if there are rating and timestamp (seconds, or moments)
        items         item_id, title, and if there are genres and year; None: what was interacted with, by its id
        tags          user_id, item_id, tag and if there is timestamp
        feedback      a scale such as ``Feedback(1, 5, step=1)``, "counts" or "events"; None: guessed from the values
        columns       canonical name → the frames' own, where they differ by more than case, spaces and underscores
        features      further columns of items: categories or sets; a mapping says between their members what stands
                      ("" for the usual signs); None: guessed
        relevance     from which rating on an item was liked; None: three quarters up the scale

        Rows are rejected, repeated ones kept once or added up, as those of files are. ParameterError, or DataError
        where the data cannot be used.
        """
        given = {"interactions": interactions, "items": items, "tags": tags}
        tables, kinds = {}, {}
        for frame_name, frame in given.items():
            if frame is not None or frame_name == "interactions":
                tables[frame_name], kinds[frame_name] = arrow_of(frame, frame_name)
        if relevance is not None and not isinstance(relevance, RelevanceParameters):
            relevance = RelevanceParameters(positive_threshold=relevance)
        said = Said(name, feedback, columns or {}, features, relevance)
        with _workspace() as workspace:
            folder = workspace / "frames"
            folder.mkdir()
            declaration, guesses = write_folder(tables, said, folder)
            dataset = dataset_of(declaration)
            others = {"guesses": guesses, "frame_kind": kinds["interactions"]}
            try:
                return cls._of_folder(folder, dataset, workspace, max_rejected_share, **others)
            except FailedValidationError as error:
                raise FailedValidationError(_of_frames(str(error))) from None

    @classmethod
    def _of_folder(
        cls, folder: Path, dataset: DatasetSpec, workspace: Path, max_rejected_share: float, **others: Any
    ) -> Self:
        limits = RejectLimits(max_rejected_share=max_rejected_share)
        data = cls(prepare_folder(folder, dataset, workspace, now=int(time.time()), limits=limits), **others)
        weakref.finalize(data, shutil.rmtree, workspace, ignore_errors=True)
        return data

    @property
    def name(self) -> str:
        return self.prepared.dataset.name

    @property
    def feedback(self) -> Feedback:
        return self.prepared.dataset.feedback

    @property
    def relevance(self) -> RelevanceParameters:
        return self.prepared.dataset.relevance

    @property
    def n_users(self) -> int:
        return self.prepared.interactions.n_users

    @cached_property
    def n_items(self) -> int:
        """Of the catalogue, those without an interaction, too."""
        return len(self.prepared.tables.catalogue_ids)

    @property
    def n_interactions(self) -> int:
        return self.prepared.interactions.n_ratings

    @property
    def items(self) -> Any:
        """The catalogue as a frame: item_id, title, genres, year …"""
        return frame_of(catalogue_of(self.prepared.titles()), self.frame_kind)

    @property
    def rejected(self) -> Any:
        """Every rejected row as a frame: its file, line (of a frame the row, from 1), column, reason and text."""
        parts = [
            pq.read_table(self.prepared.directory / "validated" / name / "rejected.parquet")
            for name in self.prepared.summaries
        ]
        return frame_of(pa.concat_tables(parts).drop_columns(["expectation"]), self.frame_kind)

    @cached_property
    def fingerprint(self) -> str:
        """Hex SHA-256 of who interacted with what, how and when."""
        matrix = self.prepared.interactions
        found = hashlib.sha256()
        users = matrix.user_ids[matrix.user_nums()]
        for values in (users, matrix.item_ids[matrix.ratings.indices], matrix.ratings.data, matrix.timestamps):
            found.update(values.astype(values.dtype.newbyteorder("<")).tobytes())
        return found.hexdigest()

    def split(self, protocol: Protocol = "user_holdout", *, seed: int = 0, **others: Any) -> "DatasetSplit":
        """Training, validation and test parts: by held-out users, or by time ("temporal").

        others  further fields of :class:`recsys_core.splitting.SplitParameters`
        """
        threshold = {"positive_threshold": self.relevance.positive_threshold}
        parameters = SplitParameters(protocol=protocol, seed=seed, **{**threshold, **others})
        return DatasetSplit(self, self.prepared.split(parameters))

    def __repr__(self) -> str:
        return "\n".join([f"Dataset {self.name}: {self._in_words()}", *self._told()])

    def _repr_html_(self) -> str:
        rows = [
            (name, *(f"{n:,}" for n in (summary.n_in, summary.n_accepted, summary.n_rejected)))
            for name, summary in self.prepared.summaries.items()
            if summary.n_in
        ]
        table = Table(("table", "rows in", "accepted", "rejected"), tuple(rows))
        told = Table(("guessed",), tuple((line.strip(),) for line in self._told())).html() if self._told() else ""
        return table.html(f"{self.name}: {self._in_words()}") + told

    def _in_words(self) -> str:
        scale, kind = self.feedback, self.feedback.kind
        between = f" from {scale.minimum:g} to {scale.maximum:g}" if kind == "ratings" else ""
        words = f"{self.n_interactions:,} {kind}{between} by {self.n_users:,} users, {self.n_items:,} items"
        lost = [
            f"{summary.n_rejected:,} of {summary.n_in:,} {name}"
            for name, summary in self.prepared.summaries.items()
            if summary.n_rejected
        ]
        repeated = self.prepared.summaries["ratings"].n_accepted - self.n_interactions
        added = f"; {repeated:,} repeated rows {'are one' if kind == 'events' else 'added up'}" if repeated else ""
        return f"{words}; rejected: {', '.join(lost) or 'none'}{added}"

    def _told(self) -> list[str]:
        return [f"  {guess.what} = {guess.value!r} ({guess.confidence}: {guess.why})" for guess in self.guesses]


@dataclass(frozen=True, eq=False, repr=False)
class DatasetSplit:
    """The parts of a data set; ``train, test = data.split()`` takes it apart."""

    data: Dataset
    parts: Split

    @property
    def train(self) -> "SplitPart":
        """What a model is fitted on, and the validation users that tuning goes by."""
        return SplitPart(self, "train")

    @property
    def test(self) -> "SplitPart":
        """What a model is judged on."""
        return SplitPart(self, "test")

    @cached_property
    def features(self) -> ItemFeatures:
        """Of all items, fitted on what the training part may know."""
        return self.data.prepared.tables.known_to(self.parts, FeatureParameters())

    def __iter__(self) -> Iterator["SplitPart"]:
        return iter((self.train, self.test))

    def __repr__(self) -> str:
        return f"{self.data.name}, {self.parts.summary['protocol']}:\n  {self.train!r}\n  {self.test!r}"

    def _repr_html_(self) -> str:
        train, parts = self.parts.train, (self.parts.validation, self.parts.test)
        rows = [
            ("train", f"{train.n_users:,}", f"{train.n_ratings:,}", ""),
            *(
                (name, f"{part.history.n_users:,}", f"{part.history.n_ratings:,}", f"{part.targets.nnz:,}")
                for name, part in zip(("validation", "test"), parts, strict=True)
            ),
        ]
        table = Table(("part", "users", "known", "to be found"), tuple(rows))
        return table.html(f"{self.data.name}, {self.parts.summary['protocol']}")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class SplitPart:
    """One side of a split: fit on "train", evaluate on "test"."""

    split: DatasetSplit
    side: Literal["train", "test"]

    def __repr__(self) -> str:
        parts = self.split.parts
        if self.side == "train":
            tuned = f"{parts.validation.history.n_users:,} users for tuning"
            return f"training part: {parts.train.n_ratings:,} of {parts.train.n_users:,} users; {tuned}"
        return f"test part: {parts.test.targets.nnz:,} to be found for {parts.test.history.n_users:,} users"


def catalogue_of(titles: Titles) -> pa.Table:
    """What people read of the catalogue, with ids as the data have them."""
    return titles.table.drop_columns(["text_id"]).set_column(0, "item_id", titles.ids.column(titles.item_ids))


def _declared(folder: Path, workspace: Path) -> tuple[DatasetSpec, tuple[Guess, ...]]:
    if (folder / DATASET_FILE).is_file():
        return dataset_in(folder), ()
    draft = draft_dataset(folder)
    if not draft.is_needed:
        return dataset_in(folder), ()
    (workspace / DATASET_FILE).write_text(draft.text, encoding="utf-8")
    return read_dataset(workspace / DATASET_FILE), draft.guesses


def _of_frames(message: str) -> str:
    """A message about files, about the frames that they were written from."""
    for said, meant in _NOT_OF_FRAMES:
        message = said.sub(meant, message)
    return message


@contextmanager
def _workspace() -> Iterator[Path]:
    """A folder that goes with the data that were read into it, and at once where that fails."""
    workspace = Path(tempfile.mkdtemp(prefix="recsys-data-"))
    try:
        yield workspace
    except BaseException:
        shutil.rmtree(workspace, ignore_errors=True)
        raise
