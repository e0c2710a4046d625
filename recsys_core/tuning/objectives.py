"""What a trial of each stage is judged on: rankings of the validation users."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys_core.blockwise import in_blocks
from recsys_core.dataset.feedback import Feedback
from recsys_core.histories import Histories
from recsys_core.hybrid import HybridWeights
from recsys_core.hybrid.blend import DISLIKES
from recsys_core.ranking import hide
from recsys_core.sources.content import ContentModel
from recsys_core.sources.source import Source, raw_scores
from recsys_core.sparse_rows import filled
from recsys_core.tuning.blend_table import BlendTable, candidate_columns
from recsys_core.tuning.goal import Goal
from recsys_core.tuning.validation_users import JudgedUsers

__all__ = ["Terms", "blend_table", "mean_value"]

_BLOCK_FLOATS = 10_000_000  # of each thread


@dataclass(frozen=True, slots=True, eq=False)
class Terms:
    """What is blended.

    sources   by name, without content
    steady    for each of them what a user's spread is never taken for much less than
    content   whose groups are terms of their own
    """

    sources: Mapping[str, Source]
    steady: Mapping[str, float]
    content: ContentModel
    feedback: Feedback

    @property
    def names(self) -> tuple[str, ...]:
        return (*self.sources, DISLIKES)

    @property
    def n_terms(self) -> int:
        return len(self.names) + len(self.content.groups)

    def of(self, known: Histories) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
        """Every term for every item, (n_users, n_terms, n_items), and the groups' covariances."""
        n_items, n_groups = self.content.n_warm, len(self.content.groups)
        terms = np.zeros((known.n_users, self.n_terms, n_items), dtype=np.float32)
        for num, (name, source) in enumerate(self.sources.items()):
            entry = source.enter(known)
            if entry.aversion is not None:
                columns = slice(None) if source.columns is None else source.columns
                terms[:, len(self.sources)][:, columns] += entry.aversion.toarray()
            terms[:, num] = entry.moments.standardise(raw_scores(source, entry), self.steady.get(name, 0.0))
        covariance = np.zeros((known.n_users, n_groups, n_groups))
        if n_groups:
            cosines = self.content.components(known).transpose(1, 0, 2)
            centred = np.subtract(cosines, cosines.mean(axis=2, keepdims=True), out=terms[:, len(self.names) :])
            covariance[:] = np.matmul(centred, centred.transpose(0, 2, 1)) / n_items
        return terms, covariance


def mean_value(score: Callable[[Histories], NDArray[np.float32]], users: JudgedUsers, goal: Goal) -> float:
    """Mean over users of what the full rankings by ``score`` over the unseen items are worth."""

    def worth(start: int, stop: int) -> NDArray[np.float64]:
        some = users.rows(start, stop)
        scores = score(some.known)
        hide(scores, some.seen)
        return goal.by_user(scores, filled(some.targets), some.n_targets)

    block = max(1, _BLOCK_FLOATS // max(1, users.targets.shape[1]))
    return sum(float(found.sum()) for found in in_blocks(users.n_users, block, worth)) / users.n_users


def blend_table(terms: Terms, users: JudgedUsers, *, weights: HybridWeights, n_best: int, max_table: int) -> BlendTable:
    """The terms of ``users``: of all items while they fit ``max_table`` numbers, else of each source's best.

    ``weights`` only choose the content candidates.
    """
    n_items = users.targets.shape[1]
    whole = users.n_users * n_items * terms.n_terms <= max_table

    def table(start: int, stop: int) -> BlendTable:
        some = users.rows(start, stop)
        found, covariance = terms.of(some.known)
        relevant = filled(some.targets)
        if whole:
            closed = np.zeros(relevant.shape, dtype=np.float32)
            hide(closed, some.seen)
        else:
            numbers, closed = candidate_columns(_opinions(terms, found, weights), some.seen, n_best)
            found = np.take_along_axis(found, numbers[:, None, :], axis=2)
            relevant = np.take_along_axis(relevant, numbers, axis=1) & (closed == 0)
        liked = some.known.n_liked(terms.feedback)
        groups = terms.content.groups
        return BlendTable(terms.names, groups, found, closed, covariance, relevant, some.n_targets, liked)

    block = max(1, _BLOCK_FLOATS // max(1, n_items * terms.n_terms))
    return _joined(list(in_blocks(users.n_users, block, table)))


def _opinions(terms: Terms, found: NDArray[np.float32], weights: HybridWeights) -> list[NDArray[np.float32]]:
    """What each source says of every item: (n_users, n_items) each."""
    opinions = [found[:, num] for num in range(len(terms.sources))]
    groups = terms.content.groups
    if groups:
        shares = np.asarray([weights.group_weights.get(name, 1.0) for name in groups], dtype=np.float32)
        opinions.append(np.einsum("g,ugi->ui", shares, found[:, len(terms.names) :]))
    return opinions


def _joined(parts: Sequence[BlendTable]) -> BlendTable:
    """Blocks of users as one table, narrower ones padded."""
    if len(parts) == 1:
        return parts[0]
    n_users, width = sum(len(part.n_liked) for part in parts), max(part.relevant.shape[1] for part in parts)
    terms = np.zeros((n_users, parts[0].terms.shape[1], width), dtype=np.float32)
    closed = np.full((n_users, width), -np.inf, dtype=np.float32)
    relevant = np.zeros((n_users, width), dtype=bool)
    start = 0
    for part in parts:
        mine = np.s_[start : start + len(part.n_liked), ..., : part.relevant.shape[1]]
        terms[mine], closed[mine], relevant[mine] = part.terms, part.closed, part.relevant
        start += len(part.n_liked)
    return BlendTable(
        parts[0].names,
        parts[0].groups,
        terms,
        closed,
        np.concatenate([part.covariance for part in parts]),
        relevant,
        np.concatenate([part.n_targets for part in parts]),
        np.concatenate([part.n_liked for part in parts]),
    )
