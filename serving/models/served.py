"""One model in memory, with all that answering from it takes."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recsys_core.bundle import ModelBundle
from recsys_core.dataset.declaration import MOVIELENS
from recsys_core.dataset.feedback import Feedback
from recsys_core.dataset.ids import Id
from recsys_core.dataset.numbering import positions_in
from serving.search import TitleSearch

__all__ = ["Found", "Served", "load_served"]


@dataclass(frozen=True, slots=True)
class Found:
    """What a reference stands for: a version, and the identity of its content."""

    version: str
    identity: str


@dataclass(frozen=True, eq=False)
class Served:
    """A loaded version.

    identity         of the model itself: version numbers begin anew in every registry
    n_ratings        int64 of shape (n_titles,), in the order of the bundle's titles: ratings it was trained on
    seconds_to_load  until it could answer
    """

    version: str
    identity: str
    bundle: ModelBundle
    search: TitleSearch
    n_ratings: NDArray[np.int64]
    loaded_at: datetime
    seconds_to_load: float

    @property
    def feedback(self) -> Feedback:
        """What people may say, as the model was trained on it."""
        return self.bundle.model.feedback

    @property
    def dataset(self) -> str:
        """The data set's name; bundles from before data sets had one are of MovieLens."""
        return str(self.bundle.metadata.get("dataset", MOVIELENS.name))

    def person(self, written: Id) -> Id | None:
        """Somebody's id as the data have ids; None for what can be none."""
        return self.bundle.known.users.named(written)

    def place_of(self, movie_id: Id) -> int:
        """Where the movie is among the titles, -1 where it is not."""
        return self.bundle.titles.place_of(movie_id)

    def movie_id(self, written: Id) -> Id | None:
        """The id of a movie of the catalogue as the data have it; None where there is no such movie."""
        place = self.place_of(written)
        return None if place < 0 else self.bundle.titles.all[place].movie_id


def load_served(found: Found, directory: Path) -> Served:
    """Load the bundle in ``directory`` and compute what is computed once."""
    started = time.monotonic()
    bundle = ModelBundle.load(directory)
    bundle.warm_up()
    n_ratings = _ratings_of_titles(bundle)
    search = TitleSearch.of(bundle.titles, n_ratings=n_ratings)
    return Served(
        found.version, found.identity, bundle, search, n_ratings, datetime.now(UTC), time.monotonic() - started
    )


def _ratings_of_titles(bundle: ModelBundle) -> NDArray[np.int64]:
    counts = np.zeros(len(bundle.titles.item_ids), dtype=np.int64)
    places = positions_in(bundle.titles.item_ids, bundle.model.item_ids)
    counts[places[places >= 0]] = bundle.model.popularity.n_ratings[places >= 0]
    return counts
