"""Other libraries on the same splits, each tuned with the same budget.

A peer reads a job (see :mod:`bench.accuracy.peers.shared.peer_job`), tunes on its rounds of validation, fits on its
training users, folds the users of every view in, and writes lists. Its ``fit.py`` is run in an environment of its own,
made from the pinned ``requirements.txt`` beside it; implicit, which has none, in the project's.
"""

from bench.accuracy.peers.environments import PeerError
from bench.accuracy.peers.running import PEERS, PeerResult, program_digest, read_result, run_peer, takes_features

__all__ = ["PEERS", "PeerError", "PeerResult", "program_digest", "read_result", "run_peer", "takes_features"]
