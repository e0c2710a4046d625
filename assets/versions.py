"""Data versions that depend on inputs alone: file contents, parameters, code version and upstream versions.

An asset whose version is the one already stored needs no work; when it differs, the parts say why.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

__all__ = ["changed_parts", "derive_version", "digest"]


def digest(value: Any) -> str:
    """A short SHA-256 of a JSON-able value."""
    text = json.dumps(value, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def version_parts(
    code_version: str,
    *,
    parameters: Mapping[str, Any],
    upstream: Mapping[str, str],
    files: Mapping[str, str | None] | None = None,
) -> dict[str, Any]:
    """All that an asset's value depends on, by name."""
    return {
        "code": code_version,
        "parameters": {name: digest(value) for name, value in parameters.items()},
        "upstream": dict(upstream),
        "files": dict(files or {}),
    }


def derive_version(parts: Mapping[str, Any]) -> str:
    return digest(parts)


def changed_parts(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """What differs between two sets of parts, in words, nearest cause first."""
    reasons = []
    for name, content_hash in now["files"].items():
        old = before.get("files", {}).get(name)
        if old != content_hash:
            reasons.append(f"{name} changed (SHA-256 {_short(old)} → {_short(content_hash)})")
    reasons += [
        f"parameters of {name!r} changed"
        for name, value in now["parameters"].items()
        if before.get("parameters", {}).get(name) != value
    ]
    if before.get("code") != now["code"]:
        reasons.append(f"code version {before.get('code')} → {now['code']}")
    reasons += [
        f"{name} was made anew"
        for name, version in now["upstream"].items()
        if before.get("upstream", {}).get(name) != version
    ]
    return reasons


def _short(content_hash: str | None) -> str:
    return content_hash[:8] if content_hash else "absent"
