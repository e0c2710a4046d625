"""Data versions that depend on inputs alone, and in words what differs between two of them."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, is_dataclass
from typing import Any

from assets.materialising.names import AssetNames

__all__ = ["ANEW", "changes", "digest"]

ANEW = "was made anew"
_OTHERS = {"store": "another tracking store", "champion": "another champion", "engine": "another engine"}
_SHOWN = 3  # fields of a section that are named


def digest(value: Any) -> str:
    """A short SHA-256 of a JSON-able value or a dataclass."""
    plain = asdict(value) if is_dataclass(value) and not isinstance(value, type) else value
    text = json.dumps(plain, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def changes(before: Mapping[str, Any], now: Mapping[str, Any], names: AssetNames) -> list[str]:
    """What differs between the parts of two versions (:meth:`Inputs.parts`), in words, nearest cause first."""
    return [
        *(f"{file} changed ({was} → {is_})" for file, was, is_ in _files(before["files"], now["files"], names)),
        *(
            f"parameters of {name!r} changed: {_fields(was or {}, is_ or {})}"
            for name, was, is_ in _differing(before["parameters"], now["parameters"])
        ),
        *(f"{name} {_how(was, is_)}" for name, was, is_ in _differing(before["code"], now["code"])),
        *(
            f"{name} {was or 'absent'} → {is_ or 'absent'}"
            for name, was, is_ in _differing(before["libraries"], now["libraries"])
        ),
        *(["the declaration of the data set changed"] if before["dataset"] != now["dataset"] else []),
        *(
            f"{what}: {before.get(key) or 'none'} → {now[key] or 'none'}"
            for key, what in _OTHERS.items()
            if before.get(key, "") != now[key]
        ),
        *(f"{names(name)} {ANEW}" for name, _, _ in _differing(before["upstream"], now["upstream"])),
    ]


def _differing(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    for name in dict.fromkeys([*now, *before]):
        if before.get(name) != now.get(name):
            yield name, before.get(name), now.get(name)


def _files(before: Mapping[str, str], now: Mapping[str, str], called: AssetNames) -> Iterator[tuple[str, str, str]]:
    """For each table's file that differs: its name, and what was and is in it."""
    for table, was, is_ in _differing(before, now):
        names = [found.split()[0] for found in (is_, was) if found and found != "absent"]
        yield names[0] if names else f"{called(table)}.csv", _content(was), _content(is_)


def _content(found: str | None) -> str:
    return "absent" if found in {None, "absent"} else f"SHA-256 {str(found).split()[1][:8]}"


def _how(was: str | None, is_: str | None) -> str:
    return "is new" if was is None else "is gone" if is_ is None else "changed"


def _fields(before: Mapping[str, Any], now: Mapping[str, Any], prefix: str = "") -> str:
    """The fields of a section that differ: "als.factors 64 → 32"."""
    found = list(_leaves(before, now, ""))
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return ", ".join(found[:_SHOWN]) + more


def _leaves(before: Mapping[str, Any], now: Mapping[str, Any], prefix: str) -> Iterator[str]:
    for name, was, is_ in _differing(before, now):
        if isinstance(was, Mapping) and isinstance(is_, Mapping):
            yield from _leaves(was, is_, f"{prefix}{name}.")
        else:
            short = all(not isinstance(value, (list, Mapping)) for value in (was, is_))
            yield f"{prefix}{name}" + (f" {was} → {is_}" if short else "")
