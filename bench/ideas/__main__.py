"""Every idea of the table, measured on validation users against a plain recipe, as docs/ideas.md.

OPENBLAS_NUM_THREADS=1 python -m bench.ideas
"""

import time
from collections.abc import Sequence

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from bench.accuracy.data import load_data
from bench.accuracy.settings import N_FOLDS, Settings
from bench.circumstances import circumstances
from bench.ideas.document import document
from bench.ideas.measuring import measured
from bench.ideas.table import IDEAS
from bench.options import options


def main(argv: Sequence[str] | None = None) -> None:
    parser = options("bench.ideas", __doc__, "docs/ideas.md", data=True, workspace=True)
    parser.add_argument("--seed", type=int, default=0, help="of the folds and the hidden ratings")
    parser.add_argument("--folds-to-run", type=int, default=N_FOLDS, choices=range(1, N_FOLDS + 1), metavar="N")
    arguments = parser.parse_args(argv)
    bundle = load_data(arguments.workspace, arguments.data)
    settings = Settings(seed=arguments.seed)
    ideas = [make() for make in IDEAS]
    started = time.process_time()
    with threadpool_limits(limits=1):
        figures = measured(
            bundle,
            settings,
            ideas,
            arguments.workspace / "ideas",
            folds=range(arguments.folds_to_run),
            say=lambda text: print(f"{time.process_time() - started:6.0f} s of CPU  {text}", flush=True),
        )
    under = circumstances(
        "bench.ideas",
        argv,
        data=bundle.source,
        folds=f"{arguments.folds_to_run} of {N_FOLDS}, seed {settings.seed}",
    )
    arguments.out.write_text(
        document(figures, ideas, bundle.interactions, circumstances=under, seed=settings.seed), encoding="utf-8"
    )
    print(f"{arguments.out} written")


if __name__ == "__main__":
    main()
