"""Latency, throughput, memory and start of the API on the bundled and on a large catalogue, as docs/serving.md.

python -m bench.serving                 # makes the two models first, once
python -m bench.serving --small         # the model of the bundled data alone
"""

import re
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from implicit.als import AlternatingLeastSquares
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from bench.options import options
from bench.page import write_page
from bench.process import made_home, serve_home
from bench.serving.load import Request, ask_all
from recsys_core.bundle import ListOptions, ModelBundle
from recsys_core.plotting import Table
from recsys_core.synthesis import Shape, write_folder
from registry.models import ModelRegistry
from registry.tracking import Tracking

_CLIENTS = 8
_LARGE = Shape.of(2_000_000, n_movies=62_423)  # ml-25m's movies, fewer people
_QUANTILES = {"p50 ms": 50, "p95 ms": 95, "p99 ms": 99}


def main(argv: Sequence[str] | None = None) -> None:
    parser = options("bench.serving", __doc__, "docs/serving.md", data=True, workspace=True)
    parser.add_argument("--small", action="store_true", help="the model of --data alone")
    parser.add_argument("--questions", type=int, default=400, help="of each kind")
    arguments = parser.parse_args(argv)
    homes = [made_home(arguments.workspace, arguments.data)]
    if not arguments.small:
        large = arguments.workspace / "large-catalogue"
        if not large.exists():
            write_folder(large, _LARGE)
        homes.append(made_home(arguments.workspace / "large", large))
    with ProcessPoolExecutor(1, get_context("spawn")) as load:
        models = [_measured(home, arguments.questions, load) for home in homes]
    write_page(arguments.out, "bench.serving", argv, n_clients=_CLIENTS, models="\n\n".join(models))


def _measured(home: Path, n_questions: int, load: Executor) -> str:
    """The section about one model, asked from the process ``load``."""
    bundle = ModelBundle.load(ModelRegistry(Tracking(home)).bundle_path())
    known, factors = bundle.known, bundle.model.als.item_factors.shape[1]
    n_movies = len(bundle.titles.item_ids)
    title = f"{n_movies:,} movies, {known.n_users:,} people, {known.n_ratings:,} ratings, {factors} factors"
    kinds, longer = (_questions(bundle, n_questions, k) for k in (10, 11))  # which are not stored yet
    calls = _floor(bundle)
    del bundle, known
    rows = []
    with serve_home(home) as running:

        def ask(requests: list[Request], n_clients: int) -> tuple[list[float], float]:
            return load.submit(ask_all, running.url, requests, n_clients).result()

        for name, requests in kinds.items():
            one, _ = ask(requests, 1)
            many, whole = ask(longer[name], _CLIENTS)
            rows.append((name, *_quantiles(one), f"{len(many) / whole:,.0f}"))
        resident = re.findall(r"^VmRSS:\s+(\d+)", Path(f"/proc/{running.pid}/status").read_text(), re.M)[0]
    ready = f"Ready {running.seconds_to_ready:.1f} s after the start of the process; "
    ready += f"{int(resident) / 1024:,.0f} MiB resident after all questions."
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
    theirs.item_factors, theirs.user_factors = als.item_factors, als.fold_in(known.ratings)
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


def _questions(bundle: ModelBundle, n: int, k: int) -> dict[str, list[Request]]:
    """For lists of ``k``. Each is asked once, so that no answer is stored; but those of "cached"."""
    random = np.random.default_rng(1)
    people = random.permutation(bundle.known.user_ids)[:n].tolist()
    known = np.argsort(-bundle.model.popularity.n_ratings, kind="stable")[: 10 * n]
    titles = random.permutation(bundle.model.item_ids[known])[:n].tolist()
    popular = bundle.model.item_ids[known[:2_000]]
    tastes = [random.choice(popular, 5, replace=False).tolist() for _ in range(n)]
    typos = [_typo(bundle.titles.title(movie_id)) for movie_id in titles]
    warm: list[Request] = [("GET", f"/recommendations/{user_id}?k={k}", None) for user_id in people]
    return {
        "warm, uncached": warm,
        "warm, cached": warm[: n // 10] * 50,
        "cold, 5 liked titles": [("POST", "/recommendations", {"liked": liked, "k": k}) for liked in tastes],
        "similar": [("GET", f"/movies/{movie_id}/similar?k={k}", None) for movie_id in titles],
        "warm, with reasons": [(method, f"{path}&explain=true", None) for method, path, _ in warm],
        "search": [("GET", f"/movies?query={typo}&k={k}", None) for typo in typos],
    }


def _typo(title: str) -> str:
    name = title.split("(", maxsplit=1)[0]
    word = "".join(sign for sign in name if sign.isascii() and (sign.isalnum() or sign == " "))
    return (word[:3] + word[4:]).strip().replace(" ", "+")[:60] or "the"


if __name__ == "__main__":
    main()
