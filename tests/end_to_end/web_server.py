"""A home with a copy of the project, a real `dagster-webserver` on both, and what is out of date by three accounts."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal

import httpx2

from pipelines.settings import REPOSITORY
from tests.end_to_end.calling import ROOMS, Forked, Said, clean_environment, python_module
from tests.waiting import wait_until

__all__ = ["UP_TO_DATE", "Answers", "Place", "WebServer", "daemon", "mlflow_server"]

_HOST: Final = "127.0.0.1"
_SECONDS: Final = 240.0
UP_TO_DATE: Final = "everything is up to date"
_NOT_YET: Final = "waiting until they are the same at two looks"

_GRAPH: Final = """{
  assetNodes {
    assetKey { path }
    isMaterializable
    staleStatus
    dependencyKeys { path }
    assetChecksOrError { ... on AssetChecks {
      checks { name executionForLatestMaterialization { status evaluation { success severity } } }
    } }
  }
}"""
_SENSORS: Final = """query Sensors($repository: RepositorySelector!) {
  sensorsOrError(repositorySelector: $repository) {
    ... on Sensors { results { name id } } ... on PythonError { message }
  }
}"""
_TICK: Final = """mutation Tick($sensor: SensorSelector!, $cursor: String) {
  sensorDryRun(selectorData: $sensor, cursor: $cursor) {
    ... on DryRunInstigationTick { evaluationResult {
      skipReason cursor runRequests { assetSelection { path } tags { key value } } error { message }
    } }
    ... on SensorNotFoundError { message }
    ... on PythonError { message }
  }
}"""
_RELOAD: Final = """mutation Reload($name: String!) {
  reloadRepositoryLocation(repositoryLocationName: $name) {
    __typename
    ... on WorkspaceLocationEntry { loadStatus locationOrLoadError { __typename ... on PythonError { message } } }
  }
}"""
_STOP: Final = "mutation Stop($id: String!) { stopSensor(id: $id) { __typename } }"
_LAUNCH: Final = """mutation Launch($what: ExecutionParams!) {
  launchRun(executionParams: $what) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on RunConfigValidationInvalid { errors { message } }
    ... on PythonError { message }
  }
}"""
_RUN: Final = """query Run($id: ID!) {
  runOrError(runId: $id) { ... on Run { runId status jobName assetSelection { path } } }
  logsForRun(runId: $id) { ... on EventConnection { events {
    __typename
    ... on MessageEvent { message level }
    ... on ExecutionStepOutputEvent { metadataEntries {
      label ... on TextMetadataEntry { text } ... on IntMetadataEntry { intValue }
    } }
  } } }
}"""
_MADE: Final = """query Made($key: AssetKeyInput!) {
  assetNodeOrError(assetKey: $key) { ... on AssetNode {
    staleStatus staleCauses { key { path } reason }
    assetMaterializations(limit: 1) { runId tags { key value } }
  } }
}"""


@dataclass
class Place:
    """A copy of a home that was ``made`` before, of its data and configuration, and of the project that runs on it."""

    folder: Path
    made: Path
    tracking_uri: str = field(default="", init=False)
    cursor: str | None = field(default=None, init=False)
    """The sensor's cursor, carried from tick to tick as the daemon carries it."""

    def __post_init__(self) -> None:
        self.home, self.data = self.folder / "home", self.folder / "data"
        self.config, self.project = self.folder / "config.yaml", self.folder / "project"
        shutil.copytree(self.made / "home", self.home)
        shutil.copytree(self.made / "data", self.data)
        shutil.copy(self.made / "small.yaml", self.config)
        for name in ROOMS:
            shutil.copytree(REPOSITORY / name, self.project / name, ignore=shutil.ignore_patterns("__pycache__"))
        (self.project / "mlflow").mkdir()
        shutil.copy(REPOSITORY / "mlflow" / "promotion.yaml", self.project / "mlflow")

    @property
    def environment(self) -> dict[str, str]:
        settings = {
            "RECSYS_HOME": str(self.home),
            "RECSYS_DATA": str(self.data),
            "RECSYS_CONFIG": str(self.config),
            "RECSYS_RETRAIN_CRON": "0 0 29 2 *",  # the clock starts nothing here
            "DAGSTER_HOME": str(self.home / "dagster"),
            "PYTHONPATH": str(self.project),
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",  # seven processes of its own, for what nobody asks of it
        }
        return clean_environment(
            **settings, **({"MLFLOW_TRACKING_URI": self.tracking_uri} if self.tracking_uri else {})
        )

    def recsys(self, *arguments: str) -> Said:
        """Call the command of the copy, and wait for its end."""
        given = ("pipelines.cli", *arguments)
        said = Forked(python_module, *given, environment=self.environment, folder=self.project).said(_SECONDS)
        assert "Traceback" not in said.err, said.err
        assert said.code == 0, said
        return said

    def plan(self) -> dict[str, list[str]]:
        """What the command line calls out of date, with its reasons."""
        stale: dict[str, list[str]] = self.recsys("plan", "--json").document["stale"]
        return stale

    def edit(self, path: Path, before: str, after: str) -> None:
        text = path.read_text(encoding="utf-8")
        assert text.count(before) == 1, f"{path} has {before!r} {text.count(before)} times"
        path.write_text(text.replace(before, after), encoding="utf-8")

    def current(self, asset: str) -> Path:
        """The folder of the asset's current version in the store."""
        whole = self.home / "store" / asset / "all"
        return whole / str(json.loads((whole / "current.json").read_text())["version"])


@dataclass(frozen=True)
class Answers:
    """Which assets are out of date, by the sensor, by Dagster's pages, and by the command line."""

    sensor: frozenset[str]
    dagster: frozenset[str]
    plan: frozenset[str]
    reasons: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def must_all_be(self, expected: Collection[str]) -> None:
        wrong = [
            f"{who}: not {sorted(set(expected) - found)}, but also {sorted(found - set(expected))}"
            for who, found in (("sensor", self.sensor), ("dagster", self.dagster), ("plan", self.plan))
            if found != set(expected)
        ]
        assert not wrong, "\n".join([f"{len(expected)} expected: {sorted(expected)}", *wrong, f"{dict(self.reasons)}"])


class WebServer:
    """A running `dagster-webserver -m pipelines.definitions` and GraphQL over HTTP."""

    def __init__(self, place: Place, port: int) -> None:
        self.place, self.port = place, port
        self._running: AbstractContextManager[None] | None = None

    def __enter__(self) -> "WebServer":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """With the settings as they are now; nothing where it is running."""
        if self._running is None:
            command = [_script("dagster-webserver"), "-m", _LOCATION, "-h", _HOST, "-p", str(self.port)]
            running = _running(self.place, command, "webserver.log", f"http://{_HOST}:{self.port}/server_info")
            running.__enter__()
            self._running = running

    def stop(self) -> None:
        if self._running is not None:
            self._running.__exit__(None, None, None)
            self._running = None

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        url, question = f"http://{_HOST}:{self.port}/graphql", {"query": query, "variables": variables}
        answer = httpx2.post(url, json=question, timeout=_SECONDS).json()
        assert "errors" not in answer, answer
        data: dict[str, Any] = answer["data"]
        return data

    def answers(self, *, first: Literal["sensor", "plan"] = "sensor") -> Answers:
        """All three; whoever is ``first`` observes what is new, and Dagster is asked next."""
        if first == "plan":
            plan = self.place.plan()
            dagster, sensor = self.dagster(), self.sensor()
        else:
            sensor, dagster = self.sensor(), self.dagster()
            plan = self.place.plan()
        return Answers(sensor, dagster, frozenset(plan), plan)

    def answers_after_reload(self) -> Answers:
        """All three, with the code location reloaded; the command line plans meanwhile."""
        with ThreadPoolExecutor(1) as beside:
            planned = beside.submit(self.place.plan)
            self.reload()
            plan = planned.result()
        dagster, sensor = self.dagster(), self.sensor()
        return Answers(sensor, dagster, frozenset(plan), plan)

    def sensor(self) -> frozenset[str]:
        """What the sensor asks for."""
        reason, asked = self.look()
        assert reason in {None, UP_TO_DATE}, reason
        return asked

    def look(self) -> tuple[str | None, frozenset[str]]:
        """One tick of the sensor, or two where files changed."""
        reason, asked = self.tick()
        return self.tick() if reason and _NOT_YET in reason else (reason, asked)

    def tick(self) -> tuple[str | None, frozenset[str]]:
        """The reason why the sensor asks for nothing, or the assets that it asks for."""
        said = self.ask(_TICK, sensor={**_REPOSITORY, "sensorName": "out_of_date"}, cursor=self.place.cursor)
        result = said["sensorDryRun"]["evaluationResult"]
        assert result["error"] is None, result["error"]
        self.place.cursor = result["cursor"] or self.place.cursor
        requests = result["runRequests"] or []
        assert len(requests) <= 1, requests
        assert bool(requests) != bool(result["skipReason"]), result
        return result["skipReason"], frozenset(_name(key) for found in requests for key in found["assetSelection"])

    def dagster(self) -> frozenset[str]:
        """What Dagster calls stale, missing or lost, and all that comes of it."""
        nodes = self._nodes()
        return frozenset(self._closed({name for name, node in nodes.items() if _out_of_date(node)}, nodes))

    def downstream(self, *names: str) -> frozenset[str]:
        """These assets and all that come of them."""
        return frozenset(self._closed(names, self._nodes()))

    def made(self, name: str) -> dict[str, Any]:
        """Dagster's newest materialization of an asset, and whether and why it is stale."""
        found: dict[str, Any] = self.ask(_MADE, key={"path": [name]})["assetNodeOrError"]
        return found

    def _nodes(self) -> dict[str, dict[str, Any]]:
        nodes = self.ask(_GRAPH)["assetNodes"]
        return {_name(node["assetKey"]): node for node in nodes if node["isMaterializable"]}

    @staticmethod
    def _closed(names: Collection[str], nodes: Mapping[str, dict[str, Any]]) -> set[str]:
        assert set(names) <= set(nodes), set(names) - set(nodes)
        upstream = {name: {_name(key) for key in node["dependencyKeys"]} for name, node in nodes.items()}
        found, before = set(names), -1
        while len(found) > before:
            before = len(found)
            found |= {name for name, needed in upstream.items() if needed & found}
        return found

    def reload(self) -> None:
        """Reload the code location, as the button on the page does."""
        entry = self.ask(_RELOAD, name=_LOCATION)["reloadRepositoryLocation"]
        assert entry["__typename"] == "WorkspaceLocationEntry", entry
        assert entry["locationOrLoadError"]["__typename"] == "RepositoryLocation", entry

    def stop_sensors(self) -> None:
        for sensor in self.ask(_SENSORS, repository=_REPOSITORY)["sensorsOrError"]["results"]:
            stopped = self.ask(_STOP, id=sensor["id"])["stopSensor"]
            assert stopped["__typename"] == "StopSensorMutationResult", stopped

    def launch(self, job: str, *, assets: Sequence[str] = (), config: Mapping[str, Any] | None = None) -> str:
        """Launch a job as the launchpad does; the run's id."""
        selector: dict[str, Any] = {**_REPOSITORY, "jobName": job}
        if assets:
            selector["assetSelection"] = [{"path": [name]} for name in assets]
        launched = self.ask(_LAUNCH, what={"selector": selector, "runConfigData": dict(config or {})})["launchRun"]
        assert launched["__typename"] == "LaunchRunSuccess", launched
        return str(launched["run"]["runId"])

    def wait_for_run(self, run_id: str) -> dict[str, Any]:
        """The run's job, status and events, when it has ended."""

        def run() -> dict[str, Any]:
            said = self.ask(_RUN, id=run_id)
            return {**said["runOrError"], "events": said["logsForRun"]["events"]}

        def ended() -> dict[str, Any] | None:
            found = run()
            return found if found["status"] in {"SUCCESS", "FAILURE", "CANCELED"} else None

        return wait_until(
            ended, _SECONDS, every=0.5, said=lambda: [event.get("message") for event in run()["events"]][-10:]
        )


@contextmanager
def daemon(place: Place) -> Iterator[None]:
    """A running `dagster-daemon`: it takes launched runs from the queue."""
    command = [sys.executable, "-m", "dagster._daemon", "run", "-m", "pipelines.definitions"]
    with _running(place, command, "daemon.log", None):
        yield


@contextmanager
def mlflow_server(place: Place, port: int) -> Iterator[str]:
    """A running MLflow server with a store of its own; its address."""
    folder = place.folder / "other_mlflow"
    folder.mkdir()
    command = [
        *(sys.executable, "-m", "mlflow", "server", "--host", _HOST, "--port", str(port), "--workers", "1"),
        *("--backend-store-uri", f"sqlite:///{folder}/mlflow.db", "--artifacts-destination", str(folder / "artifacts")),
    ]
    with _running(place, command, "mlflow.log", f"http://{_HOST}:{port}/health"):
        yield f"http://{_HOST}:{port}"


@contextmanager
def _running(place: Place, command: Sequence[str], log_name: str, health: str | None) -> Iterator[None]:
    """A server that answers, until the block ends; only its own process group is ended."""
    log = place.folder / log_name
    with log.open("ab") as opened:
        child = subprocess.Popen(
            command, cwd=place.project, env=place.environment, stdout=opened, stderr=opened, start_new_session=True
        )
    try:
        if health:
            end_of_log = partial(_end_of, log)
            wait_until(partial(_answers, health), _SECONDS, every=0.2, child=child, said=end_of_log)
        yield
    finally:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGTERM)
        try:
            child.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()


def _end_of(log: Path) -> str:
    return log.read_text(errors="replace")[-3000:]


def _answers(url: str) -> bool:
    try:
        return httpx2.get(url, timeout=5).is_success
    except httpx2.HTTPError:
        return False


def _out_of_date(node: Mapping[str, Any]) -> bool:
    """Stale or missing, or with a failed check (`stored`: the value is lost; others: it may not be used)."""
    checks = node["assetChecksOrError"]["checks"]
    assert "stored" in {check["name"] for check in checks}, node
    executions = [check["executionForLatestMaterialization"] or {} for check in checks]
    evaluations = [execution["evaluation"] for execution in executions if execution.get("evaluation")]
    failed = any(not found["success"] and found["severity"] == "ERROR" for found in evaluations)
    return failed or node["staleStatus"] in {"STALE", "MISSING"}


def _name(key: Mapping[str, Any]) -> str:
    return str(key["path"][-1])


def _script(name: str) -> str:
    """A program that was installed beside Python."""
    return str(Path(sys.executable).with_name(name))


_LOCATION: Final = "pipelines.definitions"
_REPOSITORY: Final = {"repositoryLocationName": _LOCATION, "repositoryName": "__repository__"}
