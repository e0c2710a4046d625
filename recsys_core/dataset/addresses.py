"""Addresses of pictures and pages of items, made of their columns: ``https://covers.example/{item_id}.jpg``."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self
from urllib.parse import quote, urlsplit

from recsys_core.errors import ParameterError

__all__ = ["Address"]

_PLACEHOLDER: Final = re.compile(r"\{([^{}]+)\}")
_SCHEMES: Final = ("http", "https")
_NOT_IN_URLS: Final = re.compile(r"[\s\x00-\x1f\x7f<>\"\\^`{|}]")
_LONGEST: Final = 2000


@dataclass(frozen=True, slots=True)
class Address:
    """A template with ``{column}`` in it; a value is percent-encoded, unless the template is that placeholder alone.

    Raises ParameterError for a template that makes no address of http or https.
    """

    template: str

    def __post_init__(self) -> None:
        outside = _PLACEHOLDER.sub("", self.template)
        if not self.columns or "{" in outside or "}" in outside:
            raise ParameterError(f"{self.template!r} names no column, such as {{item_id}}")
        if not self.is_column and not _is_address(_PLACEHOLDER.sub("x", self.template)):
            raise ParameterError(f"{self.template!r} is no address: expected http:// or https://, or one column alone")

    @property
    def columns(self) -> tuple[str, ...]:
        """What stands in braces, in order."""
        return tuple(_PLACEHOLDER.findall(self.template))

    @property
    def is_column(self) -> bool:
        """Whether a column holds whole addresses."""
        return _PLACEHOLDER.fullmatch(self.template) is not None

    def renamed(self, name: Callable[[str], str]) -> Self:
        """The same with other names in the braces."""
        return type(self)(_PLACEHOLDER.sub(lambda found: f"{{{name(found[1])}}}", self.template))

    def of(self, row: Mapping[str, Any]) -> str | None:
        """The address of one item; None where a value is missing, or is no address by itself."""
        values = {name: row[name] for name in self.columns}
        if any(value is None or value == "" for value in values.values()):
            return None
        if self.is_column:
            address = str(values[self.columns[0]]).strip()
        else:
            address = _PLACEHOLDER.sub(lambda found: quote(str(values[found[1]]), safe=""), self.template)
        return address if _is_address(address) else None


def _is_address(text: str) -> bool:
    if len(text) > _LONGEST or _NOT_IN_URLS.search(text):
        return False
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in _SCHEMES and bool(parts.hostname)
