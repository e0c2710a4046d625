"""Which recommended items are targets."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from recsys_core.errors import ShapeError
from recsys_core.evaluation import hits_of
from recsys_core.ranking import NO_ITEM


def test_shapes_that_do_not_belong_together_are_refused() -> None:
    with pytest.raises(ShapeError, match="recommendations for 3 users, targets for 2"):
        hits_of(np.zeros((3, 1), dtype=np.int32), csr_matrix((2, 4)))


@given(st.integers(0, 10**6))
def test_hits_are_where_the_target_matrix_says(seed: int) -> None:
    rng = np.random.default_rng(seed)
    targets = (rng.random((6, 10)) < 0.3).astype(np.float32)
    recommended = np.stack([rng.permutation(10)[:4] for _ in range(6)]).astype(np.int32)
    recommended[:, 3] = NO_ITEM
    expected = np.take_along_axis(targets, np.maximum(recommended, 0), axis=1) > 0
    expected[:, 3] = False
    assert hits_of(recommended, csr_matrix(targets)).tolist() == expected.tolist()
