"""Addresses of artifacts and of stores: which of them are folders of this machine, and what may be shown of them."""

import re
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from urllib.request import url2pathname

__all__ = ["local_path", "moved_address", "without_credentials", "without_credentials_in"]

# What stands before the @ of an address, unless it is the advice how to write one.
_USER_IN_TEXT = re.compile(r"(?<=://)(?!USER:)[^/\s'\"\[]*@")
_PASSWORD_IN_TEXT = re.compile(r"\b((?:ssl)?password|passwd|pwd|token|api_key|secret)=[^&\s'\"]+", re.IGNORECASE)


def local_path(address: str) -> Path | None:
    """The path behind ``file:///some%20where`` or ``/some where``; None for every other address."""
    if address.startswith("/"):
        return Path(address)
    if not address.startswith("file:"):
        return None
    parts = urlsplit(address)
    return Path(url2pathname(parts.path)) if parts.netloc in {"", "localhost"} and parts.path.startswith("/") else None


def moved_address(address: str, old: Path, new: Path) -> str | None:
    """``address`` with the folder ``old`` replaced by ``new``, spelled as it was; None when it does not lie in it."""
    path = local_path(address)
    if path is None or not path.is_relative_to(old) or ".." in path.parts:
        return None
    moved = new / path.relative_to(old)
    return moved.as_uri() if address.startswith("file:") else str(moved)


def without_credentials(address: str) -> str:
    """``address`` without user, password and options, which may hold a password, too."""
    if "://" not in address:
        return address
    parts = urlsplit(address)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", "")) if parts.netloc else address


def without_credentials_in(text: str) -> str:
    """A message or trace of whatever origin, without the users and passwords of the addresses in it."""
    return _PASSWORD_IN_TEXT.sub(r"\1=…", _USER_IN_TEXT.sub("", text))
