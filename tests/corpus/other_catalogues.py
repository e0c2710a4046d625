"""Three catalogues that are not films, with planted tastes: books, music and a shop, each as people keep such data."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

__all__ = ["CATALOGUES", "ODD_IDS", "artist", "listener", "write_books", "write_music", "write_shop"]

_N_USERS = 2_000
_N_ITEMS = 400
_N_KINDS = 16  # of items: authors, styles, departments
_START = datetime(2024, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class _Planted:
    """kind_of (n_items,): what an item is like; some kinds are loved by each user, and a few items by everybody."""

    kind_of: NDArray[np.int64]
    chosen: list[NDArray[np.int64]]
    loved: list[NDArray[np.bool_]]


def _planted(seed: int, per_user: int) -> _Planted:
    rng = np.random.default_rng(seed)
    kind_of = rng.integers(0, _N_KINDS, _N_ITEMS)
    popular = (1 + np.arange(_N_ITEMS)) ** -0.3
    rng.shuffle(popular)
    chosen, loved = [], []
    for _ in range(_N_USERS):
        taste = np.isin(kind_of, rng.choice(_N_KINDS, 2, replace=False))
        weights = popular * np.where(taste, 30.0, 1.0)
        items = rng.choice(_N_ITEMS, per_user, replace=False, p=weights / weights.sum())
        chosen.append(items)
        loved.append(taste[items])
    return _Planted(kind_of, chosen, loved)


def _rows(planted: _Planted) -> Iterator[tuple[int, int, bool]]:
    for user, (items, loved) in enumerate(zip(planted.chosen, planted.loved, strict=True)):
        yield from ((user, int(item), bool(is_loved)) for item, is_loved in zip(items, loved, strict=True))


def write_books(folder: Path) -> None:
    """Semicolons, Latin-1, ratings from 1 to 10, authors, no times."""
    rng = np.random.default_rng(1)
    planted = _planted(11, 14)
    with (folder / "Book-Ratings.csv").open("w", encoding="latin-1") as opened:
        opened.write("User-ID;Book-ID;Book-Rating\n")
        for user, item, is_loved in _rows(planted):
            opened.write(f"{user + 1};{item + 5000};{rng.integers(8, 11) if is_loved else rng.integers(2, 8)}\n")
    with (folder / "Books.csv").open("w", encoding="latin-1") as opened:
        opened.write("Book-ID;Book-Title;Book-Author;Year-Of-Publication\n")
        for item, kind in enumerate(planted.kind_of.tolist()):
            opened.write(f"{item + 5000};Träume, Teil {item};Autor {kind};{1950 + item % 70}\n")


ODD_IDS = ("..", "007", "7", " a", "a", "a/b", "ä, ö", "%2F", "A", "null and void")


def artist(number: int) -> str:
    return ODD_IDS[number] if number < len(ODD_IDS) else f"artist-{number:03d}"


def listener(number: int) -> str:
    return ODD_IDS[number] if number < len(ODD_IDS) else f"u:{number}"


def write_music(folder: Path) -> None:
    """Tabs, plays counted per row and repeated, ids that are texts of any kind, milliseconds, styles as JSON."""
    rng = np.random.default_rng(2)
    planted = _planted(12, 14)
    with (folder / "user_artists.tsv").open("w", encoding="utf-8") as opened:
        opened.write("userID\tartistID\tplays\tlistened_at\n")
        for user, item, is_loved in _rows(planted):
            for _ in range(2 if is_loved else 1):
                moment = _START + timedelta(seconds=int(rng.integers(0, 40_000_000)))
                plays = int(rng.geometric(0.05 if is_loved else 0.4))
                opened.write(f"{listener(user)}\t{artist(item)}\t{plays}\t{int(moment.timestamp() * 1000)}\n")
    with (folder / "artists.tsv").open("w", encoding="utf-8") as opened:
        opened.write("artistID\tname\tgenres\n")
        for item, kind in enumerate(planted.kind_of.tolist()):
            opened.write(f"{artist(item)}\tThe Band {item}\t{json.dumps([f'style {kind}'])}\n")


def write_shop(folder: Path) -> None:
    """Parquet, a log of views, baskets and purchases with their moments, categories and prices."""
    rng = np.random.default_rng(3)
    planted = _planted(13, 14)
    users, items, sorts, moments = [], [], [], []
    for user, item, is_loved in _rows(planted):
        for sort in ("view", "addtocart", "purchase")[: rng.integers(1, 4) if is_loved else 1]:
            users.append(user * 7 - 5_000)
            items.append(item + 2**40)
            sorts.append(sort)
            moments.append(_START + timedelta(seconds=int(rng.integers(0, 40_000_000))))
    times = pa.array(moments, pa.timestamp("ms", "UTC"))
    log = pa.table({"visitorid": users, "event": sorts, "itemid": items, "timestamp": times})
    pq.write_table(log, folder / "events.parquet")
    kinds = [f"department {kind}" for kind in planted.kind_of.tolist()]
    goods = {
        "itemid": [item + 2**40 for item in range(_N_ITEMS)],
        "title": [f"Thing {item}" for item in range(_N_ITEMS)],
        "category": kinds,
        "price": rng.uniform(1, 100, _N_ITEMS).round(2),
    }
    pq.write_table(pa.table(goods), folder / "items.parquet")


CATALOGUES = {"books": write_books, "music": write_music, "shop": write_shop}
