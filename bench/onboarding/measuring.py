"""Every method with every held-out person of every fold."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from bench.accuracy.data import Bundle
from bench.default_hybrid import fit_default_hybrid
from bench.onboarding.interviews import View, everybody, interviews, ndcg, people_of
from bench.onboarding.methods import CONTROL, DEFAULT, METHODS, SETTINGS, Method
from recsys_core.dataset.interactions import UserItemMatrix
from recsys_core.evaluation import ndcg_of_scores
from recsys_core.hybrid import HybridModel
from recsys_core.splitting import SplitParameters, assign_users, split_interactions
from recsys_core.splitting.split import TEST, VALIDATION

__all__ = ["COUNTS", "JUDGED", "N_FOLDS", "PARTS", "VIEWS", "Measured", "measure"]

N_FOLDS: Final = 5
PARTS: Final = {"validation": VALIDATION, "test": TEST}
COUNTS: Final = (1, 3, 5)
VIEWS: Final[tuple[View, ...]] = (
    *(("answers", n) for n in (1, 2, 3, 4, 5)),
    *(("questions", n) for n in (5, 10, 15, 20)),
)
JUDGED: Final[tuple[View, ...]] = (
    ("answers", 1),
    ("answers", 3),
    ("answers", 5),
    ("questions", 5),
    ("questions", 10),
    ("questions", 20),
)
_RIVALRY: Final = (CONTROL, DEFAULT)

Values = NDArray[np.float64]
Keep = Callable[[str, NDArray[Any]], None]


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """Arrays by name, each over the rows of all folds: see :func:`measure`."""

    arrays: dict[str, NDArray[Any]]

    def ndcg(self, part: str, method: str, view: View) -> Values:
        return np.asarray(self.arrays[f"{part}/{method}/ndcg"][:, VIEWS.index(view)], dtype=np.float64)

    def mean(self, part: str, method: str) -> Values:
        """The mean over the six judged views: what methods are chosen by."""
        return np.asarray(np.mean([self.ndcg(part, method, view) for view in JUDGED], axis=0))

    def questions(self, name: str) -> Values:
        """Questions for 1, 3 and 5 answers, of shape (n_rows, 3)."""
        return np.asarray(self.arrays[name], dtype=np.float64)

    def users(self, part: str) -> NDArray[np.int64]:
        return np.asarray(self.arrays[f"{part}/user_ids"], dtype=np.int64)

    def folds(self, part: str) -> NDArray[np.int64]:
        return np.asarray(self.arrays[f"{part}/folds"], dtype=np.int64)


def measure(bundle: Bundle, *, n_folds: int = N_FOLDS) -> Measured:
    """For each part (validation, test) and method: ``part/method/ndcg`` (n_rows, n_views), ``part/method/questions``.

    Further: ``part/nothing`` and ``part/everything``, NDCG@10 without any answer and with all that can be answered;
    ``whole/method``, the questions that test users take when all their ratings are answers; ``open/method/ndcg``, as
    in test but with the titles that were not asked about left in the ranking. Settings are measured on validation.
    """
    collected: dict[str, list[NDArray[Any]]] = {}

    def keep(name: str, values: NDArray[Any]) -> None:
        collected.setdefault(name, []).append(values)

    for fold in range(n_folds):
        split = split_interactions(bundle.interactions, _splitting(fold), catalogue_ids=bundle.tables.catalogue_ids)
        hybrid = fit_default_hybrid(split, bundle.tables)
        for part in PARTS:
            rows = _held_out(bundle.interactions, split.train, fold, part)
            methods = METHODS if part == "test" else {**METHODS, **SETTINGS}
            _measure_part(fold, part, rows, split.train, hybrid, methods, keep)
    return Measured({name: np.concatenate(values) for name, values in collected.items()})


def _splitting(fold: int) -> SplitParameters:
    return SplitParameters(n_folds=N_FOLDS, fold=fold, validation_share=0.2)


def _held_out(interactions: UserItemMatrix, train: UserItemMatrix, fold: int, part: str) -> UserItemMatrix:
    assigned = assign_users(interactions.user_ids, _splitting(fold))
    return interactions.rows(np.flatnonzero(assigned == PARTS[part])).with_items(train.item_ids)


def _measure_part(
    fold: int,
    part: str,
    rows: UserItemMatrix,
    train: UserItemMatrix,
    hybrid: HybridModel,
    methods: Mapping[str, Method],
    keep: Keep,
) -> None:
    people, whole = people_of(rows), everybody(rows)
    nothing = csr_matrix(people.answerable.shape).astype(np.float32)
    keep(f"{part}/user_ids", people.user_ids)
    keep(f"{part}/folds", np.full(len(people.user_ids), fold))
    for name, known in (("nothing", nothing), ("everything", people.answerable)):
        keep(f"{part}/{name}", ndcg_of_scores(hybrid.score(known), people.liked, seen=people.answerable, k=10))
    for name, method in methods.items():
        asker = method.make(train, hybrid)
        held = interviews(asker, people.answerable, page=method.page)
        found = np.stack([ndcg(hybrid.score, people, held, view) for view in VIEWS], axis=1)
        keep(f"{part}/{name}/ndcg", found)
        keep(f"{part}/{name}/questions", np.array([[one.questions_for(n) for n in COUNTS] for one in held]))
        if part == "test":
            all_asked = interviews(asker, whole, page=method.page)
            keep(f"whole/{name}", np.array([[one.questions_for(n) for n in COUNTS] for one in all_asked]))
            if name in _RIVALRY:
                left = [ndcg(hybrid.score, people, held, view, closed="answered") for view in VIEWS]
                keep(f"open/{name}/ndcg", np.stack(left, axis=1))
        print(f"fold {fold}, {part}: {name} {found.mean():.4f}", file=sys.stderr, flush=True)
