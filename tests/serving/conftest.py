"""Small servers: a planted model, versions that are folders, and a client with the server's life around it."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import uvicorn
from starlette.testclient import TestClient

from recsys_core.bundle import ModelBundle, Titles
from recsys_core.dataset.declaration import MOVIELENS
from recsys_core.dataset.feedback import Feedback
from recsys_core.errors import RegistryError
from recsys_core.hybrid import HybridWeights
from recsys_core.onboarding import OnboardingParameters, fit_onboarding
from recsys_core.testing.builders import planted_interactions
from recsys_core.testing.hybrids import PLANTED_WEIGHTS, planted_hybrid_on
from registry.versions import ModelVersion
from serving.app import application
from serving.listening import options
from serving.models import Found
from serving.server import Server
from serving.settings import ServingSettings

_NAMES = ("Matrix, The", "Toy Story", "Amélie (Fabuleux destin d'Amélie Poulain, Le)", "Seven (a.k.a. Se7en)", "Up")
GENRES = ("Drama|War", "Comedy", "Drama", "Comedy|Romance", "(no genres listed)")


def bundle_with(
    weights: HybridWeights = PLANTED_WEIGHTS, feedback: Feedback = MOVIELENS.feedback, dataset: str = "movielens"
) -> ModelBundle:
    train = planted_interactions(60, 40, 900, seed=3)
    model = planted_hybrid_on(train, weights, feedback=feedback)
    catalogue = np.sort(model.catalogue_ids)
    n_titles = len(catalogue)
    names = [_NAMES[num] if num < len(_NAMES) else f"Movie number {num}" for num in range(n_titles)]
    movies = {
        "item_id": catalogue,
        "title": [f"{name} ({1950 + num})" for num, name in enumerate(names)],
        "genres": [GENRES[num % len(GENRES)] for num in range(n_titles)],
    }
    links = {"item_id": catalogue, "imdb_id": [f"{num:07d}" for num in range(n_titles)], "tmdb_id": catalogue + 1000}
    onboarding = fit_onboarding(train, OnboardingParameters(n_listed=4), feedback=feedback)
    titles = Titles.of_movies(pa.table(movies), pa.table(links))
    return ModelBundle(model, train, titles, {"dataset": dataset}, onboarding)


@pytest.fixture(scope="session")
def bundle() -> ModelBundle:
    return bundle_with()


@pytest.fixture(scope="session")
def bundle_folders(tmp_path_factory: pytest.TempPathFactory, bundle: ModelBundle) -> dict[str, Path]:
    """Versions 1 and 2, of which 2 recommends otherwise, and 3, which is damaged."""
    folders = {}
    other = bundle_with(PLANTED_WEIGHTS.replace(taste={"als": 1.0, "content": 4.0}))
    for version, stored in (("1", bundle), ("2", other), ("3", bundle)):
        folders[version] = tmp_path_factory.mktemp(f"version-{version}")
        stored.save(folders[version])
    (folders["3"] / "titles.parquet").write_bytes(b"PAR1 and then nothing")
    return folders


@dataclass
class Registry:
    """Aliases and versions without MLflow; ``down`` makes every look-up fail."""

    folders: dict[str, Path]
    aliases: dict[str, str] = field(default_factory=lambda: {"champion": "1"})
    down: bool = False
    n_lookups: int = 0

    def find(self, reference: str) -> Found:
        self.n_lookups += 1
        if self.down:
            raise ConnectionError("registry.example:secret refuses connections")
        version = self.aliases.get(reference, reference)
        if version not in self.folders:
            raise RegistryError(f"no version or alias {reference!r}")
        return Found(version, f"{version}:{self.folders[version]}")

    def folder_of(self, version: str) -> Path:
        return self.folders[version]

    def versions(self) -> list[ModelVersion]:
        if self.down:
            raise RegistryError("registry.example:secret refuses connections")
        return [
            ModelVersion(
                version=version,
                aliases=tuple(alias for alias, target in self.aliases.items() if target == version),
                created_at=datetime(2026, 1, int(version), tzinfo=UTC),
                verdict="FIRST",
                metrics={"hybrid": {"ndcg@10": 0.3}, "note": "not a metric"},
                run_id="run",
                model_id=None,
                data_fingerprint="",
                bundle_fingerprint="",
                dagster_run_id=None,
            )
            for version in sorted(self.folders, reverse=True)
        ]

    def plots(self, version: ModelVersion) -> list[str]:
        return ["models_by_metric"]

    def plot(self, version: ModelVersion, name: str) -> bytes | None:
        return b"\x89PNG\r\n\x1a\n" if name == "models_by_metric" else None


@pytest.fixture
def registry(bundle_folders: dict[str, Path]) -> Registry:
    return Registry(bundle_folders)


@pytest.fixture
def settings(tmp_path: Path) -> ServingSettings:
    return ServingSettings(tmp_path / "home", poll_seconds=0.05, drop_seconds=0.05)


MakeServer = Callable[..., TestClient]


@pytest.fixture
def start_server(settings: ServingSettings, registry: Registry) -> Iterator[MakeServer]:
    """Start a server with changed settings; all are stopped at the end of the test."""
    with ExitStack() as stack:

        def start(*, wait: bool = True, **changes: object) -> TestClient:
            server = Server(replace(settings, **changes), registry, registry)  # type: ignore[arg-type]
            if wait:
                server.refresh()
            return stack.enter_context(TestClient(application(server), raise_server_exceptions=False))

        yield start


@pytest.fixture
def client(start_server: MakeServer) -> TestClient:
    return start_server()


@pytest.fixture(scope="module")
def address(bundle_folders: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server on a port of its own, with the admin token "token"."""
    registry = Registry(bundle_folders)
    settings = ServingSettings(tmp_path_factory.mktemp("live"), admin_token="token", drop_seconds=3600.0)
    server = Server(settings, registry, registry)
    server.refresh()
    with listening(uvicorn.Config(application(server), **options("127.0.0.1", 0))) as port:
        yield f"http://127.0.0.1:{port}"


@contextmanager
def listening(config: uvicorn.Config) -> Iterator[int]:
    """The port of a server in a thread of its own, for the length of the block."""
    running = uvicorn.Server(config)
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 30
    while not running.started:
        assert time.monotonic() < deadline, "the server did not start"
        time.sleep(0.02)
    yield running.servers[0].sockets[0].getsockname()[1]
    running.should_exit = True
    thread.join(20)
    assert not thread.is_alive(), "the server did not stop"


def ids(answer: dict[str, list[dict[str, int]]]) -> list[int]:
    return [item["movie_id"] for item in answer["items"]]
