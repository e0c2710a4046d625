"""Two real runs on one home, in lockstep; and what must be true of a home whoever has worked in it."""

import json
import shutil
import tempfile
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import assets.graph  # noqa: F401  (declares all recipes)
from assets.materialising import RECIPES
from assets.materialising.store import Record, Store
from assets.materialising.versions import digest
from pipelines.settings import REPOSITORY
from registry.promotion import PROMOTION_LOG, Promotions
from registry.tracking import Tracking
from registry.versions import CHAMPION
from tests.corpus.healthy_folder import FEW_TRIALS
from tests.end_to_end.calling import Forked, Said, clean_environment, python_module, recsys
from tests.waiting import wait_until

__all__ = [
    "FROM_SPLIT",
    "N_TRIALS",
    "Place",
    "Started",
    "Undisturbed",
    "both_ended",
    "differing_files",
    "lasting",
    "registry_faults",
    "run_undisturbed",
    "trials_on_disk",
    "untruths",
]

N_TRIALS = {"als_model": {"als": 3}, "hybrid_weights": {"ease": 2, "blend": 4, "gate": 3}}
OF_ONE_HOME = frozenset({"registered_model", "promotion", "recommendations"})
"""Their versions or values name runs, moments and MLflow's ids: never the same in two homes."""
_SECONDS = 280.0
_PACING = Path(__file__).parent / "pacing"


def _downstream_of_split() -> tuple[str, ...]:
    found = {"split"}
    for name, recipe in RECIPES.items():  # in order
        if found & set(recipe.upstream):
            found.add(name)
    return tuple(name for name in RECIPES if name in found)


FROM_SPLIT = _downstream_of_split()


@dataclass
class Started:
    """A run that was started, its name in lockstep, and its output so far."""

    name: str
    child: Forked
    marks: Path

    def ended(self) -> Said:
        """Wait for the end; whoever waits for this run goes on."""
        try:
            return self.child.said(_SECONDS)
        finally:
            (self.marks / f"{self.name}.over").touch()

    def mark(self, mark: str) -> bool:
        return (self.marks / f"{self.name}.{mark}").exists()

    def reaches(self, mark: str) -> None:
        """Wait for a mark of the run ("holds", "split": that asset is stored)."""

        def said() -> str:
            ended = f", but said {self.child.said()}" if self.child.poll() is not None else ""
            return f"{self.name} never came to {mark}{ended}"

        wait_until(lambda: self.mark(mark), _SECONDS, child=self.child, said=said)


@dataclass
class Place:
    """A home and a data folder, and a configuration for each seed of the split."""

    folder: Path
    home: Path
    data: Path
    project: Path = REPOSITORY
    cursor: str | None = None
    of_launched_runs: dict[str, str] = field(default_factory=dict)

    def config(self, seed: int) -> Path:
        path = self.folder / f"seed_{seed}.yaml"
        path.write_text(f"{FEW_TRIALS}split: {{seed: {seed}}}\n")
        return path

    def arguments(self, seed: int) -> tuple[str | Path, ...]:
        return ("--data", self.data, "--home", self.home, "--config", self.config(seed), "--json")

    def run(self, seed: int, *more: str) -> Said:
        """`recsys run`, undisturbed, to its end."""
        return recsys("run", *self.arguments(seed), *more)

    @property
    def environment(self) -> dict[str, str]:
        """Of a server, with the default seed, and of the runs that it launches."""
        return self.environment_of(0) | self.of_launched_runs

    def environment_of(self, seed: int) -> dict[str, str]:
        return clean_environment(
            RECSYS_HOME=str(self.home),
            RECSYS_DATA=str(self.data),
            RECSYS_CONFIG=str(self.config(seed)),
            DAGSTER_HOME=str(self.home / "dagster"),
            MLFLOW_DISABLE_TELEMETRY="true",
        )

    def make_instance(self) -> None:
        """What is done before servers start in a home where nothing is yet."""
        said = Forked(python_module, "pipelines.instance", environment=self.environment, folder=self.project).said()
        assert said.code == 0, said

    def marks(self) -> Path:
        """A new folder for the marks of a new pair of runs."""
        return Path(tempfile.mkdtemp(prefix="marks-", dir=self.folder))

    @staticmethod
    def pacing(marks: Path, name: str, other: str, meet: Collection[str], **more: str) -> dict[str, str]:
        return {
            "PYTHONPATH": str(_PACING),
            "PACING_FOLDER": str(marks),
            "PACING_NAME": name,
            "PACING_OTHER": other,
            "PACING_MEET": " ".join(meet),
            **{f"PACING_{key.upper()}": value for key, value in more.items()},
        }

    def start_recsys(self, seed: int, marks: Path, *, meet: Collection[str] = (), **more: str) -> Started:
        """`recsys run` as a process of its own, called "recsys" in lockstep."""
        command = ("pipelines.cli", "run", *self.arguments(seed))
        return self._start("recsys", command, clean_environment(), marks, "dagster", meet, more)

    def start_dagster(
        self, seed: int, marks: Path, *, select: str = "*", meet: Collection[str] = (), **more: str
    ) -> Started:
        """Dagster's own command as a process of its own, which takes no lock; called "dagster" in lockstep."""
        command = ("dagster", "asset", "materialize", "-m", "pipelines.definitions", "--select", select)
        return self._start("dagster", command, self.environment_of(seed), marks, "recsys", meet, more)

    def _start(
        self,
        name: str,
        command: Sequence[str | Path],
        environment: Mapping[str, str],
        marks: Path,
        other: str,
        meet: Collection[str],
        more: Mapping[str, str],
    ) -> Started:
        environment = {**environment, **self.pacing(marks, name, other, meet, **more)}
        child = Forked(python_module, *command, environment=environment, folder=self.project)
        return Started(name, child, marks)


@dataclass(frozen=True)
class Undisturbed:
    """For each seed a home in which a run came to its end with nobody beside it; and what the runs said."""

    homes: list[Path]
    said: list[dict[str, Any]]

    @classmethod
    def read(cls, made: Path, folder: Path) -> "Undisturbed":
        """What :func:`run_undisturbed` has left."""
        said = [json.loads((folder / f"said_{seed}.json").read_text()) for seed in (0, 1)]
        return cls([made / "home", folder / "home"], said)


def run_undisturbed(made: Path, folder: Path) -> None:
    """Run seed 1 after the seed 0 of the ``made`` home, in a copy of it."""
    place = place_in_copy(made, folder)
    for seed in (0, 1):
        said = place.run(seed)
        assert (said.code, said.err) == (0, "")
        (folder / f"said_{seed}.json").write_text(said.out)


def place_in_copy(made: Path, folder: Path) -> Place:
    """A place that begins where the run in the ``made`` home ended, with seed 0."""
    shutil.copytree(made, folder)
    place = Place(folder, folder / "home", folder / "data")
    said = place.run(0)  # that the home was moved is said here, once
    assert (said.code, said.document["made"]) == (0, {})
    return place


def both_ended(one: Started, other: Started) -> tuple[Said, Said]:
    """Wait for both at once: each may be waiting for the other, or for its end."""
    with ThreadPoolExecutor(2) as threads:
        first, second = threads.map(Started.ended, (one, other))
    return first, second


def untruths(home: Path) -> list[str]:
    """What the records in the store say that is not so; empty when all are true and belong together."""
    store, found = Store(home / "store"), []
    for name in RECIPES:
        for version in store.versions(name):
            record = store.record(name, version)
            if record is None:
                found.append(f"{name} {version}: no record can be read")
                continue
            found += [f"{name} {version}: {fault}" for fault in _untruths_of(store, record)]
            found += [f"{name} {version}: {fault}" for fault in store.faults(name, record, always=True)]
    return found


def _untruths_of(store: Store, record: Record) -> list[str]:
    found = []
    if digest(record.parts) != record.origin.version:
        found.append("its version is not that of its parts")
    said = dict(record.origin.descent)
    for section, values in record.parts["parameters"].items():
        if said.get(f"parameters of {section!r}") != digest(values):
            found.append(f"parameters of {section!r} are others than its descent says")
    for upstream, version in record.parts["upstream"].items():
        if said.get(f"asset {upstream}") != version:
            found.append(f"its descent names another {upstream}")
        above = store.record(upstream, version)
        for what, value in dict(above.origin.descent).items() if above else ():
            if said.get(what) != value:
                found.append(f"{upstream} comes from another {what}: {value} is not {said.get(what)}")
    return found


def differing_files(home: Path, undisturbed: Path) -> list[str]:
    """Values of one version whose bytes differ in the two homes; raises where they have no version in common."""
    one, other = Store(home / "store"), Store(undisturbed / "store")
    differing = []
    for name in RECIPES.keys() - OF_ONE_HOME:
        common = set(one.versions(name)) & set(other.versions(name))
        assert common, f"{name}: {one.versions(name)} there, {other.versions(name)} here"
        for version in common:
            mine, theirs = _contents(one.directory(name, version)), _contents(other.directory(name, version))
            assert mine, name
            files = mine.keys() | theirs.keys()
            differing += [f"{name}/{version}/{file}" for file in files if mine.get(file) != theirs.get(file)]
    return sorted(differing)


def _contents(folder: Path) -> dict[str, Any]:
    """Files by name: bytes, and of manifests what does not tell the time."""
    files = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
    return {
        name: lasting(json.loads(path.read_bytes())) if path.name == "manifest.json" else path.read_bytes()
        for name, path in files.items()
    }


def lasting(value: Any) -> Any:
    """A manifest without what tells the time or names the home."""
    if isinstance(value, dict):
        return {key: lasting(inner) for key, inner in value.items() if key not in ("seconds", "docs_path")}
    return [lasting(inner) for inner in value] if isinstance(value, list) else value


def trials_on_disk(home: Path) -> dict[str, list[dict[str, int]]]:
    """For each asset that searches, for each of its studies' files: finished trials by stage."""
    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    found: dict[str, list[dict[str, int]]] = {}
    for asset in N_TRIALS:
        for path in sorted((home / "store" / asset / "all").glob("*.journal")):
            storage = JournalStorage(JournalFileBackend(str(path)))
            studies = [optuna.load_study(study_name=name, storage=storage) for name in _study_names(storage)]
            found.setdefault(asset, []).append({study.study_name.split("-")[0]: len(study.trials) for study in studies})
    return found


def _study_names(storage: Any) -> list[str]:
    return [study.study_name for study in storage.get_all_studies()]


def registry_faults(home: Path) -> list[str]:
    """What is wrong in MLflow and in the log of promotions: twins, several champions, a log that says otherwise."""
    tracking = Tracking(home)
    promotions, found = Promotions(tracking), []
    bundles = [version.bundle_fingerprint for version in promotions.versions.all()]
    if len(bundles) != len(set(bundles)):
        found.append(f"a bundle is registered twice: {bundles}")
    aliases, pending = promotions.versions.aliases(), promotions.log.pending()
    if pending:
        found.append(f"decisions are half done: {pending}")
    applied = [entry for entry in promotions.log.entries() if entry.state == "applied"]
    if not applied or applied[-1].after[CHAMPION] != aliases.get(CHAMPION):
        found.append(f"{PROMOTION_LOG} ends otherwise than with champion {aliases.get(CHAMPION)}")
    champion: str | None = None
    for entry in applied:
        if entry.before[CHAMPION] != champion:
            found.append(f"{entry.id} found champion {entry.before[CHAMPION]}, the log had {champion}")
        champion = entry.after[CHAMPION]
    ids = [entry.id for entry in promotions.log.lines() if entry.state == "applied"]
    if len(ids) != len(set(ids)):
        found.append(f"a decision was applied twice: {ids}")
    return found
