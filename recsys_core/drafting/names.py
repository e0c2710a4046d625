"""What people call the columns, in the notation of :func:`recsys_core.dataset.names.plain_name`."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from recsys_core.dataset.names import plain_name
from recsys_core.drafting.columns import Column

__all__ = [
    "COUNTS",
    "GENRES",
    "ITEM",
    "RATING",
    "TIME",
    "TITLE",
    "USER",
    "YEAR",
    "is_title",
    "may_be_rating",
    "may_be_time",
    "named",
]

_PEOPLE: Final = (
    "user", "customer", "reviewer", "visitor", "member", "account", "person", "client", "listener", "reader", "profile",
    "buyer", "shopper", "viewer", "player", "rater", "critic", "session",
)  # fmt: skip
_THINGS: Final = (
    "item", "movie", "film", "book", "product", "track", "song", "artist", "album", "game", "app", "article", "news",
    "show", "anime", "recipe", "business", "video", "content", "place", "venue", "course", "joke", "podcast", "episode",
    "restaurant", "hotel", "beer", "wine",
)  # fmt: skip


def _ids(nouns: Iterable[str]) -> tuple[str, ...]:
    return tuple(name for noun in nouns for name in (f"{noun}id", noun, f"{noun}s", f"{noun}no", f"{noun}number"))


USER: Final = ("uid", *_ids(_PEOPLE), "username", "usersha1", "userindex", "useridx", "u")
ITEM: Final = (
    *_ids(_THINGS), "parentasin", "asin", "isbn", "isbn13", "sku", "iid", "stockcode", "tmdbid", "imdbid", "itemindex",
    "itemidx", "malid", "i", "id",
)  # fmt: skip
RATING: Final = (
    "rating", "ratings", "score", "stars", "star", "overall", "userrating", "bookrating", "movierating", "starrating",
    "ratingvalue", "reviewscore", "reviewrating", "myrating", "userscore", "rate", "grade", "value", "vote", "like",
    "liked", "isliked", "reaction", "feedback", "recommended", "isrecommended", "thumbs",
)  # fmt: skip
COUNTS: Final = (
    "plays", "playcount", "count", "weight", "quantity", "qty", "purchases", "views", "clicks", "listens",
    "listencount", "timesplayed", "nplays", "hours", "hoursplayed", "playtime", "playtimeforever", "frequency",
    "amount", "times", "interactions", "numplays", "scrobbles",
)  # fmt: skip
TIME: Final = (
    "timestamp", "unixreviewtime", "timestampms", "ts", "time", "datetime", "date", "eventtime", "createdat", "created",
    "listenedat", "playedat", "boughtat", "ratedat", "watchedat", "reviewtime", "reviewdate", "ratingtimestamp",
    "unixtime", "tstamp", "dateadded", "readat", "invoicedate", "updatedat", "orderdate", "t",
)  # fmt: skip
TITLE: Final = (
    "title", "name", "originaltitle", *(f"{noun}{word}" for word in ("title", "name") for noun in _THINGS),
    "artists", "artist", "book", "movie", "film", "track", "song",
)  # fmt: skip
GENRES: Final = (
    "genres", "genre", "categories", "category", "tags", "shelves", "maincategory", "categoryname", "subjects",
    "topics", "listedin", "maingenre", "types", "type",
)  # fmt: skip
YEAR: Final = (
    "year", "releaseyear", "originalpublicationyear", "publicationyear", "yearofpublication", "publishedyear",
    "yearreleased", "yearpublished", "pubyear", "startyear", "movieyear",
)  # fmt: skip


_TITLED: Final = re.compile(rf"({'|'.join(_THINGS)})(name|title)")
_RATING_WORDS: Final = frozenset((
    "rating", "ratings", "score", "stars", "star", "grade", "bewertung", "sterne", "note", "nota", "avis",
    "puntuacion", "calificacion", "valoracion", "valutazione", "voto", "avaliacao", "beoordeling",
))  # fmt: skip
_OF_MANY: Final = frozenset((
    "count", "counts", "num", "number", "n", "total", "sum", "avg", "average", "mean", "median", "id", "date", "time",
    "timestamp", "type", "by", "imdb", "critic", "metacritic", "rank", "url", "text", "scores",
))  # fmt: skip
_WORD: Final = re.compile(r"[^\W\d_]+")
_CAMEL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
_NO_TIME: Final = re.compile(
    r"(id|ids|isbn\d*|asin|sku|ean|upc|index|number|no|code|phone|tel|zip|postcode)$"
    r"|releas|birth|born|publi|founded|premier|signup|registered|since|joined|expir"
)


def is_title(name: str) -> bool:
    """Whether a column may hold titles: ``Movie_Name_EN``, too."""
    return plain_name(name) in TITLE or _TITLED.match(plain_name(name)) is not None


def may_be_rating(name: str) -> bool:
    """Whether a column may hold what one person gave: ``my_score``, ``Rating (1-5)``, and not ``rating_count``."""
    words = {word.casefold() for word in _WORD.findall(_CAMEL.sub(" ", name))}
    return bool(words & _RATING_WORDS) and not words & _OF_MANY


def may_be_time(name: str) -> bool:
    """Whether a column of moments may tell when something was done, and is no number of things, no release."""
    return not _NO_TIME.search(plain_name(name))


def named(columns: Sequence[Column], words: Sequence[str]) -> list[Column]:
    """The columns that are called by one of ``words``, in the order of the words."""
    known = {plain_name(column.name): column for column in reversed(columns)}
    return [known[word] for word in words if word in known]
