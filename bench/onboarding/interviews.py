"""Interviews with held-out people, and how good recommendations are after each of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, vstack

from recsys_core.dataset.interactions import UserItemMatrix
from recsys_core.evaluation import ndcg_of_scores
from recsys_core.onboarding import Onboarding
from recsys_core.splitting import hash_uniform

__all__ = ["MOST_QUESTIONS", "Interview", "People", "View", "interview", "ndcg", "people_of"]

MOST_QUESTIONS: Final = 100
_ANSWERS, _QUESTIONS = 5, 20
View = tuple[Literal["answers", "questions"], int]


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """Held-out people; each stands in two rows, with either half of their ratings answerable.

    answerable  CSR of shape (n_rows, n_items): what they can answer with; never recommended, asked or not
    liked       CSR of the same shape: their ratings of at least 4 in the other half, the targets
    """

    answerable: csr_matrix
    liked: csr_matrix
    user_ids: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Interview:
    """Item numbers in the order in which they were answered, and which question each was, from 1."""

    answered: tuple[int, ...]
    questions: tuple[int, ...]

    def known_after(self, view: View) -> tuple[int, ...]:
        kind, n = view
        if kind == "answers":
            return self.answered[:n]
        return tuple(num for num, question in zip(self.answered, self.questions, strict=True) if question <= n)

    def questions_for(self, n_answers: int) -> int:
        """Questions that ``n_answers`` took; one more than the most where they were not reached."""
        return self.questions[n_answers - 1] if len(self.questions) >= n_answers else MOST_QUESTIONS + 1


def people_of(rows: UserItemMatrix, *, positive_threshold: float = 4.0, seed: int = 0) -> People:
    """Halves by a hash of user and item; a row without an answerable rating or without a target is left out."""
    users = rows.user_ids[rows.user_nums()]
    half = hash_uniform(seed, "interview", users, rows.item_ids[rows.ratings.indices]) < 0.5
    is_liked = rows.ratings.data >= positive_threshold
    answerable, liked = (
        csr_matrix(vstack([rows.select(part).ratings for part in parts]))
        for parts in ((half, ~half), (~half & is_liked, half & is_liked))
    )
    kept = np.flatnonzero((np.diff(answerable.indptr) > 0) & (np.diff(liked.indptr) > 0))
    return People(answerable[kept], liked[kept], np.tile(rows.user_ids, 2)[kept])


def interview(asker: Onboarding, person: csr_matrix, *, page: int = 1) -> Interview:
    """Ask, ``page`` titles at a time, until 5 answers and 20 questions, or 100 questions; ``person`` is one row."""
    asked: list[int] = []
    questions: dict[int, int] = {}  # by item number, those that were answered
    while len(asked) < MOST_QUESTIONS and (len(questions) < _ANSWERS or len(asked) < _QUESTIONS):
        n = min(page, MOST_QUESTIONS - len(asked))
        wanted = asker.next_titles(_only(person, list(questions)), np.asarray(asked, dtype=np.int64), n).tolist()
        if not wanted:
            break
        known = set(person.indices.tolist())
        questions |= {item: len(asked) + place for place, item in enumerate(wanted, 1) if item in known}
        asked += wanted
    return Interview(tuple(questions), tuple(questions.values()))


def ndcg(
    score: Callable[[csr_matrix], NDArray[np.float32]],
    people: People,
    held: Sequence[Interview],
    view: View,
    *,
    closed: bool = True,
) -> NDArray[np.float64]:
    """NDCG@10 of each row, from what was answered so far.

    closed  the same titles compete whatever was asked. Otherwise titles that were not asked compete, too, and cannot be
            targets; asking about popular titles then takes them out of the way.
    """
    told = [_only(people.answerable[row], one.known_after(view)) for row, one in enumerate(held)]
    history = csr_matrix(vstack(told))
    return ndcg_of_scores(score(history), people.liked, seen=people.answerable if closed else history, k=10)


def _only(person: csr_matrix, item_nums: Sequence[int]) -> csr_matrix:
    """The person's ratings of these titles alone."""
    kept = np.isin(person.indices, item_nums)
    return csr_matrix((person.data[kept], person.indices[kept], np.array([0, kept.sum()])), shape=person.shape)
