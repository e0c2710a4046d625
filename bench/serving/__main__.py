"""Latency, throughput, memory and start of the API on the bundled and on a large model, as docs/serving.md.

python -m bench.serving                 # makes the bundled model and the large one first, once
python -m bench.serving --small         # the bundled model alone
"""

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from implicit.als import AlternatingLeastSquares
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from bench.browser import free_port
from bench.options import options
from bench.page import write_page
from bench.serving.large_model import large_model
from bench.serving.server import Running, made_home, serve_folder, serve_home
from recsys_core.bundle import ListOptions, ModelBundle
from recsys_core.plotting import Table
from recsys_core.storage import atomic_directory
from registry.models import ModelRegistry
from registry.tracking import Tracking

_CLIENTS = 8
_CACHED = "warm, cached"
_QUANTILES = {"p50 ms": 50, "p95 ms": 95, "p99 ms": 99}
Request = tuple[str, str, Any]


def main(argv: Sequence[str] | None = None) -> None:
    parser = options("bench.serving", __doc__, "docs/serving.md", data=True, workspace=True)
    parser.add_argument("--small", action="store_true", help="the model of --data alone")
    parser.add_argument(
        "--questions", type=int, default=400, help="of each kind; five times as many of the large model"
    )
    arguments = parser.parse_args(argv)
    home = made_home(arguments.workspace, arguments.data)
    models = [_measured(ModelRegistry(Tracking(home)).bundle_path(), home, arguments.questions)]
    if not arguments.small:
        models.append(_measured(_large_folder(arguments.workspace), None, 5 * arguments.questions))
    write_page(arguments.out, "serving", argv, n_clients=_CLIENTS, models="\n\n".join(models))


def _measured(folder: Path, home: Path | None, n_questions: int) -> str:
    """The section about one model."""
    bundle = ModelBundle.load(folder)
    known, factors = bundle.known, bundle.model.als.item_factors.shape[1]
    n_movies = len(bundle.titles.item_ids)
    title = f"{n_movies:,} movies, {known.n_users:,} people, {known.n_ratings:,} ratings, {factors} factors"
    kinds, calls = _questions(bundle, n_questions), _floor(bundle)
    del bundle, known
    port, rows = free_port(), []
    with serve_home(home, port) if home is not None else serve_folder(folder, port) as running:
        for name, requests in kinds.items():
            if name == _CACHED:
                _ask(running, requests[: len(requests) // 10], 1)
            one = _ask(running, requests, 1)
            many = _ask(running, _others(name, requests), _CLIENTS)
            rows.append((name, *_quantiles(one["seconds"]), f"{len(many['seconds']) / many['whole']:,.0f}"))
        ready = f"Ready {running.seconds_to_ready:.1f} s after the start of the process; "
        ready += f"{running.memory_mib():,.0f} MiB resident after all questions."
    questions = Table(("question", *_QUANTILES, "answers a second"), tuple(rows))
    same_process = tuple((label, *_quantiles(seconds)) for label, seconds in calls.items())
    floor = Table(("call in the same process", *_QUANTILES), same_process)
    return "\n\n".join([f"## {title}", ready, questions.markdown(), floor.markdown()])


def _floor(bundle: ModelBundle, n_users: int = 300) -> dict[str, list[float]]:
    """Seconds of single calls without any server, by what is called: implicit with the same factors, and ours."""
    bundle.warm_up()
    als, known = bundle.model.als, bundle.known
    theirs = AlternatingLeastSquares(
        factors=als.item_factors.shape[1], regularization=als.parameters.regularization, num_threads=1
    )
    theirs.item_factors, theirs.user_factors = als.item_factors, als.user_factors
    options = {"N": 10, "filter_already_liked_items": True}
    calls: dict[str, Callable[[int, csr_matrix], object]] = {
        "implicit, stored factors": lambda user, row: theirs.recommend(user, row, **options),
        "implicit, folded in": lambda user, row: theirs.recommend(0, row, recalculate_user=True, **options),
        "ours, ALS alone, folded in": lambda user, row: bundle.recommend_for_user(
            int(known.user_ids[user]), ListOptions(model="als")
        ),
        "ours, hybrid": lambda user, row: bundle.recommend_for_user(int(known.user_ids[user]), ListOptions()),
    }
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    chosen = np.random.default_rng(3).choice(known.n_users, min(n_users, known.n_users), replace=False)
    with threadpool_limits(1):
        for user in chosen.tolist():
            row = known.ratings[user]
            for name, call in calls.items():
                started = time.perf_counter()
                call(user, row)
                seconds[name].append(time.perf_counter() - started)
    return seconds


def _quantiles(seconds: Sequence[float]) -> list[str]:
    return [f"{np.percentile(seconds, share) * 1000:.2f}" for share in _QUANTILES.values()]


def _questions(bundle: ModelBundle, n: int) -> dict[str, list[Request]]:
    """Each question is asked once, so that no answer is stored; but those of "cached"."""
    random = np.random.default_rng(1)
    people = random.permutation(bundle.known.user_ids)[:n].tolist()
    known = np.argsort(-bundle.model.popularity.n_ratings, kind="stable")[: 10 * n]
    titles = random.permutation(bundle.model.item_ids[known])[:n].tolist()
    popular = bundle.model.item_ids[known[:2_000]]
    tastes = [random.choice(popular, 5, replace=False).tolist() for _ in range(n)]
    return {
        "warm, uncached": [("GET", f"/recommendations/{user_id}", None) for user_id in people],
        _CACHED: [("GET", f"/recommendations/{user_id}", None) for user_id in people[: n // 10]] * 10,
        "cold, 5 liked titles": [("POST", "/recommendations", {"liked": liked}) for liked in tastes],
        "similar": [("GET", f"/movies/{movie_id}/similar", None) for movie_id in titles],
        "warm, with reasons": [("GET", f"/recommendations/{user_id}?explain=true", None) for user_id in people],
        "search": [("GET", f"/movies?query={_typo(bundle.titles.title(movie_id))}", None) for movie_id in titles],
    }


def _others(name: str, requests: list[Request]) -> list[Request]:
    """The same questions for another length of list, so that they are not stored yet."""
    if name == _CACHED:
        return requests * 5
    return [
        (method, path + ("&" if "?" in path else "?") + "k=11", None)
        if body is None
        else (method, path, {**body, "k": 11})
        for method, path, body in requests
    ]


def _typo(title: str) -> str:
    name = title.split("(", maxsplit=1)[0]
    word = "".join(sign for sign in name if sign.isascii() and (sign.isalnum() or sign == " "))
    return (word[:3] + word[4:]).strip().replace(" ", "+")[:60] or "the"


def _ask(running: Running, requests: Iterable[Request], n_clients: int) -> dict[str, Any]:
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
        file.write("\n".join(json.dumps(request) for request in requests))
        file.flush()
        address = running.host, str(running.port)
        printed = _output("bench.serving.load", *address, file.name, "--clients", str(n_clients))
    found: dict[str, Any] = json.loads(printed)
    if found["faults"]:
        raise SystemExit(f"{len(found['faults'])} requests failed, the first: {found['faults'][0]}")
    return found


def _output(*module: str) -> str:
    return subprocess.run([sys.executable, "-m", *module], stdout=subprocess.PIPE, text=True, check=True).stdout


def _large_folder(workspace: Path) -> Path:
    folder = workspace / "serving" / "large-model"
    shutil.rmtree(folder, ignore_errors=True)
    with atomic_directory(folder) as staging:
        large_model().save(staging)
    return folder


if __name__ == "__main__":
    main()
