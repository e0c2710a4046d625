"""Three ways to ask, with every held-out person of every fold."""

import sys
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from bench.accuracy.data import Bundle
from bench.default_hybrid import fit_default_hybrid
from bench.onboarding.interviews import MOST_QUESTIONS, View, interviews, ndcg, people_of
from recsys_core.dataset.declaration import MOVIELENS
from recsys_core.evaluation import ndcg_of_scores
from recsys_core.onboarding import OnboardingParameters, fit_onboarding
from recsys_core.splitting import SplitParameters, assign_users, split_interactions
from recsys_core.splitting.split import TEST

__all__ = ["CONTROL", "DEFAULT", "METHODS", "N_FOLDS", "VIEWS", "Measured", "measure"]

N_FOLDS: Final = 5
_COUNTS: Final = (1, 3, 5)
VIEWS: Final[tuple[View, ...]] = (*(("answers", n) for n in _COUNTS), *(("questions", n) for n in (5, 10, 20)))


class Method(NamedTuple):
    """page: how many titles are asked for at once; all of them is a list that no answer moves."""

    label: str
    parameters: OnboardingParameters
    page: int


CONTROL: Final = "popularity"
DEFAULT: Final = "expected_gain"
METHODS: Final = {
    CONTROL: Method("most popular", OnboardingParameters(method="popularity"), MOST_QUESTIONS),
    "expected_gain_fixed": Method("expected gain, fixed list", OnboardingParameters(), MOST_QUESTIONS),
    DEFAULT: Method("expected gain, adaptive", OnboardingParameters(), 1),
}


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """Arrays by name, each over the rows of all folds.

    ``user_ids``; ``nothing`` and ``everything``: NDCG@10 without any answer, and with all that can be answered.
    ``ndcg/METHOD`` of shape (n_rows, n_views); ``open/METHOD``: the same with the titles that were not asked about left
    in the ranking. ``questions/METHOD`` and ``whole/METHOD``, of shape (n_rows, 3): questions for 1, 3 and 5 answers,
    with half of a person's ratings as answers and with all of them.
    """

    arrays: dict[str, NDArray[Any]]

    def ndcg(self, method: str, view: View, kind: str = "ndcg") -> NDArray[np.float64]:
        return np.asarray(self.arrays[f"{kind}/{method}"][:, VIEWS.index(view)], dtype=np.float64)

    def judged(self, method: str) -> list[NDArray[np.float64]]:
        """The six views, and their mean."""
        found = [self.ndcg(method, view) for view in VIEWS]
        return [*found, np.mean(found, axis=0)]


def measure(bundle: Bundle, *, n_folds: int = N_FOLDS) -> Measured:
    """The test users of the first ``n_folds`` folds, asked by every method."""
    folds = [_measured_fold(bundle, fold) for fold in range(n_folds)]
    return Measured({name: np.concatenate([fold[name] for fold in folds]) for name in folds[0]})


def _measured_fold(bundle: Bundle, fold: int) -> dict[str, NDArray[Any]]:
    splitting = SplitParameters(n_folds=N_FOLDS, fold=fold, validation_share=0.2)
    split = split_interactions(bundle.interactions, splitting, catalogue_ids=bundle.tables.catalogue_ids)
    hybrid = fit_default_hybrid(bundle, split)
    tested = np.flatnonzero(assign_users(bundle.interactions.user_ids, splitting) == TEST)
    rows = bundle.interactions.rows(tested).with_items(split.train.item_ids)
    people, whole = people_of(rows), rows.ratings[np.flatnonzero(np.diff(rows.ratings.indptr))]
    found: dict[str, NDArray[Any]] = {"user_ids": people.user_ids}
    nothing = csr_matrix(people.answerable.shape).astype(np.float32)
    for name, known in (("nothing", nothing), ("everything", people.answerable)):
        found[name] = ndcg_of_scores(hybrid.score(known), people.liked, seen=people.answerable, k=10)
    for name, method in METHODS.items():
        asker = fit_onboarding(split.train, method.parameters, feedback=MOVIELENS.feedback)
        held, all_held = (interviews(asker, known, page=method.page) for known in (people.answerable, whole))
        found[f"ndcg/{name}"] = np.stack([ndcg(hybrid.score, people, held, view) for view in VIEWS], axis=1)
        left = [ndcg(hybrid.score, people, held, view, closed="answered") for view in VIEWS]
        found[f"open/{name}"] = np.stack(left, axis=1)
        for kind, some in (("questions", held), ("whole", all_held)):
            found[f"{kind}/{name}"] = np.array([[one.questions_for(n) for n in _COUNTS] for one in some])
        print(f"fold {fold}: {name} {found[f'ndcg/{name}'].mean():.4f}", file=sys.stderr, flush=True)
    return found
