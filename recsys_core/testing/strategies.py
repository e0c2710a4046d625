"""Hypothesis strategies for small matrices, histories and features."""

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.sparse import csr_matrix

from recsys_core.dataset.declaration import MOVIELENS
from recsys_core.features import ItemFeatures
from recsys_core.features.weighting import normalise_rows
from recsys_core.histories import Histories

__all__ = ["histories_of", "item_feature_sets", "rating_values", "user_item_matrices"]


def rating_values() -> st.SearchStrategy[float]:
    """One rating on the MovieLens scale."""
    return st.sampled_from(MOVIELENS.feedback.values)


@st.composite
def user_item_matrices(
    draw: st.DrawFn,
    *,
    min_users: int = 1,
    max_users: int = 8,
    min_items: int = 2,
    max_items: int = 8,
    min_ratings: int = 1,
) -> csr_matrix:
    """Ratings by a few users of a few items: canonical float32 CSR with at least ``min_ratings`` ratings.

    Empty rows, empty columns and rows in which everything is rated all occur.
    """
    shape = (draw(st.integers(min_users, max_users)), draw(st.integers(min_items, max_items)))
    cells = st.one_of(st.just(0.0), rating_values())
    dense = draw(hnp.arrays(np.float32, shape, elements=cells, fill=st.just(0.0)))
    for place in range(int(np.count_nonzero(dense)), min(min_ratings, dense.size)):
        dense.flat[np.flatnonzero(dense.ravel() == 0)[0]] = MOVIELENS.feedback.values[place % 10]
    return csr_matrix(dense)


@st.composite
def item_feature_sets(draw: st.DrawFn, *, n_items: int, max_features: int = 5) -> ItemFeatures:
    """Features of items 1 to ``n_items`` in one to four groups; values of either sign, some rows empty."""
    names = draw(st.lists(st.sampled_from(["genre", "decade", "tags", "genome"]), min_size=1, unique=True))
    values = st.integers(-3, 3).map(float)
    groups = {}
    for name in names:
        n_features = draw(st.integers(1, max_features))
        dense = draw(hnp.arrays(np.float32, (n_items, n_features), elements=values))
        groups[name] = normalise_rows(csr_matrix(dense))
    columns = {name: [f"{name} {num}" for num in range(matrix.shape[1])] for name, matrix in groups.items()}
    return ItemFeatures(np.arange(1, n_items + 1, dtype=np.int64), groups, columns)


@st.composite
def histories_of(draw: st.DrawFn, *, n_items: int, n_cold: int = 0, max_users: int = 4) -> Histories:
    """What is known of a few people, with or without times and cold ratings; some have rated nothing, or dislikes."""
    ratings = draw(user_item_matrices(max_users=max_users, min_items=n_items, max_items=n_items, min_ratings=0))
    seconds = st.integers(0, 2 * 10**9)
    times = draw(st.none() | hnp.arrays(np.int64, ratings.nnz, elements=seconds))
    cells = st.one_of(st.just(0.0), rating_values())
    shape = (ratings.shape[0], n_cold)
    cold = draw(st.none() | hnp.arrays(np.float32, shape, elements=cells, fill=st.just(0.0)))
    return Histories(ratings, times, None if cold is None else csr_matrix(cold))
