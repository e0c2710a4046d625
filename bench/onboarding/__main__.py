"""Which titles to ask newcomers about: every method on simulated interviews, as docs/onboarding.md.

python -m bench.onboarding
python -m bench.onboarding --redraw    # write the page again from the last measurement
"""

import time
from collections.abc import Sequence

import numpy as np
import pyarrow.parquet as pq
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from bench.accuracy.data import Bundle, load_data
from bench.circumstances import circumstances
from bench.onboarding.document import document
from bench.onboarding.measuring import N_FOLDS, Measured, measure
from bench.onboarding.plot import onboarding_plot
from bench.options import options
from recsys_core.dataset.schema import MOVIELENS
from recsys_core.onboarding import OnboardingParameters, fit_onboarding
from recsys_core.storage import atomic_directory, load_arrays, read_json, save_arrays, write_json


def main(argv: Sequence[str] | None = None) -> None:
    parser = options("bench.onboarding", __doc__, "docs/onboarding.md", data=True, workspace=True)
    parser.add_argument("--redraw", action="store_true", help="from the last measurement")
    parser.add_argument("--folds-to-run", type=int, default=N_FOLDS, choices=range(1, N_FOLDS + 1), metavar="N")
    arguments = parser.parse_args(argv)
    last = arguments.workspace / "onboarding"
    bundle = load_data(arguments.workspace, arguments.data)
    if not arguments.redraw:
        started = time.monotonic()
        with threadpool_limits(1):
            measured = measure(bundle, n_folds=arguments.folds_to_run)
        told = circumstances(
            "bench.onboarding",
            argv,
            data=bundle.source,
            time=f"{time.monotonic() - started:.0f} s, one thread",
        )
        with atomic_directory(last) as directory:
            save_arrays(directory / "measured.npz", **measured.arrays)
            write_json(directory / "circumstances.json", told)
    measured = Measured(load_arrays(last / "measured.npz"))
    picture = arguments.out.parent / "images" / "onboarding.png"
    picture.parent.mkdir(exist_ok=True)
    picture.write_bytes(onboarding_plot(measured, len(set(measured.users("test").tolist()))))
    text = document(
        measured,
        read_json(last / "circumstances.json"),
        first_titles=asked_first(bundle, OnboardingParameters()),
        popular_titles=asked_first(bundle, OnboardingParameters(method="popularity")),
    )
    arguments.out.write_text(text, encoding="utf-8")
    print(text)


def asked_first(bundle: Bundle, parameters: OnboardingParameters, n: int = 8) -> list[str]:
    """Titles that a model of all ratings asks about before it knows anything."""
    onboarding = fit_onboarding(bundle.interactions, parameters, feedback=MOVIELENS.feedback)
    nobody = csr_matrix((1, bundle.interactions.n_items)).astype(np.float32)
    ids = onboarding.item_ids[onboarding.next_titles(nobody, np.zeros(0, dtype=np.int64), n)]
    movies = pq.read_table(bundle.tables.movies, columns=["movieId", "title"]).to_pydict()
    titles = dict(zip(movies["movieId"], movies["title"], strict=True))
    return [str(titles[item_id]) for item_id in ids.tolist()]


if __name__ == "__main__":
    main()
