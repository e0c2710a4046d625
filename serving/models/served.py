"""One model in memory, with all that answering from it takes."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recsys_core.bundle import ModelBundle
from recsys_core.dataset.interactions import positions_in
from serving.search import TitleSearch

__all__ = ["Served", "load_served"]


@dataclass(frozen=True, eq=False)
class Served:
    """A loaded version.

    n_ratings        int64 of shape (n_titles,), in the order of the bundle's titles: ratings it was trained on
    seconds_to_load  until it could answer
    """

    version: str
    bundle: ModelBundle
    search: TitleSearch
    n_ratings: NDArray[np.int64]
    loaded_at: datetime
    seconds_to_load: float

    @property
    def rating_range(self) -> tuple[float, float]:
        """The worst and the best rating of the scale that the model was trained on."""
        best = float(self.bundle.model.als.rating_scale_max)
        return 2 * float(self.bundle.model.content.rating_middle) - best, best

    @property
    def rating_step(self) -> float:
        """Ratings are the worst one plus a multiple of this."""
        return float(self.bundle.metadata.get("rating_step", self.rating_range[0]))

    def place_of(self, movie_id: int) -> int:
        """Where the movie is among the titles, -1 where it is not."""
        return int(positions_in(self.bundle.titles.item_ids, np.asarray([movie_id], dtype=np.int64))[0])


def load_served(version: str, directory: Path) -> Served:
    """Load the bundle in ``directory`` and compute what is computed once."""
    started = time.monotonic()
    bundle = ModelBundle.load(directory)
    bundle.warm_up()
    n_ratings = _ratings_of_titles(bundle)
    search = TitleSearch.of(bundle.titles, n_ratings=n_ratings)
    return Served(version, bundle, search, n_ratings, datetime.now(UTC), time.monotonic() - started)


def _ratings_of_titles(bundle: ModelBundle) -> NDArray[np.int64]:
    counts = np.zeros(len(bundle.titles.item_ids), dtype=np.int64)
    places = positions_in(bundle.titles.item_ids, bundle.model.item_ids)
    counts[places[places >= 0]] = bundle.model.popularity.n_ratings[places >= 0]
    return counts
