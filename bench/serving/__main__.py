"""Latency, throughput, memory and start of the API on the bundled and on a large model, as docs/serving.md.

python -m bench.serving                 # makes the bundled model and the large one first, once
python -m bench.serving --small         # the bundled model alone
"""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench.browser import free_port
from bench.circumstances import circumstances
from bench.options import options
from bench.serving.document import document
from bench.serving.server import Running, made_home, serve_folder, serve_home
from recsys_core.bundle import ModelBundle
from recsys_core.storage import atomic_directory

_CLIENTS = 8
Request = tuple[str, str, Any]


@dataclass(frozen=True, slots=True)
class Measured:
    """One model: what it is, its server, the kinds of questions, and the floor."""

    title: str
    running: Running
    memory_mib: float
    kinds: dict[str, dict[str, Any]]
    floor: dict[str, list[float]]


def main(argv: Sequence[str] | None = None) -> None:
    parser = options("bench.serving", __doc__, "docs/serving.md", data=True, workspace=True)
    parser.add_argument("--small", action="store_true", help="the model of --data alone")
    parser.add_argument(
        "--questions", type=int, default=400, help="of each kind; five times as many of the large model"
    )
    arguments = parser.parse_args(argv)
    home = made_home(arguments.workspace, arguments.data)
    measured = [_measure(_champion_folder(home), home, arguments.questions)]
    if not arguments.small:
        measured.append(_measure(_large_folder(arguments.workspace), None, 5 * arguments.questions))
    text = document([_as_dict(one) for one in measured], circumstances("bench.serving", argv), _CLIENTS)
    arguments.out.write_text(text, encoding="utf-8")
    print(text)


def _measure(folder: Path, home: Path | None, n_questions: int) -> Measured:
    bundle = ModelBundle.load(folder)
    title = (
        f"{len(bundle.titles.item_ids):,} movies, {bundle.known.n_users:,} people, {bundle.known.n_ratings:,} ratings"
    )
    title += f", {bundle.model.als.item_factors.shape[1]} factors"
    kinds = _questions(bundle, n_questions)
    del bundle
    floor = json.loads(_output(["bench.serving.floor", str(folder), "300"]))
    port = free_port()
    with serve_home(home, port) if home is not None else serve_folder(folder, port) as running:
        found = {}
        for name, requests in kinds.items():
            if name == "warm, cached":
                _ask(running, requests[: len(requests) // 10], 1)
            one = _ask(running, requests, 1)
            many = _ask(running, _others(name, requests), _CLIENTS)
            found[name] = {"one": one, "many": many}
            print(f"{name}: p99 {np.percentile(one['seconds'], 99) * 1000:.2f} ms", file=sys.stderr)
        return Measured(title, running, running.memory_mib(), found, floor)


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
        "warm, cached": [("GET", f"/recommendations/{user_id}", None) for user_id in people[: n // 10]] * 10,
        "cold, 5 liked titles": [("POST", "/recommendations", {"liked": liked}) for liked in tastes],
        "similar": [("GET", f"/movies/{movie_id}/similar", None) for movie_id in titles],
        "warm, with reasons": [("GET", f"/recommendations/{user_id}?explain=true", None) for user_id in people],
        "search": [("GET", f"/movies?query={_typo(bundle.titles.title(movie_id))}", None) for movie_id in titles],
    }


def _others(name: str, requests: list[Request]) -> list[Request]:
    """The same questions for another length of list, so that they are not stored yet."""
    if name == "warm, cached":
        return requests * 5
    changed: list[Request] = []
    for method, path, body in requests:
        if body is not None:
            changed.append((method, path, {**body, "k": 11}))
        else:
            changed.append((method, path + ("&" if "?" in path else "?") + "k=11", body))
    return changed


def _typo(title: str) -> str:
    word = "".join(
        sign for sign in title.split("(", maxsplit=1)[0] if sign.isascii() and (sign.isalnum() or sign == " ")
    )
    return (word[:3] + word[4:]).strip().replace(" ", "+")[:60] or "the"


def _ask(running: Running, requests: Iterable[Request], n_clients: int) -> dict[str, Any]:
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
        file.write("\n".join(json.dumps(request) for request in requests))
        file.flush()
        printed = _output(
            ["bench.serving.load", running.host, str(running.port), file.name, "--clients", str(n_clients)]
        )
    found: dict[str, Any] = json.loads(printed)
    if found["faults"]:
        raise SystemExit(f"{len(found['faults'])} requests failed, the first: {found['faults'][0]}")
    return found


def _output(module: list[str]) -> str:
    return subprocess.run([sys.executable, "-m", *module], stdout=subprocess.PIPE, text=True, check=True).stdout


def _champion_folder(home: Path) -> Path:
    from registry.models import ModelRegistry
    from registry.tracking import Tracking

    return ModelRegistry(Tracking(home)).bundle_path()


def _large_folder(workspace: Path) -> Path:
    from bench.serving.large_model import large_model

    folder = workspace / "serving" / "large-model"
    shutil.rmtree(folder, ignore_errors=True)
    with atomic_directory(folder) as staging:
        large_model().save(staging)
    return folder


def _as_dict(one: Measured) -> dict[str, Any]:
    return {
        "title": one.title,
        "seconds_to_ready": one.running.seconds_to_ready,
        "memory_mib": one.memory_mib,
        "kinds": one.kinds,
        "floor": one.floor,
    }


if __name__ == "__main__":
    main()
