"""Moving the aliases: by the gate's decision, by hand, and back. Every move is on the record.

Order of writing, so that a process may die anywhere: the log gets the decision with the aliases as they shall be; the
version gets its tags; the aliases move; the log gets "applied". Whoever comes next first finishes what is pending, so
the same decision never counts twice and never by half.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from uuid import uuid4

from recsys_core.errors import RegistryError
from registry.gate import Decision
from registry.promotion_log import LogEntry, PromotionLog, utc_text
from registry.tracking import Tracking
from registry.versions import CHALLENGER, CHAMPION, PREVIOUS_CHAMPION, Versions

__all__ = ["PROMOTION_LOG", "ChampionChangedError", "Promotions"]

PROMOTION_LOG = "promotion_log.jsonl"
_ALIASES = (CHALLENGER, PREVIOUS_CHAMPION, CHAMPION)  # in the order in which they move: the champion last


class ChampionChangedError(RegistryError):
    """Another version became champion while a version was being judged; it is to be judged again."""


class Promotions:
    """The aliases of one registered model and the log of how they came about (``home/promotion_log.jsonl``)."""

    def __init__(self, tracking: Tracking, versions: Versions | None = None) -> None:
        self.tracking = tracking
        self.versions = versions or Versions(tracking)
        self.log = PromotionLog(tracking.home / PROMOTION_LOG)

    def announce(self, version: str) -> None:
        """Point ``challenger`` at a new version, before the gate has judged it. The champion is left in peace."""
        with self._locked():
            found = self.versions.get(version)
            if self.versions.aliases().get(CHAMPION) != found.version:
                self.versions.set_alias(CHALLENGER, found.version)

    def apply(
        self,
        decision: Decision,
        version: str,
        *,
        against: str | None,
        decision_id: str,
        at: datetime,
        actor: str = "gate",
    ) -> LogEntry:
        """Carry out the gate's ``decision`` about ``version``; the same ``decision_id`` is carried out once.

        FIRST and PROMOTED make it ``champion`` and the old one ``previous_champion``; KEPT and SUSPICIOUS leave it
        ``challenger``. ``against`` is the champion that it was compared with (None: there was none): when another
        version has become champion since, the decision is refused (:class:`ChampionChangedError`). A decision about
        the champion itself moves nothing and is on the record as KEPT.
        """
        with self._locked():
            done = self.log.find(decision_id)
            if done is not None:
                if (done.version, done.kind) != (version, "decision"):
                    raise RegistryError(
                        f"decision {decision_id} in {self.log.path} is about version {done.version}, not {version}; "
                        "a decision id names one decision"
                    )
                return done
            before = self._aliases()
            if self.versions.get(version).version == before[CHAMPION]:
                decision = Decision("KEPT", (f"version {version} is the champion already",), decision.figures)
                after: dict[str, str | None] = before
            elif against != before[CHAMPION]:
                raise ChampionChangedError(
                    f"version {version} was judged against {_named(against)}, but the champion is now "
                    f"{_named(before[CHAMPION])}; judge it again"
                )
            else:
                after = _promoted(before, version) if decision.promotes else {**before, CHALLENGER: version}
            return self._carry_out(
                LogEntry(
                    id=decision_id,
                    kind="decision",
                    at=utc_text(at),
                    actor=actor,
                    version=version,
                    verdict=decision.verdict,
                    reasons=decision.reasons,
                    before=before,
                    after=after,
                    figures=dict(decision.figures),
                )
            )

    def settled(self, base_id: str) -> LogEntry | None:
        """The latest gate decision called ``base_id``, "``base_id``/2", ..., carried out; None when there is none.

        Also None when no version is champion at present: whatever was decided before, it is to be judged anew.
        """
        with self._locked():
            if self.versions.aliases().get(CHAMPION) is None:
                return None
            judged = [entry for _, entry in self._judgements(base_id) if entry.state == "applied"]
            return judged[-1] if judged else None

    def fresh_id(self, base_id: str) -> str:
        """An id for a new decision: ``base_id``, or where the log has that one, "``base_id``/2", "/3", ..."""
        taken = [number for number, _ in self._judgements(base_id)]
        return f"{base_id}/{max(taken) + 1}" if taken else base_id

    def last_superior(self, champion: str) -> str:
        """The version behind ``champion`` that was last found superior, or promoted by hand; ``champion`` if it was.

        Refreshes of one recipe are measured against it: each may lose a little against the champion, and many would
        lose much. A version of which the log knows nothing counts as superior.
        """
        version = champion
        for entry in reversed(self.log.entries()):
            before = entry.before[CHAMPION]
            came = entry.state == "applied" and entry.after[CHAMPION] == version != before
            if came and entry.kind != "rollback":
                if before is None or _was_superior(entry):
                    break
                version = before
        return version

    def promote(self, version: str, *, reason: str, at: datetime, actor: str) -> LogEntry:
        """Make ``version`` champion by hand, whatever the gate said of it."""
        with self._locked():
            version = self.versions.get(version).version
            before = self._aliases()
            if before[CHAMPION] == version:
                raise RegistryError(f"version {version} is the champion already")
            return self._carry_out(
                LogEntry(
                    id=f"promote-{uuid4().hex[:12]}",
                    kind="promote",
                    at=utc_text(at),
                    actor=actor,
                    version=version,
                    verdict="MANUAL",
                    reasons=(reason,),
                    before=before,
                    after=_promoted(before, version),
                )
            )

    def rollback(self, *, at: datetime, actor: str, reason: str = "rolled back") -> LogEntry:
        """Swap ``champion`` and ``previous_champion``; doing it twice is doing nothing."""
        with self._locked():
            before = self._aliases()
            old, new = before[CHAMPION], before[PREVIOUS_CHAMPION]
            if new is None:
                raise RegistryError(f"there is no previous champion to go back to; the champion is {_named(old)}")
            challenger = None if before[CHALLENGER] == new else before[CHALLENGER]
            return self._carry_out(
                LogEntry(
                    id=f"rollback-{uuid4().hex[:12]}",
                    kind="rollback",
                    at=utc_text(at),
                    actor=actor,
                    version=new,
                    verdict="ROLLBACK",
                    reasons=(reason,),
                    before=before,
                    after={CHALLENGER: challenger, PREVIOUS_CHAMPION: old, CHAMPION: new},
                )
            )

    def recover(self) -> list[LogEntry]:
        """Finish the decisions that a killed process left half done; also part of every other operation."""
        with self._locked() as finished:
            return finished

    def _judgements(self, base_id: str) -> list[tuple[int, LogEntry]]:
        """Number and entry of every gate decision with this id, in the order they were made."""
        found = []
        for entry in self.log.entries():
            number = entry.id.removeprefix(f"{base_id}/")
            if entry.kind == "decision" and entry.id == base_id:
                found.append((1, entry))
            elif entry.kind == "decision" and number != entry.id and number.isdecimal():
                found.append((int(number), entry))
        return found

    @contextmanager
    def _locked(self) -> Iterator[list[LogEntry]]:
        with self.tracking.lock():
            finished = []
            for entry in self.log.pending():
                known = {found.version for found in self.versions.all()}
                if all(version is None or version in known for version in entry.after.values()):
                    finished.append(self._move(entry))
                else:  # a version was deleted meanwhile: there is nothing to finish
                    self.log.append(entry.in_state("abandoned"))
            yield finished

    def _aliases(self) -> dict[str, str | None]:
        found = self.versions.aliases()
        return {alias: found.get(alias) for alias in _ALIASES}

    def _carry_out(self, entry: LogEntry) -> LogEntry:
        self.log.append(entry)
        return self._move(entry)

    def _move(self, entry: LogEntry) -> LogEntry:
        """Tags, aliases and the closing line. Doing it again changes nothing."""
        if entry.kind == "decision" and entry.before[CHAMPION] != entry.version:
            reasons = "; ".join(entry.reasons)
            self.versions.tag(
                entry.version,
                {"verdict": entry.verdict, "decision_id": entry.id, "decided_at": entry.at, "reasons": reasons},
            )
        elif entry.kind == "promote":
            self.versions.tag(entry.version, {"promoted_by": entry.actor, "promoted_at": entry.at})
        now = self._aliases()
        for alias in _ALIASES:
            if now[alias] != entry.after[alias]:
                self.versions.set_alias(alias, entry.after[alias])
        applied = entry.in_state("applied")
        self.log.append(applied)
        return applied


def _promoted(before: Mapping[str, str | None], version: str) -> dict[str, str | None]:
    """``version`` as champion, the old one kept to go back to; a version cannot challenge itself."""
    challenger = None if before[CHALLENGER] == version else before[CHALLENGER]
    previous = before[CHAMPION] or before[PREVIOUS_CHAMPION]
    return {CHALLENGER: challenger, PREVIOUS_CHAMPION: previous, CHAMPION: version}


def _was_superior(entry: LogEntry) -> bool:
    rule = entry.figures.get("rule", "superior")  # none where a person decided
    return bool(entry.figures.get("superior", rule == "superior"))


def _named(version: str | None) -> str:
    return "no version" if version is None else f"version {version}"
