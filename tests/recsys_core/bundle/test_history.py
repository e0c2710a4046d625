"""One person's ratings as the model takes them: new ones on top of those before, and when they were given."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recsys_core.bundle.history import history_of
from recsys_core.histories import Histories
from tests.recsys_core.planted import model, train

NOW = 2_000_000_000
IDS = st.integers(0, 150)  # of warm items, cold ones and none


@given(newer=st.dictionaries(IDS, st.sampled_from([0.0, 0.5, 3.0, 5.0]), max_size=8), user=st.integers(0, 20))
def test_a_newer_rating_counts_instead_of_the_one_before_and_was_given_now(newer: dict[int, float], user: int) -> None:
    before = Histories.of(train()).rows(user, user + 1)
    assert before.times is not None
    found = history_of(model(), newer, before=before, now=NOW)
    ids = model().item_ids.tolist()
    warm = {ids.index(movie): value for movie, value in newer.items() if movie in ids}
    known = dict(zip(before.ratings.indices.tolist(), before.ratings.data.tolist(), strict=True))
    given_at = dict(zip(before.ratings.indices.tolist(), before.times.tolist(), strict=True))
    nums = found.ratings.indices.tolist()
    assert nums == sorted({*known, *warm})
    assert found.ratings.data.tolist() == [warm.get(num, known.get(num)) for num in nums]
    assert found.times is not None
    assert found.times.tolist() == [NOW if num in warm else given_at[num] for num in nums]
    assert found.cold is not None
    cold_ids = model().cold_item_ids.tolist()
    expected = {cold_ids.index(movie): value for movie, value in newer.items() if movie in cold_ids}
    assert dict(zip(found.cold.indices.tolist(), found.cold.data.tolist(), strict=True)) == expected


def test_of_somebody_new_no_times_are_known() -> None:
    found = history_of(model(), {3: 5.0, 999: 1.0})
    assert found.times is None
    np.testing.assert_array_equal(found.ratings.indices, [0])
    assert history_of(model(), {}).ratings.nnz == 0
