"""Which file is which table, and which of its columns is what."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from recsys_core.dataset.names import plain_name
from recsys_core.drafting.columns import Column
from recsys_core.drafting.guesses import Confidence
from recsys_core.drafting.names import (
    COUNTS,
    GENRES,
    ITEM,
    RATING,
    TIME,
    TITLE,
    USER,
    YEAR,
    is_title,
    may_be_rating,
    may_be_time,
    named,
)
from recsys_core.drafting.sampling import Sample
from recsys_core.validating.limits import RejectLimits

__all__ = ["Found", "TableFound", "find_tables", "overlap"]

_MOST_ON_A_SCALE: Final = 21  # different values of ratings, where nothing but values tells what a column is
_MOST_ON_A_LONG_SCALE, _LONGEST_SCALE = 101, 100  # where a name tells it
_FEW: Final = 5  # rows, of which it says nothing that no user repeats
_NEARLY_ALL: Final = 0.95
_KNOWN: Final = 0.5  # of the interactions' items, among those of the items' table


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """A column of the file and what it is taken for."""

    column: Column
    confidence: Confidence
    why: str


@dataclass(eq=False)
class TableFound:
    """A file and what its columns are, by canonical name."""

    sample: Sample
    columns: dict[str, Found] = field(default_factory=dict)
    confidence: Confidence = "likely"
    why: str = ""

    @property
    def others(self) -> list[Column]:
        """Columns that are nothing yet."""
        taken = [found.column for found in self.columns.values()]
        return [column for column in self.sample.columns if column not in taken]

    def add(self, name: str, columns: Sequence[Column], why: str = "", confidence: Confidence = "sure") -> None:
        """Take the first of ``columns`` that is nothing yet for ``name``."""
        free = [column for column in columns if column in self.others]
        if free and name not in self.columns:
            self.columns[name] = Found(free[0], confidence, why or f"by its name, {free[0].name}")


def find_tables(samples: Sequence[Sample]) -> dict[str, TableFound]:
    """The tables by their roles; "interactions" and "items" are missing where there is none."""
    possible = [table for sample in samples if (table := _as_interactions(sample)) is not None]
    actions = [table for table in possible if "tag" not in table.columns]
    found: dict[str, TableFound] = {}
    pairs = [(action, item) for action in actions for item in _items_of(action, samples)]
    if pairs:
        action, (items, share) = max(pairs, key=lambda pair: (*_evidence(pair[0]), pair[1][1], len(pair[1][0].columns)))
        found = {"interactions": action, "items": items}
        _say_why_of_interactions(action, n_candidates=len({id(one) for one, _ in pairs}))
        _say_why_of_items(action, items, share)
    elif actions:
        action = max(actions, key=_evidence)
        found = {"interactions": action}
        _say_why_of_interactions(action, n_candidates=len(actions))
    used = {table.sample.file for table in found.values()}
    if "items" in found:
        for role, table in _optional([sample for sample in samples if sample.file not in used], found["items"]):
            found.setdefault(role, table)
    return found


def _evidence(table: TableFound) -> tuple[int, int, int, int]:
    """How much speaks for interactions: items that occur again, values, times, rows."""
    repeats = not table.columns["item_id"].column.is_unique
    return (repeats, "rating" in table.columns, "timestamp" in table.columns, table.sample.n_rows)


def _say_why_of_interactions(action: TableFound, *, n_candidates: int) -> None:
    user, item = (action.columns[name].column.name for name in ("user_id", "item_id"))
    action.why = f"its rows have {user} and {item}" + _repeats(action)
    action.confidence = "sure" if n_candidates == 1 and action.sample.has_header else "likely"


def _say_why_of_items(action: TableFound, items: TableFound, share: float) -> None:
    item = action.columns["item_id"].column.name
    key = items.columns["item_id"]
    again = 1 - len(key.column.distinct) / len(key.column.cells)
    items.why = f"{again:.1%} of its {key.column.name} repeat" if again else f"its {key.column.name} does not repeat"
    where = "there" if items.sample.whole else f"in its first {items.sample.n_rows:,} rows"
    items.why += f" and {share:.0%} of {item} in {action.sample.file} occur {where}"
    items.confidence = (
        "sure" if share > _NEARLY_ALL else "likely" if share >= _KNOWN or not items.sample.whole else "guess"
    )
    key_named = plain_name(key.column.name) == plain_name(item)
    items.columns["item_id"] = Found(
        key.column, "sure" if key_named and share > _NEARLY_ALL else items.confidence, items.why
    )


def _repeats(action: TableFound) -> str:
    """What is told of rows of which validation keeps one."""
    user, item = (action.columns[name].column.cells for name in ("user_id", "item_id"))
    share = 1 - len(set(zip(user, item, strict=True))) / len(user)
    if share <= RejectLimits().max_rejected_share:
        return ""
    return f"; {share:.0%} of its rows repeat a user and an item: of ratings one is read, others are added up"


def _as_interactions(sample: Sample) -> TableFound | None:
    """The file as pairs of a user and an item, if it is such."""
    found = TableFound(sample)
    if sample.has_header:
        found.add("user_id", _repeated_first(named(sample.columns, USER)))
        items = _repeated_first(named(found.others, ITEM))
        found.add("item_id", [column for column in items if not column.is_unique])
        others = [column for column in found.others if plain_name(column.name).endswith("id") and column not in items]
        again = [column for column in others if not column.is_unique or sample.n_rows < _FEW]
        found.add("item_id", again, "the other column that is called an id", "guess")
        titles = [column for column in found.others if is_title(column.name) and not column.is_unique]
        found.add("item_id", titles if items else [], "its titles occur again", "guess")
        found.add("item_id", items)
        found.add("timestamp", [column for column in named(found.others, TIME) if column.moments])
        _add_values(found)
        times = [column for column in found.others if column.moments and may_be_time(column.name)]
        found.add("timestamp", times, "by its values", "guess")
        if "rating" not in found.columns:
            found.add("tag", [column for column in named(found.others, ("tag", "tagtext")) if column.has_letters])
    else:
        _by_values(found)
    if not {"user_id", "item_id"} <= found.columns.keys():
        return None
    user, item = (found.columns[name].column for name in ("user_id", "item_id"))
    if sample.n_rows >= _FEW and user.is_unique and (item.is_unique or not sample.has_header):
        return None  # a table of users, of friends, of orders
    return found


def _repeated_first(columns: Sequence[Column]) -> list[Column]:
    """What occurs in several rows may be a person or an item; what does not may be the row's own number."""
    return sorted(columns, key=lambda column: column.is_unique)


def _add_values(found: TableFound) -> None:
    """The column of ratings or counts, by its name: rather one of few values."""
    by_name = [column for column in named(found.others, RATING) if len(column.values)]
    found.add("rating", sorted(by_name, key=lambda column: not _on_a_scale(column)))
    like_it = [column for column in found.others if may_be_rating(column.name) and len(column.values)]
    like_it = [column for column in like_it if _on_a_scale(column)]
    if like_it:
        found.add("rating", like_it, f"by its name, {like_it[0].name}", "likely")
    found.add("rating", [column for column in named(found.others, COUNTS) if len(column.values)])


def _on_a_scale(column: Column) -> bool:
    return len(column.distinct) <= _MOST_ON_A_LONG_SCALE and float(np.abs(column.values).max()) <= _LONGEST_SCALE


def _by_values(found: TableFound) -> None:
    """Columns without names: ids come first, the user's before the item's; then the value and the time."""
    columns = found.sample.columns
    times = [column for column in columns if column.moments]
    times = [column for column in times if column.moments == "dates"] or times
    values = [c for c in columns[2:] if c not in times and len(c.numbers) and len(c.distinct) <= _MOST_ON_A_SCALE]
    ids = [column for column in columns if column not in times and column not in values]
    ids = [column for column in ids if column.whole or not len(column.numbers)]
    found.add("user_id", ids[:1], "the first column of ids", "guess")
    found.add("item_id", ids[1:2], "the second column of ids", "guess")
    found.add("rating", [*values, *(c for c in columns[2:] if c.whole and c not in times)], "by its values", "likely")
    found.add("timestamp", times, "by its values", "likely")
    if any(column.has_letters for column in columns[2:] if column not in times):
        found.columns.clear()  # texts are about an item


def overlap(inner: Column, outer: Column) -> float:
    """Share of the different values of ``inner`` that are in ``outer``."""
    return len(inner.distinct & outer.distinct) / max(len(inner.distinct), 1)


def _items_of(action: TableFound, samples: Sequence[Sample]) -> Iterator[tuple[TableFound, float]]:
    """Files that may be the items of ``action``, and the share of its items in them."""
    wanted = action.columns["item_id"].column
    for sample in samples:
        if sample is action.sample:
            continue
        of_people = sample.has_header and bool(named(sample.columns, USER))
        keys = [column for column in sample.columns if column.hardly_repeats]
        alike = [column for column in keys if plain_name(column.name) == plain_name(wanted.name)]
        by_name = [*alike, *named(keys, ITEM)]
        known = [c for c in keys if c.is_unique and not c.moments and overlap(wanted, c) >= _KNOWN]
        keys = [column for column in keys if column in [*by_name, *known]]
        if not keys:
            continue
        key = max(keys, key=lambda column: (overlap(wanted, column), column in alike, column in by_name))
        share = overlap(wanted, key)
        if share < _KNOWN and key not in alike:
            continue
        if of_people and not _are_items_of_people(sample, key, share):
            continue  # what users did or wrote
        items = TableFound(sample)
        items.columns["item_id"] = Found(key, "likely", "")
        _describe(items)
        if "title" in items.columns:
            yield items, share


def _are_items_of_people(sample: Sample, key: Column, share: float) -> bool:
    """Whether a file with a column called as users are (``members``, ``players``, a seller) has one row an item."""
    ids = [column for column in named(sample.columns, ITEM) if plain_name(column.name) not in TITLE]
    is_key = ids[:1] == [key] or (share > _NEARLY_ALL and key not in named([key], USER))
    return sample.n_rows >= _FEW and is_key and bool(named(sample.columns, TITLE))


def _describe(items: TableFound) -> None:
    """Title, genres and year of a table of items."""
    by_name = sorted(named(items.others, TITLE), key=lambda column: len(column.texts) < 0.95 * len(column.cells))
    items.add("title", by_name)
    texts = [column for column in items.others if column.has_letters]
    mostly_different = [column for column in texts if len(column.distinct) > 0.5 * len(column.cells)]
    items.add("title", mostly_different, "the first column of texts that hardly repeat", "guess")
    items.add("genres", [column for column in named(items.others, GENRES) if column.has_letters])
    lists = [column for column in items.others if any("|" in text for text in column.texts) and column.has_letters]
    items.add("genres", [] if items.sample.has_header else lists, "the column with |", "likely")
    if not items.sample.has_header and len(items.sample.columns) == 3:
        items.add("genres", [c for c in items.others if c.has_letters], "the column behind the title", "guess")
    items.add("year", [column for column in named(items.others, YEAR) if _are_years(column)])


def _are_years(column: Column) -> bool:
    years = column.numbers
    return column.whole and bool(((years >= 1870) & (years <= 2100)).mean() > 0.5)


def _optional(samples: Sequence[Sample], items: TableFound) -> Iterator[tuple[str, TableFound]]:
    """Links, tags and the tag genome, where their ids are those of the items."""
    known = items.columns["item_id"].column
    for sample in samples:
        if not sample.has_header:
            continue
        table = TableFound(sample, confidence="likely", why="by the names of its columns")
        table.add("item_id", named(sample.columns, [plain_name(known.name), *ITEM]))
        for name, words in (
            ("user_id", USER),
            ("imdb_id", ("imdbid", "imdb")),
            ("tmdb_id", ("tmdbid", "tmdb")),
            ("tag_id", ("tagid",)),
            ("tag", ("tag", "tagtext")),
            ("relevance", ("relevance",)),
        ):
            table.add(name, named(sample.columns, words))
        table.add("timestamp", [column for column in named(table.others, TIME) if column.moments])
        there = table.columns.keys()
        if {"tag_id", "tag"} <= there and "item_id" not in there and "user_id" not in there:
            yield "genome_tags", _only(table, "tag_id", "tag")
        elif "item_id" not in there or not _refers(table, items):
            continue
        elif {"imdb_id", "tmdb_id"} <= there:
            yield "links", _only(table, "item_id", "imdb_id", "tmdb_id")
        elif {"user_id", "tag"} <= there and table.columns["user_id"].column.are_ids:
            yield "tags", _only(table, "user_id", "item_id", "tag", "timestamp")
        elif {"tag_id", "relevance"} <= there:
            yield "genome_scores", _only(table, "item_id", "tag_id", "relevance")


def _only(table: TableFound, *names: str) -> TableFound:
    table.columns = {name: table.columns[name] for name in names if name in table.columns}
    return table


def _refers(table: TableFound, items: TableFound) -> bool:
    item = table.columns["item_id"].column
    return item.are_ids and (not items.sample.whole or overlap(item, items.columns["item_id"].column) > _NEARLY_ALL)
