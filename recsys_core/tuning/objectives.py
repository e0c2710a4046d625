"""What a trial of each stage is judged by: mean NDCG@k of the validation users."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys_core.features import ItemFeatures
from recsys_core.hybrid import HybridWeights
from recsys_core.hybrid.content_term import ContentTerm
from recsys_core.hybrid.moments import ItemMoments, dense_moments
from recsys_core.hybrid.ranking import hide
from recsys_core.sources.als import ALSModel
from recsys_core.sources.content import ContentModel, ContentParameters
from recsys_core.sources.popularity import PopularityModel
from recsys_core.tuning.blend_table import BlendTable, candidate_columns, ranked_ndcg
from recsys_core.tuning.validation_users import JudgedUsers

__all__ = ["Score", "Sources", "blend_factors", "blend_table", "mean_ndcg"]

Score = Callable[[csr_matrix], NDArray[np.float32]]
N_PLAIN_TERMS = 4
_BLOCK_FLOATS = 20_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Sources:
    """The scores that are blended.

    ease        a function from known ratings to raw EASE scores, or None
    neighbours  the same for user-kNN
    """

    als: ALSModel
    ease: Score | None
    content: ContentTerm
    neighbours: Score | None
    popularity: PopularityModel

    @property
    def groups(self) -> tuple[str, ...]:
        return self.content.model.groups

    @property
    def n_terms(self) -> int:
        """ALS, EASE, popularity, neighbours and the content groups."""
        return N_PLAIN_TERMS + len(self.groups)


def content_term(features: ItemFeatures, rating_middle: float) -> ContentTerm:
    """Content scores of the training items, for any group weights."""
    return ContentTerm(ContentModel(features, ContentParameters(), rating_middle), len(features.item_ids))


def mean_ndcg(score: Score, users: JudgedUsers, k: int) -> float:
    """Mean NDCG@k of the full rankings by ``score`` over the unseen items."""
    total = 0.0
    for _, block in users.blocks(max(1, _BLOCK_FLOATS // max(1, users.known.shape[1]))):
        scores = score(block.known)
        hide(scores, block.seen)
        total += float(ranked_ndcg(scores, _relevance(block.targets), block.n_targets, k).sum())
    return total / users.n_users


def blend_table(
    sources: Sources, users: JudgedUsers, *, weights: HybridWeights, n_best: int, max_table: int
) -> BlendTable:
    """Component scores of ``users``: all items while they fit ``max_table`` numbers, else each source's best.

    Terms: z(ALS), z(EASE), z(popularity), z(user-kNN), then the content groups' centred cosines. ``weights`` only
    choose the content candidates.
    """
    n_items = users.known.shape[1]
    whole = users.n_users * n_items * sources.n_terms <= max_table
    parts = []
    for _, block in users.blocks(max(1, _BLOCK_FLOATS // max(1, n_items * sources.n_terms))):
        terms, covariance = _all_terms(sources, block.known)
        if whole:
            hide(terms[:, 0, :], block.seen)
            relevant = _relevance(block.targets)
        else:
            terms, relevant = _cut(terms, covariance, sources, block, weights, n_best)
        lengths = np.diff(block.known.indptr).astype(np.int64)
        parts.append(BlendTable(terms, covariance, relevant, block.n_targets, lengths))
    return _joined(parts)


def blend_factors(table: BlendTable, weights: HybridWeights, groups: Sequence[str]) -> NDArray[np.float64]:
    """How often each term of each user counts under ``weights``: of shape (n_users, 4 + n_groups).

    Divided by α(n), which does not change a user's ranking, so that ALS always counts once.
    """
    prior = np.where(table.n_ratings > 0, weights.odds(table.n_ratings), 0.0)  # nobody here is without a rating
    group_weights = np.asarray([weights.group_weights.get(name, 0.0) for name in groups])
    content = weights.content * table.content_factors(group_weights)
    ones = np.ones(len(prior))
    return np.column_stack([ones, weights.ease * ones, weights.popularity * prior, weights.neighbours * prior, content])


def _all_terms(sources: Sources, known: csr_matrix) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Every term for every item, (n_users, n_terms, n_items), and the groups' covariances."""
    n_users, n_items = known.shape
    n_groups = len(sources.groups)
    terms = np.zeros((n_users, sources.n_terms, n_items), dtype=np.float32)
    user_factors = sources.als.fold_in(known)
    moments = ItemMoments.of(sources.als.item_factors).for_users(user_factors)
    terms[:, 0] = moments.standardise(user_factors @ sources.als.item_factors.T)
    if sources.ease is not None:
        raw = sources.ease(known)
        terms[:, 1] = dense_moments(raw).standardise(raw)
    log_counts = sources.popularity.log_popularity[None, :].copy()
    terms[:, 2] = dense_moments(log_counts).standardise(log_counts)
    if sources.neighbours is not None:
        votes = sources.neighbours(known)
        terms[:, 3] = dense_moments(votes).standardise(votes)
    covariance = np.zeros((n_users, n_groups, n_groups))
    if n_groups:
        cosines = sources.content.group_scores(known).transpose(1, 0, 2)
        centred = np.subtract(cosines, cosines.mean(axis=2, keepdims=True), out=terms[:, N_PLAIN_TERMS:])
        covariance[:] = np.matmul(centred, centred.transpose(0, 2, 1)) / n_items
    return terms, covariance


def _cut(
    terms: NDArray[np.float32],
    covariance: NDArray[np.float64],
    sources: Sources,
    users: JudgedUsers,
    weights: HybridWeights,
    n_best: int,
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """The terms and the relevance of each user's candidates."""
    group_weights = np.asarray([weights.group_weights.get(name, 1.0) for name in sources.groups])
    content = np.einsum("g,ugi->ui", group_weights.astype(np.float32), terms[:, N_PLAIN_TERMS:])
    parts = [terms[:, 0], terms[:, 2]]
    parts += [terms[:, 1]] if sources.ease else []
    parts += [terms[:, 3]] if sources.neighbours else []
    parts += [content] if sources.groups else []
    numbers, mask = candidate_columns(parts, users.seen, n_best)
    kept = np.take_along_axis(terms, numbers[:, None, :], axis=2)
    kept[:, 0] += mask
    return kept, np.take_along_axis(_relevance(users.targets), numbers, axis=1) & (mask == 0)


def _joined(parts: Sequence[BlendTable]) -> BlendTable:
    """Blocks of users as one table, narrower ones padded."""
    if len(parts) == 1:
        return parts[0]
    width = max(part.relevant.shape[1] for part in parts)
    padded = [np.pad(part.terms, ((0, 0), (0, 0), (0, width - part.terms.shape[2]))) for part in parts]
    for part, terms in zip(parts, padded, strict=True):
        terms[:, 0, part.terms.shape[2] :] = -np.inf
    return BlendTable(
        np.concatenate(padded),
        np.concatenate([part.covariance for part in parts]),
        np.concatenate([np.pad(p.relevant, ((0, 0), (0, width - p.relevant.shape[1]))) for p in parts]),
        np.concatenate([part.n_targets for part in parts]),
        np.concatenate([part.n_ratings for part in parts]),
    )


def _relevance(targets: csr_matrix) -> NDArray[np.bool_]:
    relevant = np.zeros(targets.shape, dtype=bool)
    relevant[np.repeat(np.arange(targets.shape[0]), np.diff(targets.indptr)), targets.indices] = True
    return relevant
