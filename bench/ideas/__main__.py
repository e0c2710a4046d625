"""Every idea of the table, measured on validation users against a plain recipe, as docs/ideas.md.

OPENBLAS_NUM_THREADS=1 python -m bench.ideas --out docs/ideas.md
"""

import argparse
import shlex
import sys
import time
from pathlib import Path

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from bench.accuracy.data import load_data
from bench.accuracy.settings import N_FOLDS, Settings
from bench.circumstances import circumstances
from bench.ideas.document import document
from bench.ideas.measuring import measured
from bench.ideas.table import IDEAS


def main(arguments: argparse.Namespace) -> None:
    bundle = load_data(arguments.workspace)
    settings = Settings(seed=arguments.seed)
    ideas = [make() for make in IDEAS]
    started = time.process_time()
    with threadpool_limits(limits=1):
        figures = measured(
            bundle,
            settings,
            ideas,
            arguments.workspace,
            folds=range(arguments.folds_to_run),
            say=lambda text: print(f"{time.process_time() - started:6.0f} s of CPU  {text}", flush=True),
        )
    under = circumstances(
        " ".join(["python -m bench.ideas", *map(shlex.quote, sys.argv[1:])]),
        data=f"data/sample, ratings.csv SHA-256 `{bundle.fingerprint}`",
        folds=f"{arguments.folds_to_run} of {N_FOLDS}, seed {settings.seed}",
    )
    arguments.out.write_text(
        document(figures, ideas, bundle.interactions, circumstances=under, seed=settings.seed), encoding="utf-8"
    )
    print(f"{arguments.out} written")


def parser() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser(prog="python -m bench.ideas", description=(__doc__ or "").splitlines()[0])
    found.add_argument("--out", type=Path, default=Path("docs/ideas.md"))
    found.add_argument("--workspace", type=Path, default=Path(".recsys/bench/ideas"), help="finished folds stay here")
    found.add_argument("--seed", type=int, default=0, help="of the folds and the hidden ratings")
    found.add_argument("--folds-to-run", type=int, default=N_FOLDS, choices=range(1, N_FOLDS + 1), metavar="N")
    return found


if __name__ == "__main__":
    main(parser().parse_args())
