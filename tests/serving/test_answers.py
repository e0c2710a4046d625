"""Documents of answers."""

from dataclasses import replace
from datetime import UTC, datetime

import pyarrow.compute as pc

from recsys_core.bundle import ModelBundle, Titles
from serving import answers
from serving.models import Served
from serving.models.served import _ratings_of_titles
from serving.search import TitleSearch


def test_a_movie_that_the_titles_lack_is_called_by_its_id(bundle: ModelBundle) -> None:
    best = bundle.recommend_for_user(10).items[0].movie_id
    titles = Titles(bundle.titles.table.filter(pc.not_equal(bundle.titles.table["item_id"], best)))
    lacking = replace(bundle, titles=titles)
    counts = _ratings_of_titles(lacking)
    search = TitleSearch.of(titles, n_ratings=counts)
    served = Served("1", "x", lacking, search, counts, datetime.now(UTC), 0.0)

    told = answers.recommendations(served, lacking.recommend_for_user(10), "hybrid")

    assert (told.items[0].movie_id, told.items[0].title, told.items[0].n_ratings) == (best, f"title {best}", None)
