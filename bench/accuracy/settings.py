"""What a run is made with."""

import hashlib
import json
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from bench.options import N_FOLDS
from pipelines.settings import REPOSITORY
from recsys_core.features import FeatureParameters
from recsys_core.splitting import SplitParameters
from recsys_core.tuning import TuningParameters

__all__ = ["PEER_TRIALS", "Settings", "source_digest"]

PEER_TRIALS = 12
"""Configurations of every peer, and of the hybrid where it is compared with them."""
_WRITING = ("__main__", "bars", "comparing", "document", "peer_jobs", "running", "tables")


@dataclass(frozen=True, slots=True)
class Settings:
    """Parameters of everything.

    cut_offs  where the windows in time begin: shares of all ratings that are older, ascending; the first
              ``n_first_windows`` are only tuned on, each other one is tuned on the ``n_rounds`` before it
    """

    seed: int = 0
    features: FeatureParameters = field(default_factory=FeatureParameters)
    tuning: TuningParameters = field(default_factory=TuningParameters)
    cut_offs: tuple[float, ...] = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
    n_first_windows: int = 2
    n_rounds: int = 3

    def splitting(self, fold: int) -> SplitParameters:
        """Validation is another fold's worth of users in each round, so that everybody outside is in it once."""
        share = 1 / N_FOLDS
        return SplitParameters(seed=self.seed, n_folds=N_FOLDS, fold=fold, validation_share=share, min_history=0)

    @property
    def windows(self) -> range:
        """Numbers of the windows that are judged."""
        return range(self.n_first_windows, len(self.cut_offs))

    def key(self, *context: object) -> str:
        """Hex digest of the settings, of the program text and of ``context`` (JSON values)."""
        own = [self.seed, self.features.as_dict(), self.tuning.as_dict(), self.cut_offs]
        text = json.dumps([*own, source_digest(), *context], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]


@cache
def source_digest() -> str:
    """Hex digest of the program text that decides the figures: the core, and this package's measuring modules.

    Read once: a run whose text changes under it goes on under one key.
    """
    own = [path for path in sorted(Path(__file__).parent.glob("*.py")) if path.stem not in _WRITING]
    found = hashlib.sha256()
    for path in (*sorted((REPOSITORY / "recsys_core").rglob("*.py")), *own):
        found.update(str(path.relative_to(REPOSITORY)).encode() + b"\0" + path.read_bytes() + b"\0")
    return found.hexdigest()
