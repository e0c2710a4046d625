"""A peer's work, the same for all: read the job, search, refit on all training users, write the lists.

Needs NumPy and SciPy only and nothing of this project, so that it runs in an environment of the peer's own.

The job's folder holds CSR matrices (scipy npz, float32) of raw star ratings on one column vocabulary::

    round<n>_train.npz     users to fit on in the n-th round of validation
    round<n>_known.npz     its validation users (not in its train): what is known of them
    round<n>_targets.npz   same rows: what is to be found, every stored entry a target
    train.npz              users to fit the final model on
    known_<view>.npz       users outside train, to be folded in
    job.json               {"k": 20, "views": ["warm", ...], "seed": 0, "n_rounds": 4, "features": false}

A job for a peer that takes features of items has rows for the columns of the ratings (n_items, n_features)::

    round<n>_features.npz  what training in that round may know of the items
    features.npz           what the final model may know
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

Parameters = dict[str, Any]
Draw = Callable[[np.random.Generator], Any]
Recommend = Callable[[Any, int], np.ndarray]
"""(raw ratings of unknown users, k) -> int32 (n_users, k): column numbers, best first, padded with -1."""
Fit = Callable[..., Recommend]
"""(raw ratings to train on, parameters, seed[, features]) -> a recommender for unknown users."""

RATINGS = ("all", "liked", "stars", "power2", "power3")
"""How stars become the weights that a library is given: see :func:`mapped`."""
FINALISTS = 2
LIKED = 4.0
HIGHEST = 5.0


class Round(NamedTuple):
    """One round of validation; ``side`` is empty, or holds the features of the items."""

    train: Any
    known: Any
    targets: Any
    side: tuple[Any, ...]


class Job(NamedTuple):
    """What is asked of a peer."""

    folder: Path
    k: int
    views: tuple[str, ...]
    n_rounds: int
    features: bool

    def matrix(self, name: str) -> Any:
        """The CSR matrix stored as ``<name>.npz``, float32, indices sorted."""
        found = sparse.csr_matrix(sparse.load_npz(self.folder / f"{name}.npz")).astype(np.float32)
        found.sort_indices()
        return found

    def side(self, prefix: str = "") -> tuple[Any, ...]:
        return (self.matrix(f"{prefix}features"),) if self.features else ()

    def round(self, number: int) -> Round:
        prefix = f"round{number}_"
        train, known, targets = (self.matrix(prefix + part) for part in ("train", "known", "targets"))
        return Round(train, known, targets, self.side(prefix))


def read_job(folder: Path) -> Job:
    asked = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    return Job(folder, int(asked["k"]), tuple(asked["views"]), int(asked["n_rounds"]), bool(asked["features"]))


def mapped(ratings: Any, how: str, *, folded_in: bool = False) -> Any:
    """Stars as weights; ``how`` is one of :data:`RATINGS`.

    all     every rating counts 1
    liked   a rating of at least 4 counts 1, others are left out
    stars   the rating itself
    power2, power3   (rating / 5) to that power

    With ``folded_in``, a user who liked nothing keeps all their ratings: an empty row could not be answered at all.
    """
    weights = ratings.copy()
    if how == "all":
        weights.data[:] = 1.0
    elif how == "liked":
        kept = weights.data >= LIKED
        if folded_in:
            rows = np.repeat(np.arange(weights.shape[0]), np.diff(weights.indptr))
            kept |= (np.bincount(rows[kept], minlength=weights.shape[0]) == 0)[rows]
        weights.data[:] = kept
        weights.eliminate_zeros()
    elif how in ("power2", "power3"):
        weights.data = (weights.data / HIGHEST) ** int(how[-1])
    elif how != "stars":
        raise ValueError(f"ratings are mapped by {how!r}, expected one of {', '.join(RATINGS)}")
    return weights.astype(np.float32)


def scored(fit: Callable[..., Callable[[Any], Any]]) -> Fit:
    """A peer whose library scores every column: ``fit`` gets weights, and returns weights of new users -> scores."""

    def fit_scored(train: Any, parameters: Parameters, seed: int, *side: Any) -> Recommend:
        how, own = _parted(parameters, "ratings")
        score = fit(mapped(train, how), own, seed, *side)
        return lambda known, k: top_lists(score(mapped(known, how, folded_in=True)), known, k)

    return fit_scored


def ranked(fit: Callable[[Any, Parameters, int], Callable[[Any, int], Iterable[np.ndarray]]]) -> Fit:
    """A peer whose library ranks: ``fit`` returns (weights of new users, n) -> for each user ``n`` columns or fewer.

    The library is asked for so many more than ``k`` as somebody knows, and what is known is left out here.
    """

    def fit_ranked(train: Any, parameters: Parameters, seed: int) -> Recommend:
        how, own = _parted(parameters, "ratings")
        rank = fit(mapped(train, how), own, seed)

        def recommend(known: Any, k: int) -> np.ndarray:
            n_asked = min(train.shape[1], k + int(np.diff(known.indptr).max(initial=0)))
            return without_known(rank(mapped(known, how, folded_in=True), n_asked), known, k)

        return recommend

    return fit_ranked


def on_frequent_items(fit: Fit) -> Fit:
    """``fit`` on the columns with at least ``parameters["min_item_ratings"]`` training ratings only.

    The other items are neither evidence nor ever recommended. Neighbourhood models are led astray by items rated once
    or twice, and models that invert an items × items matrix spend most of their time on them.
    """

    def fit_frequent(train: Any, parameters: Parameters, seed: int) -> Recommend:
        least, own = _parted(parameters, "min_item_ratings")
        kept = np.flatnonzero(np.bincount(train.indices, minlength=train.shape[1]) >= least)
        recommend = fit(train[:, kept], own, seed)

        def recommend_frequent(known: Any, k: int) -> np.ndarray:
            lists = recommend(known[:, kept], k)
            return np.where(lists >= 0, kept[lists], -1).astype(np.int32)

        return recommend_frequent

    return fit_frequent


def _parted(parameters: Parameters, name: str) -> tuple[Any, Parameters]:
    return parameters[name], {key: value for key, value in parameters.items() if key != name}


def top_lists(scores: np.ndarray, known: Any, k: int) -> np.ndarray:
    """The ``k`` best columns of each row of ``scores`` (n_users, n_items) that are not in ``known``.

    Scores of NaN or minus infinity are no recommendation. Ties go by a fixed random order of the columns, so that the
    numbering of the items (old titles first) gives nobody an advantage.
    """
    shuffled = np.random.default_rng(0).permutation(scores.shape[1])
    values = np.where(np.isnan(scores), -np.inf, scores).astype(np.float64)
    order = shuffled[np.argsort(-values[:, shuffled], axis=1, kind="stable")]
    return without_known((row[np.isfinite(own[row])] for row, own in zip(order, values, strict=True)), known, k)


def without_known(ranked: Iterable[np.ndarray], known: Any, k: int) -> np.ndarray:
    """Lists from a library's own ranking: for each user columns, best first, more than ``k`` by what is known."""
    lists = np.full((known.shape[0], k), -1, dtype=np.int32)
    for row, columns in enumerate(ranked):
        unseen = columns[~np.isin(columns, known[row].indices)][:k]
        lists[row, : len(unseen)] = unseen
    return lists


def ndcg(lists: np.ndarray, targets: Any, k: int = 10) -> np.ndarray:
    """NDCG at ``k`` of the users who have a target, in order; every stored entry of ``targets`` counts the same."""
    discounts = 1 / np.log2(np.arange(2, k + 2))
    return np.array(
        [
            discounts[np.flatnonzero(np.isin(lists[row, :k], wanted))].sum() / discounts[: len(wanted)].sum()
            for row in range(targets.shape[0])
            if len(wanted := targets.indices[targets.indptr[row] : targets.indptr[row + 1]])
        ]
    )


def any_of(*choices: Any) -> Draw:
    return lambda rng: choices[int(rng.integers(len(choices)))]


def between(low: float, high: float) -> Draw:
    return lambda rng: float(rng.uniform(low, high))


def log_between(low: float, high: float) -> Draw:
    return lambda rng: float(math.exp(rng.uniform(math.log(low), math.log(high))))


def log_integer(low: int, high: int) -> Draw:
    return lambda rng: round(math.exp(rng.uniform(math.log(low), math.log(high))))


ALS_DEFAULTS = {"ratings": "stars", "factors": 100, "regularization": 0.01, "confidence_weight": 1.0, "iterations": 15}
"""The constructor's defaults of implicit, with the stars as confidence. What its own MovieLens example does (ratings of
at least 4, BM25 weights times 5) was tried on validation users of the bundled data: NDCG@10 .18 against .27, so neither
the defaults nor the search are burdened with it."""
ALS_SPACE = {
    "ratings": any_of(*RATINGS),
    "factors": log_integer(32, 192),
    "regularization": log_between(0.3, 100.0),
    "confidence_weight": log_between(1.0, 20.0),
    "iterations": log_integer(8, 25),
}
"""Of implicit's ALS, and of what wraps it."""


def run_from_command_line(fits: dict[str, tuple[Fit, Parameters, dict[str, Draw]]], version: str) -> None:
    """The main function of a peer's script; ``fits`` are its models by name: (fit, defaults, search space)."""
    parser = argparse.ArgumentParser()
    for name, kind in (("name", str), ("model", str), ("job", Path), ("out", Path), ("trials", int), ("seed", int)):
        parser.add_argument(f"--{name}", type=kind, required=True)
    asked = parser.parse_args()
    how = {"job": asked.job, "out": asked.out, "n_trials": asked.trials, "seed": asked.seed}
    run_search(asked.name, version, *fits[asked.model], **how)


def run_search(
    name: str,
    version: str,
    fit: Fit,
    defaults: Parameters,
    space: dict[str, Draw],
    *,
    job: Path,
    out: Path,
    n_trials: int,
    seed: int,
) -> None:
    """Try ``n_trials`` configurations, refit the best one, write ``lists_<view>.npy`` and tuned.json.

    The first trial is ``defaults``, the others are drawn from ``space`` by a generator seeded with ``seed``; without a
    space there are no others. All are judged by NDCG@10 on the first round of validation, and the ``FINALISTS`` best of
    them on all rounds: one step of successive halving (Jamieson & Talwalkar 2016, https://arxiv.org/abs/1502.07943). Of
    these the highest mean over the users of all rounds wins, the first among equals. A configuration that the library
    fails on counts 0; if all fail, the first error is raised.

    Seconds are those of one core: a machine that is busy with something else makes nothing dearer.
    """
    started = time.process_time()
    asked = read_job(job)
    rng = np.random.default_rng(seed)
    drawn = [{key: draw(rng) for key, draw in space.items()} for _ in range(n_trials - 1 if space else 0)]
    trials = [_Trial({**defaults, **own}) for own in ({}, *drawn)]
    first = asked.round(0)
    for trial in trials:
        trial.judge(fit, first, asked.k, seed)
    if all(trial.failure for trial in trials):
        raise next(trial.failure for trial in trials if trial.failure)
    finalists = sorted(trials, key=lambda trial: -trial.ndcg)[:FINALISTS]
    for number in range(1, asked.n_rounds):
        another = asked.round(number)
        for trial in finalists:
            trial.judge(fit, another, asked.k, seed)
    best = max(finalists, key=lambda trial: trial.ndcg)
    recommend = fit(asked.matrix("train"), best.parameters, seed, *asked.side())
    for view in asked.views:
        np.save(out / f"lists_{view}.npy", recommend(asked.matrix(f"known_{view}"), asked.k).astype(np.int32))
    tuned = {"name": name, "version": version, "n_trials": len(trials), "parameters": best.parameters}
    tuned |= {"validation_ndcg": best.ndcg, "seconds": round(time.process_time() - started, 3)}
    (out / "tuned.json").write_text(json.dumps(tuned, indent=1), encoding="utf-8")


class _Trial:
    """A configuration, and how good it was for the validation users of the rounds that judged it."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters
        self.failure: Exception | None = None
        self._by_round: list[np.ndarray] = []

    @property
    def ndcg(self) -> float:
        """Mean over the users of all rounds so far."""
        return 0.0 if self.failure else float(np.concatenate(self._by_round).mean())

    def judge(self, fit: Fit, on: Round, k: int, seed: int) -> None:
        if self.failure:
            return
        try:
            lists = fit(on.train, self.parameters, seed, *on.side)(on.known, k)
            self._by_round.append(ndcg(lists, on.targets))
        except Exception as error:  # a library's failure on one configuration must not end the search
            self.failure = error
