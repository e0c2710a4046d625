"""Accuracy of all models, controls and peers on the bundled data, as docs/accuracy.md and docs/accuracy.json.

python -m bench.accuracy
"""

import argparse
import time
from collections.abc import Sequence
from dataclasses import replace

from assets.configuration import Configuration
from bench.accuracy.bars import write_record
from bench.accuracy.data import load_data
from bench.accuracy.document import fields
from bench.accuracy.peers import PEERS
from bench.accuracy.running import measure_everything
from bench.accuracy.settings import PEER_TRIALS, Settings
from bench.options import N_FOLDS, options
from bench.page import write_page

QUICK = {"n_trials_als": 2, "n_trials_ease": 2, "n_trials_blend": 4, "n_trials_gate": 2}


def main(argv: Sequence[str] | None = None) -> None:
    parser = options("bench.accuracy", __doc__, "docs/accuracy.md", data=True, workspace=True, folds=True)
    parser.add_argument("--seed", type=int, default=0, help="of the folds, the hidden ratings and the searches")
    parser.add_argument("--quick", action="store_true", help="two folds, two windows, few trials: to see it work")
    parser.add_argument("--peers", action=argparse.BooleanOptionalAction, default=True, help="other libraries, too")
    arguments = parser.parse_args(argv)
    bundle, config = load_data(arguments.workspace, arguments.data), Configuration.read(None)
    settings = Settings(arguments.seed, config.features, config.tuning)
    n_folds, n_trials = arguments.folds_to_run, PEER_TRIALS
    if arguments.quick:
        settings = replace(settings, tuning=config.tuning.replace(**QUICK), cut_offs=settings.cut_offs[-4:])
        n_folds, n_trials = min(n_folds, 2), 2
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
    facts = {"data": bundle.source, "folds": f"{n_folds} of {N_FOLDS}, seed {settings.seed}"}
    is_trial = arguments.quick or n_folds < N_FOLDS
    write_page(arguments.out, "bench.accuracy", argv, facts, **fields(found, peer_trials=n_trials, is_trial=is_trial))
    write_record([fold.evaluation for fold in found.folds], arguments.out.with_suffix(".json"))


if __name__ == "__main__":
    main()
