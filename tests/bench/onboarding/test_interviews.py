"""Simulated interviews: who can answer what, what a question costs, and what is judged."""

from functools import cache

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from bench.onboarding.interviews import MOST_QUESTIONS, Interview, People, interview, ndcg, people_of
from recsys_core.dataset.interactions import UserItemMatrix
from recsys_core.testing import planted_interactions


@cache
def _train() -> UserItemMatrix:
    return planted_interactions(80, 150, 3000, seed=5)


@cache
def _people() -> People:
    return people_of(_train())


class InOrder:
    """Asks about item 0, 1, 2, …; remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[list[int]] = []

    def next_titles(self, answers: csr_matrix, asked_nums: np.ndarray, n: int) -> np.ndarray:
        self.told.append(answers.indices.tolist())
        return np.arange(len(asked_nums), min(len(asked_nums) + n, answers.shape[1]))


def person(*item_nums: int) -> csr_matrix:
    row = np.zeros((1, 150), dtype=np.float32)
    row[0, list(item_nums)] = 4.0
    return csr_matrix(row)


def test_nobody_is_judged_on_what_they_could_answer() -> None:
    assert _people().answerable.multiply(_people().liked).nnz == 0
    assert (_people().liked.data >= 4).all()


def test_everybody_stands_in_two_rows_with_the_halves_exchanged() -> None:
    first, second = np.flatnonzero(_people().user_ids == _train().user_ids[0])
    halves = _people().answerable[first] + _people().answerable[second]
    np.testing.assert_array_equal(halves.toarray(), _train().ratings[0].toarray())


@pytest.mark.parametrize("page", [1, 7, 100])
def test_a_title_that_was_not_seen_costs_a_question(page: int) -> None:
    held = interview(InOrder(), person(2, 3, 9, 30, 41, 60), page=page)
    assert held.answered[:5] == (2, 3, 9, 30, 41)
    assert held.questions[:5] == (3, 4, 10, 31, 42)
    assert held.known_after(("answers", 2)) == (2, 3)
    assert held.known_after(("questions", 10)) == (2, 3, 9)
    assert held.questions_for(3) == 10


def test_an_interview_ends_after_five_answers_and_twenty_questions_or_when_nothing_is_left() -> None:
    quick, slow = InOrder(), InOrder()
    interview(quick, person(0, 1, 2, 3, 4))
    interview(slow, person(140))
    assert len(quick.told) == 20
    assert len(slow.told) == MOST_QUESTIONS
    assert interview(slow, person(140)).questions_for(1) == MOST_QUESTIONS + 1
    few = csr_matrix(np.zeros((1, 6), dtype=np.float32))
    assert interview(InOrder(), few) == Interview((), ())


def test_the_asker_hears_only_what_was_answered() -> None:
    asker = InOrder()
    interview(asker, person(1, 3, 120))
    assert asker.told[:5] == [[], [], [1], [1], [1, 3]]


def test_the_same_titles_compete_whatever_was_asked_unless_told_otherwise() -> None:
    held = [Interview((), ())] * _people().answerable.shape[0]

    def oracle(history: csr_matrix) -> np.ndarray:  # likes best what nobody can be judged on
        return (2 * (_people().answerable > 0) + (_people().liked > 0)).toarray().astype(np.float32)

    assert ndcg(oracle, _people(), held, ("answers", 1)).min() == pytest.approx(1.0)
    assert ndcg(oracle, _people(), held, ("answers", 1), closed=False).mean() < 0.9
