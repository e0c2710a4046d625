"""Which peers there are, whether they can run here, and running one."""

from functools import cache
from pathlib import Path
from typing import NamedTuple

from bench.accuracy.peers.environments import PeerError, make_environment, run_script
from bench.accuracy.peers.in_process import IN_PROCESS
from bench.accuracy.peers.results import PeerResult, read_result
from recsys_core.errors import ParameterError

__all__ = ["FOREIGN", "LEFT_OUT", "PEERS", "Foreign", "available", "run_peer"]

ENVIRONMENTS = Path(".recsys/bench/peers")
TIMEOUT = 1_800.0


class Foreign(NamedTuple):
    """A peer with an environment of its own."""

    folder: Path
    """Holds ``fit.py`` and ``requirements.txt``; its name is the environment's."""
    model: str
    """Which of the library's models: the script's ``--model``."""


_HERE = Path(__file__).parent

FOREIGN: dict[str, Foreign] = {
    "rectools_ease": Foreign(_HERE / "rectools", "ease"),
    "irspack_ials": Foreign(_HERE / "irspack", "ials"),
    "irspack_rp3beta": Foreign(_HERE / "irspack", "rp3beta"),
    "irspack_edlae": Foreign(_HERE / "irspack", "edlae"),
    "lenskit_ials": Foreign(_HERE / "lenskit", "ials"),
    "lenskit_userknn": Foreign(_HERE / "lenskit", "userknn"),
    "lightfm_warp": Foreign(_HERE / "lightfm", "warp"),
}

PEERS: tuple[str, ...] = (*IN_PROCESS, *FOREIGN)
"""Every peer that is run."""

LEFT_OUT: dict[str, str] = {
    "implicit_bpr": "implicit 0.7.3 cannot fold a user in: recalculate_user is not supported with this model",
    "rectools_als": "it wraps implicit's ALS, measured on its own, and keeps the factors of training users only",
    "rectools_sasrec": "it needs the order in time of a user's ratings, and the peers are given ratings without times",
    "lightfm": (
        "lightfm 1.17 does not build on Python 3.11 with current setuptools (AttributeError: 'dict' object has no "
        "attribute '__LIGHTFM_SETUP__'); its fork lightfm-next is measured as lightfm_warp"
    ),
    "recbole": (
        "RecBole 1.2.1 installs, but its models find a user's ratings by the user's row in the training data (EASE and "
        "MultiVAE too); no call takes the ratings of a user outside it"
    ),
}
"""Models that were looked at and are not run, with the reason."""


def available(name: str, *, environments: Path = ENVIRONMENTS) -> str | None:
    """None when the peer ``name`` can run here, otherwise the reason why not. Makes the peer's environment."""
    if name in LEFT_OUT:
        return LEFT_OUT[name]
    if name in IN_PROCESS:
        return None
    return _not_installable(_foreign(name).folder, environments.resolve())


def run_peer(
    name: str,
    job: Path,
    out: Path,
    n_trials: int,
    seed: int,
    *,
    environments: Path = ENVIRONMENTS,
    timeout: float = TIMEOUT,
) -> PeerResult:
    """Tune the peer ``name`` with ``n_trials`` configurations on ``job``, fit it, and write its lists into ``out``.

    Same job, seed and library versions give the same lists. Raises :class:`PeerError` when the peer cannot be
    installed, crashes, is not done after ``timeout`` seconds (peers with their own environment only) or leaves lists
    that break the job's rules; :class:`ParameterError` for an unknown name or fewer than one trial.
    """
    if n_trials < 1:
        raise ParameterError(f"n_trials is {n_trials}, expected at least 1 (the library's defaults)")
    out.mkdir(parents=True, exist_ok=True)
    if name in IN_PROCESS:
        IN_PROCESS[name](job, out, n_trials, seed)
    else:
        peer = _foreign(name)
        python = make_environment(peer.folder / "requirements.txt", environments / peer.folder.name)
        arguments = {"--name": name, "--model": peer.model, "--job": job.resolve(), "--out": out.resolve()}
        arguments |= {"--trials": n_trials, "--seed": seed}
        flat = [str(part) for pair in arguments.items() for part in pair]
        run_script(python, peer.folder / "fit.py", flat, timeout=timeout)
    return read_result(name, job, out)


def _foreign(name: str) -> Foreign:
    if name not in FOREIGN:
        raise ParameterError(f"there is no peer {name!r}; expected one of {', '.join(PEERS)}")
    return FOREIGN[name]


@cache
def _not_installable(folder: Path, environments: Path) -> str | None:
    try:
        make_environment(folder / "requirements.txt", environments / folder.name)
    except PeerError as error:
        return str(error)
    return None
