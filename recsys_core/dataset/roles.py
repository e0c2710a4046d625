"""The tables that a data set may have, by their roles: canonical columns, keys and references."""

from typing import Final

from recsys_core.dataset.columns import ColumnSpec
from recsys_core.dataset.schema import TableSpec

__all__ = ["ROLES", "TABLE_NAMES"]

_USER = ColumnSpec("user_id", "id", description="id of the user")
_ITEM = ColumnSpec("item_id", "id", also=("movieId",), description="id of the item")
_TAG_ID = ColumnSpec("tag_id", "id", description="id of a tag in genome_tags")
_TIME = ColumnSpec("timestamp", "timestamp", optional=True, description="seconds since 1970-01-01 00:00 UTC")
_KNOWN_ITEM = (("item_id", "movies", "item_id"),)

ROLES: Final = {
    "interactions": TableSpec(
        "ratings",
        (_USER, _ITEM, ColumnSpec("rating", "float", description="stars, on the declared scale"), _TIME),
        required=True,
        key=("user_id", "item_id"),
        keep_newest_by="timestamp",
        references=_KNOWN_ITEM,
        description="what one user did with one item",
    ),
    "items": TableSpec(
        "movies",
        (
            _ITEM,
            ColumnSpec(
                "title", "text", description="title, with the year of release in parentheses where it has no column"
            ),
            ColumnSpec("genres", "set", nullable=True, optional=True, description="genres, separated by |"),
            ColumnSpec(
                "year",
                "int",
                nullable=True,
                optional=True,
                minimum=1870,
                maximum=2100,
                description="year of release, where the title does not have it",
            ),
        ),
        required=True,
        key=("item_id",),
        description="the catalogue",
    ),
    "links": TableSpec(
        "links",
        (
            _ITEM,
            ColumnSpec(
                "imdb_id",
                "text",
                nullable=True,
                pattern=r"\s*(?:tt)?(?P<value>[0-9]{1,10})(?:\.0)?\s*",
                description="IMDb id: up to ten digits, without the tt",
            ),
            ColumnSpec("tmdb_id", "id", nullable=True, description="The Movie Database id"),
        ),
        required=False,
        shown_only=True,
        key=("item_id",),
        references=_KNOWN_ITEM,
        description="ids of the item at IMDb and TMDB",
    ),
    "tags": TableSpec(
        "tags",
        (_USER, _ITEM, ColumnSpec("tag", "text", description="free text by a user"), _TIME),
        required=False,
        key=("user_id", "item_id", "tag"),
        keep_newest_by="timestamp",
        references=_KNOWN_ITEM,
        description="free-text tags that users gave to items",
    ),
    "genome_scores": TableSpec(
        "genome_scores",
        (
            _ITEM,
            _TAG_ID,
            ColumnSpec("relevance", "float", minimum=0.0, maximum=1.0, description="how strongly the tag applies"),
        ),
        required=False,
        key=("item_id", "tag_id"),
        references=(*_KNOWN_ITEM, ("tag_id", "genome_tags", "tag_id")),
        description="the tag genome: relevance of a tag to an item",
    ),
    "genome_tags": TableSpec(
        "genome_tags",
        (_TAG_ID, ColumnSpec("tag", "text", description="the tag's text")),
        required=False,
        key=("tag_id",),
        description="the tags of the tag genome",
    ),
}
"""By the role's word in ``dataset.yaml``: the table as any data set has it; which file it is, and what files call its
columns, a declaration says. A table's name is its role's in code, in stores and in versions."""
TABLE_NAMES: Final = tuple(table.name for table in ROLES.values())
"""In the order of the roles."""
