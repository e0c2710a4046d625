"""The promotion log: one JSON object a line, written before an alias moves and again when all have moved.

An entry in state "decided" is an intention with the aliases as they shall be; the same id in state "applied" says that
they are so. A line counts once it is whole and flushed: what a crash left of a last line is dropped at the next append.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from recsys_core.errors import RegistryError
from recsys_core.storage.atomic import fsync_directory

__all__ = ["LogEntry", "PromotionLog", "utc_text"]

Kind = Literal["decision", "promote", "rollback"]
State = Literal["decided", "applied", "abandoned"]


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One decision, by the gate or by a person.

    at       ISO 8601, UTC, as passed in by the caller
    actor    who or what decided: "gate", a user's name
    version  the version it is about
    verdict  of the gate, or MANUAL or ROLLBACK
    figures  what the gate measured
    before, after  alias -> version (None: no such alias), as it was and as it shall be
    """

    id: str
    kind: Kind
    at: str
    actor: str
    version: str
    verdict: str
    reasons: tuple[str, ...]
    before: Mapping[str, str | None]
    after: Mapping[str, str | None]
    figures: Mapping[str, Any] = field(default_factory=dict)
    state: State = "decided"

    def in_state(self, state: State) -> "LogEntry":
        return replace(self, state=state)

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "reasons": list(self.reasons)}


def utc_text(at: datetime) -> str:
    """ISO 8601 with a Z; a time without a zone is refused, because it could be any."""
    if at.tzinfo is None:
        raise RegistryError(f"the time of a decision needs a time zone; got {at.isoformat()}")
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class PromotionLog:
    """Appends to and reads one log file. The caller holds the lock while appending."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, entry: LogEntry) -> None:
        """Add one line; when this returns, it survives a power cut."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        line = json.dumps(entry.as_dict(), sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"
        new = not self.path.exists()
        with self.path.open("ab+") as opened:
            self._drop_torn_line(opened)
            opened.write(line.encode())
            opened.flush()
            os.fsync(opened.fileno())
        if new:
            fsync_directory(self.path.parent)

    def lines(self) -> list[LogEntry]:
        """Every whole line in order, "decided" and "applied" apart."""
        if not self.path.exists():
            return []
        content = self.path.read_bytes()
        whole, _, torn = content.rpartition(b"\n")
        entries = [self._parse(line, number) for number, line in enumerate(whole.split(b"\n"), 1) if line.strip()]
        if _is_entry(torn):  # whole, but for its line end: edited by hand
            entries.append(self._parse(torn, content.count(b"\n") + 1))
        return entries

    def entries(self) -> list[LogEntry]:
        """One entry for each decision in the order they were made, in its latest state."""
        latest: dict[str, LogEntry] = {}
        for entry in self.lines():
            latest[entry.id] = entry
        return list(latest.values())

    def find(self, entry_id: str) -> LogEntry | None:
        return next((entry for entry in self.entries() if entry.id == entry_id), None)

    def pending(self) -> list[LogEntry]:
        """Decisions whose aliases may not have moved: their process died in between."""
        return [entry for entry in self.entries() if entry.state == "decided"]

    def _drop_torn_line(self, opened: Any) -> None:
        opened.seek(0)
        content = opened.read()
        whole, newline, torn = content.rpartition(b"\n")
        if not torn:
            return
        if _is_entry(torn):
            opened.write(b"\n")
        else:
            opened.truncate(len(whole) + len(newline))
        opened.seek(0, os.SEEK_END)

    def _parse(self, line: bytes, number: int) -> LogEntry:
        try:
            values = json.loads(line)
            return LogEntry(**{**values, "reasons": tuple(values["reasons"])})
        except (ValueError, TypeError, KeyError) as error:
            raise RegistryError(
                f"{self.path}, line {number}: is not an entry of the promotion log ({error}); "
                "restore the file from a copy, or take the line out"
            ) from error


def _is_entry(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False
