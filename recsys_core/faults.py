"""Faults of what lies outside the program, in words: full disks, databases that are lost, locked or damaged."""

import errno
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

__all__ = ["holder", "is_locked", "outside_fault"]

_FULL = {errno.ENOSPC, errno.EDQUOT}
_FORBIDDEN = {errno.EROFS, errno.EACCES, errno.EPERM}
_IN_THE_WAY = {errno.ENOTDIR, errno.EISDIR, errno.EEXIST}  # a file where a folder belongs, or the other way round
_LITTLE = 1_000_000  # bytes; SQLite tells some of a full disk's faults as those of any disk
_DATABASES = ("dagster/**/*.db", "mlflow/*.db", "serving/*.db")  # below a home


def outside_fault(error: BaseException, home: Path | None) -> str | None:
    """What failed, where, and what to do, in one line; None when it is the program that is wrong.

    home  where databases are looked at to find the one that an error of SQLite, which names none, is about
    """
    for one in _causes(error):
        if isinstance(one, OSError) and (told := _of_system(one, home)):
            return told
        if isinstance(one, MemoryError):
            return f"there is not enough memory ({one}); end other programs, or use a machine with more".replace(
                " ()", ""
            )
        if isinstance(one, sqlite3.DatabaseError) and not isinstance(one, sqlite3.ProgrammingError):
            return _of_sqlite(one, home)
        if type(one).__module__.startswith("psycopg2") and "Operational" in type(one).__name__:
            reason = (str(one).strip().splitlines() or ["no reason given"])[0]
            return f"PostgreSQL does not answer ({reason}); see that it runs and can be reached, then try again"
    return None


def is_locked(error: BaseException) -> bool:
    """Whether SQLite waited in vain for somebody else: nothing is wrong with the file."""
    return getattr(error, "sqlite_errorname", "").startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))


def holder(path: Path) -> str:
    """ "process 123 (recsys)" that holds a lock on a file; "another process" where it cannot be seen."""
    try:
        inode = path.stat().st_ino
        for line in Path("/proc/locks").read_text().splitlines():
            fields = line.split()
            if f":{inode}" in line and fields[1] != "->" and int(fields[4]) > 0:
                name = Path(f"/proc/{fields[4]}/comm").read_text().strip()  # its arguments may hold a password
                return f"process {fields[4]} ({name})"
    except (OSError, ValueError, IndexError):  # not Linux, or it has ended meanwhile
        pass
    return "another process"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error, what it was raised from, and what that was raised from; SQLAlchemy's with the driver's in it."""
    while error is not None:
        yield error
        original = getattr(error, "orig", None)
        if isinstance(original, BaseException):
            yield original
        error = error.__cause__


def _of_system(error: OSError, home: Path | None) -> str | None:
    place = error.filename or home or "a file"
    if error.errno in _FULL:
        return f"the disk is full: {place} cannot be written ({error.strerror}); make room there and try again"
    if error.errno in _FORBIDDEN and error.filename:
        return f"{place}: cannot be used ({error.strerror}); give yourself the right, or give another --home"
    if error.errno in _IN_THE_WAY and error.filename:
        return f"{place}: cannot be used ({error.strerror}); move what is in the way, or give another --home"
    if error.errno == errno.EIO:
        return f"the disk failed at {place} ({error.strerror}); look at the system's log, and restore from a copy"
    return None


def _of_sqlite(error: sqlite3.Error, home: Path | None) -> str:
    files = sorted(found for pattern in _DATABASES for found in home.glob(pattern)) if home else []
    faults = ((file, fault) for file in files if (fault := _fault_of(file)) is not None)
    database, error = next(faults, (None, error))
    place = database or home or "a database"
    name = getattr(error, "sqlite_errorname", "")
    if is_locked(error):
        other = holder(database) if database else "another process"
        return f"{place}: is locked by {other}; wait for it to end, or stop it"
    if name == "SQLITE_FULL" or (name.startswith("SQLITE_IOERR") and _is_full(database)):
        return f"the disk is full: {place} cannot be written; make room there and try again"
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_IOERR")):
        return f"{place}: cannot be written ({error}); give yourself the right, or give another --home"
    if database is None:
        return f"{place}: a database failed ({error}); try again"
    lost = "; Dagster's history of runs goes with it" if "dagster" in database.parts else ""
    return (
        f"{database}: is damaged ({error}); restore it from a copy, or move it away, "
        f"and the next command makes an empty one{lost}"
    )


def _is_full(file: Path | None) -> bool:
    return file is not None and shutil.disk_usage(file.parent).free < _LITTLE


def _fault_of(database: Path) -> sqlite3.Error | None:
    try:
        with closing(sqlite3.connect(f"{database.as_uri()}?mode=rw", uri=True, timeout=0)) as connection:
            (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            connection.execute("BEGIN IMMEDIATE")
    except sqlite3.Error as error:
        return error
    return None if found == "ok" else sqlite3.DatabaseError(" ".join(str(found).split()))
