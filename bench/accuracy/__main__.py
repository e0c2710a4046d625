"""Accuracy of all models, controls and peers on the bundled data, as docs/accuracy.md and docs/accuracy.json.

python -m bench.accuracy
"""

import argparse
import time
from collections.abc import Sequence
from dataclasses import replace

from assets.configuration import Configuration
from bench.accuracy.data import load_data
from bench.accuracy.document import document
from bench.accuracy.peers import PEERS
from bench.accuracy.recorded import write_record
from bench.accuracy.running import measure_everything
from bench.accuracy.settings import N_FOLDS, PEER_TRIALS, Settings
from bench.circumstances import circumstances
from bench.options import options

QUICK = {"n_trials_als": 2, "n_trials_ease": 2, "n_trials_blend": 4, "n_trials_gate": 2}


def main(argv: Sequence[str] | None = None) -> None:
    arguments = _parser().parse_args(argv)
    bundle = load_data(arguments.workspace, arguments.data)
    config = Configuration.read(None)
    tuning = config.tuning.replace(**QUICK) if arguments.quick else config.tuning
    settings = Settings(arguments.seed, config.features, tuning)
    if arguments.quick:
        settings = replace(settings, cut_offs=settings.cut_offs[-4:])
    n_folds = min(arguments.folds_to_run, 2 if arguments.quick else N_FOLDS)
    n_trials = min(arguments.peer_trials, 2) if arguments.quick else arguments.peer_trials
    started = time.monotonic()
    found = measure_everything(
        bundle,
        settings,
        folds=range(n_folds),
        peers=tuple(PEERS) if arguments.peers else (),
        peer_trials=n_trials,
        workspace=arguments.workspace / "accuracy",
        say=lambda text: print(f"{time.monotonic() - started:6.0f} s  {text}", flush=True),
    )
    under = circumstances(
        "bench.accuracy", argv, data=bundle.source, folds=f"{n_folds} of {N_FOLDS}, seed {settings.seed}"
    )
    text = document(found, circumstances=under, n_folds=n_folds, peer_trials=n_trials, quick=arguments.quick)
    arguments.out.write_text(text, encoding="utf-8")
    write_record([fold.evaluation for fold in found.folds], arguments.out.with_suffix(".json"))
    print(f"{arguments.out} written")


def _parser() -> argparse.ArgumentParser:
    found = options("bench.accuracy", __doc__, "docs/accuracy.md", data=True, workspace=True)
    found.add_argument("--seed", type=int, default=0, help="of the folds, the hidden ratings and the searches")
    found.add_argument("--folds-to-run", type=int, default=N_FOLDS, choices=range(1, N_FOLDS + 1), metavar="N")
    found.add_argument("--quick", action="store_true", help="two folds, two windows, few trials: to see it work")
    found.add_argument("--peers", action=argparse.BooleanOptionalAction, default=True, help="other libraries, too")
    found.add_argument("--peer-trials", type=int, default=PEER_TRIALS, metavar="N", help="configurations per peer")
    return found


if __name__ == "__main__":
    main()
