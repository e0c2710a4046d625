"""Data frames → the declaration of a folder that holds them, with a guess behind what nobody said."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from recsys_core.dataset.columns import ColumnSpec
from recsys_core.dataset.declaration import Declaration, FeedbackDeclaration, IdsDeclaration
from recsys_core.dataset.feedback import Feedback
from recsys_core.dataset.ids import IdKind
from recsys_core.dataset.moments import PER_SECOND
from recsys_core.dataset.names import plain_name
from recsys_core.dataset.relevance import RelevanceParameters
from recsys_core.dataset.roles import ROLES
from recsys_core.drafting.columns import Column
from recsys_core.drafting.features import guess_features
from recsys_core.drafting.guesses import Guess
from recsys_core.drafting.names import ITEM, RATING, TIME, TITLE, USER
from recsys_core.drafting.names import named as named_as
from recsys_core.drafting.roles import Found, find_tables
from recsys_core.drafting.sampling import Sample, sample_file
from recsys_core.drafting.values import guess_feedback
from recsys_core.errors import ParameterError
from recsys_core.library.frames import ids_of

__all__ = ["Said", "write_folder"]

_NEEDED: Final = {
    "interactions": ("user_id", "item_id"),
    "items": ("item_id", "title"),
    "tags": ROLES["tags"].key,
}
_WHAT: Final = {"user_id": "users", "item_id": "items", "title": "titles", "tag": "tags"}
_WORDS: Final = {"user_id": USER, "item_id": ITEM, "title": TITLE, "rating": RATING, "timestamp": TIME}


@dataclass(frozen=True, slots=True)
class Said:
    """What the caller says of the frames; see :meth:`recsys_core.library.Dataset.from_frames`."""

    name: str
    feedback: Feedback | str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    features: Mapping[str, str] | Sequence[str] | None = None
    relevance: RelevanceParameters | None = None


def write_folder(frames: Mapping[str, pa.Table], said: Said, folder: Path) -> tuple[Declaration, tuple[Guess, ...]]:
    """Write ``frames`` ("interactions", "items" and "tags" by name) into ``folder``, and say what they are.

    Without items those of the interactions become them, called by their ids. ParameterError where a column is missing.
    """
    _check(frames, said)
    samples = {name: _written(frames[name], name, folder) for name in frames}
    found = find_tables([_as_said(sample, said) for name, sample in samples.items() if name != "tags"])
    sections: dict[str, Any] = {}
    guesses: list[Guess] = []
    named: dict[str, dict[str, str]] = {}
    for name, sample in samples.items():
        role = found.get(name)
        drafted = role.columns if role is not None and role.sample.file == name else _by_name(name, sample)
        named[name] = _columns(name, sample, said)
        for canonical, guess in drafted.items():
            if canonical not in named[name] and guess.column.name not in (*named[name].values(), *said.columns):
                named[name][canonical] = guess.column.name
                what = f"{name}.columns.{canonical}"
                guesses.append(Guess(what, guess.column.name, guess.confidence, guess.why))
        _check_needed(name, sample, named[name])
    for name, table in frames.items():
        for canonical in {"user_id", "item_id"} & named[name].keys():
            table = ids_of(table, named[name][canonical], name)  # noqa: PLW2901
        pq.write_table(table, folder / f"{name}.parquet")
        sections[name] = {"file": f"{name}.parquet", "columns": named[name], **_time(samples[name], named[name])}
    if "items" in frames:
        sections["items"]["features"] = _features(samples["items"], named["items"], said, guesses)
    else:
        sections["items"] = _items_of(folder, named["interactions"]["item_id"])
    ids = {name: _kind_of_ids(name, frames, samples, named) for name in ("user_id", "item_id")}
    feedback, more = _feedback(samples["interactions"], named["interactions"], said)
    if feedback.get("kind") == "events":
        sections["interactions"]["columns"].pop("rating", None)
    section = FeedbackDeclaration(**feedback)
    return Declaration(
        name=said.name, feedback=section, ids=IdsDeclaration(**ids), relevance=said.relevance, **sections
    ), (*more, *guesses)


def _check(frames: Mapping[str, pa.Table], said: Said) -> None:
    if not isinstance(said.columns, Mapping):
        kind = type(said.columns).__name__
        raise ParameterError(
            f'columns is a {kind}; expected canonical names with the frames\' own: {{"rating": "stars"}}'
        )
    if isinstance(said.features, str):
        raise ParameterError(f"features is the text {said.features!r}; expected a list of columns, or a mapping")
    known = dict.fromkeys(c.name for name in _NEEDED for c in ROLES[name].columns)
    there = [name for table in frames.values() for name in table.column_names]
    for canonical, own in said.columns.items():
        if canonical not in known:
            raise ParameterError(f"columns names {canonical!r}; expected one of {', '.join(known)}")
        if own not in there:
            raise ParameterError(f"columns says that {canonical} is {own!r}; no frame has it: {', '.join(there)}")


def _written(table: pa.Table, name: str, folder: Path) -> Sample:
    """The first rows, as reading finds them."""
    there = ", ".join(table.column_names)
    if table.num_rows == 0 or table.num_columns < 2:
        raise ParameterError(
            f"{name} has {table.num_rows} rows of the columns {there or 'none'}; expected some of both"
        )
    pq.write_table(table, folder / f"{name}.parquet")
    sample = sample_file(folder / f"{name}.parquet")
    assert sample is not None
    return Sample(name, sample.columns, sample.n_rows, sample.form, sample.has_header, sample.whole)


def _as_said(sample: Sample, said: Said) -> Sample:
    """With the canonical names of columns that are said, so that the others are guessed beside them."""
    canonical = {own: name for name, own in said.columns.items()}
    return replace(sample, columns=tuple(replace(c, name=canonical.get(c.name, c.name)) for c in sample.columns))


def _by_name(name: str, sample: Sample) -> dict[str, Found]:
    """Of a table that is not known by its values, too."""
    found: dict[str, Found] = {}
    for canonical in (*_NEEDED[name], *(("rating", "timestamp") if name == "interactions" else ())):
        for column in named_as(sample.columns, _WORDS.get(canonical, ())):
            if (canonical != "rating" or len(column.values)) and (canonical != "timestamp" or column.moments):
                found.setdefault(canonical, Found(column, "likely", f"by its name, {column.name}"))
    return found


def _columns(name: str, sample: Sample, said: Said) -> dict[str, str]:
    """Canonical name → the frame's, of what was said and of what reading knows by its name."""
    there = [column.name for column in sample.columns]
    found = {}
    for column in ROLES[name].columns:
        own = said.columns.get(column.name)
        if own in there:
            found[column.name] = own
        elif known := [one for one in there if _is_called(one, column) and one not in said.columns.values()]:
            found[column.name] = known[0]
    return found


def _is_called(name: str, column: ColumnSpec) -> bool:
    return plain_name(name) in {plain_name(known) for known in (column.name, *column.also)}


def _check_needed(name: str, sample: Sample, named: Mapping[str, str]) -> None:
    for canonical in _NEEDED[name]:
        if canonical not in named:
            there = ", ".join(column.name for column in sample.columns)
            raise ParameterError(
                f"{name} has no column of {_WHAT[canonical]}; it has {there}; call one {canonical}, or say "
                f'columns={{"{canonical}": …}}'
            )


def _kind_of_ids(
    canonical: str,
    frames: Mapping[str, pa.Table],
    samples: Mapping[str, Sample],
    named: Mapping[str, Mapping[str, str]],
) -> IdKind:
    """Texts stay texts, if they look like numbers, too, unless another frame has numbers for the same."""
    own = {name: columns[canonical] for name, columns in named.items() if canonical in columns}
    if all(_holds_texts(frames[name][column].type) for name, column in own.items()):
        return "text"
    columns = [_column(samples[name], column) for name, column in own.items()]
    return "integer" if all(column is None or column.are_ids for column in columns) else "text"


def _holds_texts(kind: pa.DataType) -> bool:
    plain = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(plain) or pa.types.is_large_string(plain))


def _time(sample: Sample, named: Mapping[str, str]) -> dict[str, str]:
    times = _column(sample, named.get("timestamp"))
    return {"time": times.moments} if times is not None and times.moments in PER_SECOND else {}


def _column(sample: Sample, name: str | None) -> Column | None:
    return next((column for column in sample.columns if column.name == name), None)


def _features(sample: Sample, named: Mapping[str, str], said: Said, guesses: list[Guess]) -> dict[str, str]:
    """Further columns of items, with the separators of their members."""
    others = [column for column in sample.columns if column.name not in named.values()]
    if said.features is None:
        features, more = guess_features(others)
        guesses += more
        return features
    features = dict(said.features) if isinstance(said.features, Mapping) else dict.fromkeys(said.features, "")
    unknown = [name for name in features if _column(sample, name) not in others]
    if unknown:
        there = ", ".join(column.name for column in others) or "none"
        raise ParameterError(f"features names {unknown[0]!r}; the further columns of items are {there}")
    return features


def _items_of(folder: Path, item_column: str) -> dict[str, Any]:
    ids = pq.read_table(folder / "interactions.parquet", columns=[item_column])[item_column].unique().drop_null()
    pq.write_table(pa.table({"item_id": ids, "title": ids.cast(pa.string())}), folder / "items.parquet")
    return {"file": "items.parquet"}


def _feedback(sample: Sample, named: Mapping[str, str], said: Said) -> tuple[dict[str, Any], list[Guess]]:
    """The declaration's section, and what of it was guessed."""
    feedback = said.feedback
    if not (feedback is None or isinstance(feedback, Feedback) or feedback in ("counts", "events")):
        raise ParameterError(
            f'feedback = {feedback!r}; expected a scale such as Feedback(1, 5, step=1), "counts" or "events"'
        )
    if feedback == "events" or (isinstance(feedback, Feedback) and feedback.kind == "events"):
        return {"kind": "events"}, []
    others = [column for column in sample.columns if column.name not in named.values()]
    rating = _column(sample, named.get("rating")) or next((c for c in named_as(others, RATING) if c.texts), None)
    if rating is not None and (not len(rating.values) or rating.moments):
        shown = repr(rating.texts[0]) if rating.texts else "nothing"
        raise ParameterError(
            f'interactions: the column {rating.name!r} holds {shown}; expected numbers, or say feedback="events"'
        )
    if feedback is None:
        return guess_feedback(rating, others)
    if rating is None:
        shown = '"counts"' if feedback == "counts" else repr(feedback)
        raise ParameterError(
            f'feedback = {shown} needs a column of values: call it rating, or say columns={{"rating": …}}'
        )
    if isinstance(feedback, Feedback):
        return {"kind": feedback.kind, "scale": (feedback.minimum, feedback.maximum), "step": feedback.step}, []
    return {"kind": "counts", "scale": (0, Feedback.counts(rating.numbers).maximum)}, []
