"""A home that does not grow: what runs have left behind and nobody needs goes, by policy.

Safe at any time, beside any run and any server. References go before what they refer to, so that a process killed
half-way leaves nothing that is read by half; the next call finishes its work.
"""

import logging
import sqlite3
import stat
import sys
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import dagster as dg
from filelock import FileLock, Timeout
from sqlalchemy.exc import SQLAlchemyError

import assets.graph  # noqa: F401  (declares all recipes)
from assets.materialising import RECIPES
from assets.materialising.store import Pins, Store
from pipelines.instance import UNFINISHED, open_instance, runs_to_remember
from pipelines.run_history import RunHistory
from pipelines.settings import Settings
from recsys_core.errors import RecsysError
from recsys_core.retention import RetentionParameters, surplus
from recsys_core.storage import remove_directory, remove_leftovers
from registry.documents import Registration
from registry.mlflow_library import one_line
from registry.moved_home import opened
from registry.retention import old_models, old_runs, old_twins

__all__ = ["Cleaned", "Freed", "clean", "clean_after_run"]

_FREE_BYTES, _FREE_SHARE = 1_000_000, 0.25  # in a database; with less than either, rewriting it does not pay
_WRAPPER = "bring_up_to_date"  # the job whose run waits for another one, and cleans up after it
_LOG = logging.getLogger("recsys")
_Part = tuple[int, Iterable[Path], Callable[[], object]]  # how many, where their bytes are, and how they go


@dataclass(frozen=True, slots=True)
class Freed:
    """How many of one kind went, or would go, and the bytes that their files took."""

    kind: str
    n: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What a clean-up freed, or would free; ``notes`` in words what it could not do."""

    dry_run: bool
    freed: list[Freed] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "bytes": sum(found.bytes for found in self.freed)}


def clean_after_run(
    settings: Settings, policy: RetentionParameters, instance: dg.DagsterInstance | None = None
) -> None:
    """:func:`clean` at the end of a run, which it never fails: a fault is one warning."""
    try:
        clean(settings, policy, instance=instance)
    except Exception as error:  # whatever it is, the run's result stands
        _LOG.warning("old versions and runs stay in %s for now: %s", settings.home, one_line(error))


def clean(
    settings: Settings,
    policy: RetentionParameters,
    *,
    dry_run: bool = False,
    now: datetime | None = None,
    instance: dg.DagsterInstance | None = None,
) -> Cleaned:
    """Remove what ``policy`` does not keep, or say what would go. While another process does so, nothing is done.

    instance  of the home, where the caller has it open

    RecsysError when the home, its stores or the declared experiments cannot be read.
    """
    if not settings.home.is_dir():
        raise RecsysError(f"home {settings.home} does not exist; give --home the folder of a run")
    done = Cleaned(dry_run)
    with _alone(settings.home) as alone:
        if not alone:
            done.notes.append(f"another process is cleaning {settings.home}")
            return done
        try:
            with nullcontext(instance) if instance else open_instance(settings) as opened_instance:
                _Cleaning(settings, policy, opened_instance, done, now or datetime.now(UTC)).all()
        except (OSError, SQLAlchemyError) as error:
            raise RecsysError(f"home {settings.home} cannot be cleaned: {one_line(error)}; try again later") from error
    return done


@contextmanager
def _alone(home: Path) -> Iterator[bool]:
    lock = FileLock(home / "clean.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        yield False
        return
    except OSError as error:
        raise RecsysError(f"home {home}: cannot be written ({error.strerror})") from error
    try:
        yield True
    finally:
        lock.release()


class _Cleaning:
    """One clean-up: values first, then the versions that they named, then the runs behind them."""

    def __init__(
        self,
        settings: Settings,
        policy: RetentionParameters,
        instance: dg.DagsterInstance,
        done: Cleaned,
        now: datetime,
    ) -> None:
        workspace = settings.workspace()
        self.settings, self.policy, self.done, self.now = settings, policy, done, now
        self.store, self.tracking = Store(workspace.store_directory), workspace.tracking()
        self.history = RunHistory(instance)
        self.remembered = runs_to_remember(instance)
        unfinished = instance.get_runs(filters=UNFINISHED)
        self.is_busy = any(run.job_name != _WRAPPER for run in unfinished)

    def all(self) -> None:
        served = _served(self.settings, self.now)
        named = self._values()
        known = self.history.newest_first()
        in_use = self.remembered | self.history.shown()
        if not self.tracking.embedded or self.tracking.database.exists():
            in_use |= self._models_and_runs(served | named, known, in_use)
        runs = [*surplus(known, self.policy.runs, in_use), *self.history.leftovers(known)]
        self._go("Dagster runs", ((1, self.history.paths(run), partial(self.history.remove, run)) for run in runs))
        self._databases()
        if not self.done.dry_run:
            Pins.forget(self.store.root, self.remembered)
            remove_leftovers(self.store.root)
            remove_leftovers(self.tracking.folder / "artifacts")

    def _go(self, kind: str, parts: Iterable[_Part]) -> None:
        """Count and remove one kind of things, one after the other."""
        n, size = 0, 0
        for n_things, paths, remove in parts:
            n, size = n + n_things, size + _bytes_of(paths)
            if not self.done.dry_run:
                remove()
        self.done.freed.append(Freed(kind, n, size))

    def _values(self) -> set[str]:
        """Old values and searches; the registered versions that the remaining values name."""
        folders: list[Path] = []
        searches: list[Path] = []
        self._go("values", self._old_values(folders, searches))
        files = ((path.suffix == ".journal", [path], partial(path.unlink, missing_ok=True)) for path in searches)
        self._go("searches", files)  # a search has a lock file, too
        named = set()
        for version in self.store.versions("registered_model"):
            folder = self.store.directory("registered_model", version)
            if folder.parent not in folders:
                with suppress(RecsysError, KeyError):  # a damaged one names nothing
                    named.add(str(Registration.load(folder).content["version"]))
        return named

    def _old_values(self, folders: list[Path], searches: list[Path]) -> Iterator[_Part]:
        """One asset after the other is looked at, just before its old values go; they are added to the lists."""
        for asset in RECIPES:
            old, ended = self.store.surplus(asset, self.policy.values, self.remembered)
            folders += old
            searches += ended
            yield from ((1, [path], partial(remove_directory, path)) for path in old)

    def _models_and_runs(self, named: Collection[str], known: list[str], in_use: Collection[str]) -> set[str]:
        """Old model versions, and MLflow's side of runs that go; Dagster's runs that made versions that stay."""
        tracking, policy = self.tracking, self.policy
        keep = sys.maxsize if self.is_busy else policy.versions  # a run may be taking up an old version again
        with nullcontext() if self.done.dry_run else tracking.lock():
            models = old_models(tracking, keep, in_use=named, made_here={*known}, now=self.now)
            if not self.done.dry_run:
                models.remove(tracking)
        self._go("model versions", [(len(models.versions), models.folders, partial(models.remove_files, tracking))])
        made_kept = {found.dagster_run_id for found in models.kept if found.dagster_run_id}
        going = {*surplus(known, policy.runs, {*in_use, *made_kept})}
        runs = [*old_runs(tracking, models.kept, {run: run in going for run in known}, policy.runs)]
        gone = {run_id for old in runs for run_id in old.run_ids}
        self._go("MLflow runs", ((len(old.run_ids), old.folders, partial(old.remove, tracking)) for old in runs))
        twins = () if self.is_busy else old_twins(tracking, models.kept, gone, known)
        self._go("evaluation twins", ((1, old.folders, partial(old.remove, tracking)) for old in twins))
        if self.is_busy:
            self.done.notes.append("a run goes on: model versions stay until it is over")
        if not tracking.embedded and (models.versions or going):
            self.done.notes.append(
                f"what was deleted in {tracking.shown_uri} is only out of sight; `mlflow gc` there removes its files"
            )
        return made_kept

    def _databases(self) -> None:
        """Give back what is free in SQLite files; one that somebody is using is left for the next time."""
        dagster = self.settings.dagster_home
        known = [dagster / "history/runs.db", dagster / "history/runs/index.db", dagster / "schedules/schedules.db"]
        free = {path: _free_bytes(path) for path in (*known, self.tracking.database)}
        large = [path for path, size in free.items() if size > _FREE_BYTES]
        paying = [path for path in large if free[path] > _FREE_SHARE * path.stat().st_size]
        self.done.freed.append(Freed("databases", len(paying), sum(free[path] for path in paying)))
        for path in paying if not self.done.dry_run else ():
            with suppress(sqlite3.Error), opened(path) as connection:
                connection.execute("VACUUM")
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _served(settings: Settings, now: datetime) -> set[str]:
    """Models that experiments name which are not over: those that are declared, or lie where commands look for them."""
    path = settings.experiments_file or Path("experiments.yaml").resolve()
    if settings.experiments_file is None and not path.exists():
        return set()
    from serving.experiments import load_experiments

    declared = load_experiments(path).experiments
    return {arm.model for found in declared if found.ends is None or now < found.ends for arm in found.arms}


def _bytes_of(paths: Iterable[Path]) -> int:
    """Bytes that go with these files and folders: those of a file that has a name elsewhere stay."""
    sizes: dict[tuple[int, int], int] = {}
    names: Counter[tuple[int, int]] = Counter()
    links: dict[tuple[int, int], int] = {}
    for path in paths:
        for found in (path, *path.rglob("*")):
            with suppress(FileNotFoundError):  # another process removes it
                status = found.lstat()
                if stat.S_ISREG(status.st_mode):
                    key = (status.st_dev, status.st_ino)
                    sizes[key], links[key] = status.st_size, status.st_nlink
                    names[key] += 1
    return sum(size for key, size in sizes.items() if names[key] >= links[key])


def _free_bytes(database: Path) -> int:
    """Bytes in a SQLite file that hold nothing; 0 where there is no such file, or it cannot be asked."""
    if not database.exists():
        return 0
    with suppress(sqlite3.Error), opened(database) as connection:
        pages, size = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("freelist_count", "page_size"))
        return int(pages) * int(size)
    return 0
