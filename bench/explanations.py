"""Are the reasons true? Explanations of every user's list on the bundled data, as docs/explanations.md.

python -m bench.explanations
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.accuracy.data import fit_default_hybrid, load_data
from bench.options import options, place
from bench.page import write_page
from recsys_core.dataset.interactions import UserItemMatrix
from recsys_core.hybrid import HybridModel
from recsys_core.ranking import top_k

__all__ = ["Truth", "main", "measure"]

_N_REMOVED = 3


@dataclass(frozen=True, slots=True)
class Truth:
    """What was found.

    sources, titles  absolute differences from the score, of shape (n_explained,)
    relative         the larger of both, divided by the score where that is above 1
    named, lost      contribution of the title named first, and what its removal took away, of shape (n_removed,)
    """

    n_users: int
    sources: NDArray[np.float64]
    titles: NDArray[np.float64]
    relative: NDArray[np.float64]
    named: NDArray[np.float64]
    lost: NDArray[np.float64]


def measure(model: HybridModel, interactions: UserItemMatrix, *, k: int = 10, every: int = 1) -> Truth:
    """Explain every user's ``k`` best titles.

    For each ``every``-th user and the first three titles, the title named first is taken out of the history.
    """
    found: list[tuple[float, float, float]] = []
    removals: list[tuple[float, float]] = []
    for num, scores in enumerate(model.score(interactions)):
        person = interactions.rows(np.array([num]))
        best = top_k(scores[None, :], k, seen=person.ratings).item_nums
        reasons = model.explain(person, best, n_because=None)
        for reason in reasons:
            score = float(scores[reason.item_num])
            titles = sum(part for _, part in reason.because) + reason.sources["popularity"] + reason.sources["constant"]
            apart = abs(reason.score - score), abs(titles - score)
            found.append((*apart, max(apart) / max(1.0, abs(score))))
        for reason in reasons[:_N_REMOVED] if num % every == 0 else ():
            (first, part), *_ = reason.because
            left = model.score(person.select(person.ratings.indices != first))[0]
            removals.append((part, float(scores[reason.item_num] - left[reason.item_num])))
    return Truth(interactions.n_users, *np.array(found).T, *np.array(removals).T)


def main(argv: Sequence[str] | None = None) -> None:
    parser = options("bench.explanations", __doc__, "docs/explanations.md", data=True, workspace=True)
    parser.add_argument("-k", type=int, default=10, help="titles of each list")
    arguments = parser.parse_args(argv)
    bundle = load_data(arguments.workspace, arguments.data)
    truth = measure(fit_default_hybrid(bundle), bundle.interactions, k=arguments.k)
    write_page(
        arguments.out,
        "bench.explanations",
        argv,
        k=arguments.k,
        data=place(arguments.data),
        n_users=truth.n_users,
        n_explained=len(truth.relative),
        sources=truth.sources.max(),
        titles=truth.titles.max(),
        relative=truth.relative.max(),
        lowered=(truth.lost > 0).mean(),
        n_removed=len(truth.lost),
        correlation=np.corrcoef(truth.named, truth.lost)[0, 1],
    )


if __name__ == "__main__":
    main()
