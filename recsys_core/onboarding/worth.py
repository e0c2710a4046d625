"""What asking about each title is worth: a greedy list by the expected gain in NDCG@10 of simulated newcomers."""

import numpy as np
from numpy.typing import NDArray

from recsys_core.blockwise import side_by_side
from recsys_core.onboarding.simulation import Newcomers

__all__ = ["greedy_list"]


def greedy_list(newcomers: Newcomers, n_listed: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The candidates to ask about, best first, and what each adds to the mean NDCG@10 after those before it.

    Who does not know a title gains nothing from being asked, so the mean over all newcomers is P(known) × gain. The
    list is grown greedily (greedy extend; Golbandi, Koren & Lempel 2010, doi:10.1145/1871437.1871734), with lazy
    evaluation (Leskovec et al. 2007, doi:10.1145/1281192.1281239): a title whose last known gain is below the best
    found is not measured again. Gains of titles that tell the same do fall, but not by law: the list is a good one,
    not the best.

    Returns places (n_listed,) and float64 gains (n_listed,), which may be negative.
    """
    n_newcomers, n_candidates = newcomers.strengths.shape
    knows = [np.flatnonzero(newcomers.strengths[:, place] > 0) for place in range(n_candidates)]
    told = np.zeros(newcomers.targets.shape, dtype=np.float32)
    n_answers = np.zeros(n_newcomers, dtype=np.int64)
    reached = newcomers.ndcg(np.arange(n_newcomers), told, n_answers)
    places, gains = [], []

    def gained(place: int) -> NDArray[np.float64]:
        rows = knows[place]
        after = newcomers.ndcg(rows, told[rows] + newcomers.told(rows, place), n_answers[rows] + 1)
        return np.asarray(after - reached[rows])

    bound = np.asarray([gain.sum() for gain in side_by_side(gained, range(n_candidates))]) / n_newcomers
    for _ in range(min(n_listed, n_candidates)):
        best, best_gain = -1, -np.inf
        for place in np.argsort(-bound, kind="stable").tolist():
            if bound[place] <= best_gain:
                break
            bound[place] = gained(place).sum() / n_newcomers
            if bound[place] > best_gain:
                best, best_gain = place, float(bound[place])
        rows = knows[best]
        reached[rows] += gained(best)
        told[rows] += newcomers.told(rows, best)
        n_answers[rows] += 1
        bound[best] = -np.inf
        places.append(best)
        gains.append(best_gain)
    return np.asarray(places, dtype=np.int64), np.asarray(gains)
