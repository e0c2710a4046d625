"""How large a made data set is: ml-25m's proportions at any number of ratings."""

from dataclasses import asdict, dataclass
from typing import Self

from recsys_core.errors import ParameterError

__all__ = ["FEWEST_RATINGS_A_USER", "N_RATINGS_ML25M", "Shape"]

FEWEST_RATINGS_A_USER = 20
N_RATINGS_ML25M = 25_000_095
_N_USERS = 162_541
_N_MOVIES = 62_423
_N_RATED = 59_047
_N_GENOME_MOVIES = 13_816
_N_TAG_APPLICATIONS = 1_093_360
_FEWEST_RATINGS = 10_000
_FEWEST_MOVIES = 250
_RATINGS_A_RATED_MOVIE = 10  # at least, on average
_LARGEST_SHARE = 4  # nobody rates more than a quarter of the rated movies on average


@dataclass(frozen=True, slots=True)
class Shape:
    """Rows and distinct ids of each file; ``n_rated`` of ``n_movies`` have a rating."""

    n_ratings: int
    n_users: int
    n_movies: int
    n_rated: int
    n_genome_movies: int
    n_tag_applications: int
    n_genome_tags: int = 1_128

    @classmethod
    def of(cls, n_ratings: int, *, n_users: int | None = None, n_movies: int | None = None) -> Self:
        """The shape of ``n_ratings``: users grow with them, movies with their cube root, as from ml-latest-small on.

        Raises ParameterError where these numbers cannot be met.
        """
        if n_ratings < _FEWEST_RATINGS:
            raise ParameterError(f"{n_ratings:,} ratings are too few; ask for {_FEWEST_RATINGS:,} or more")
        scale = n_ratings / N_RATINGS_ML25M
        users = round(_N_USERS * scale) if n_users is None else n_users
        movies = round(_N_MOVIES * scale ** (1 / 3)) if n_movies is None else n_movies
        if not 1 <= users <= n_ratings // FEWEST_RATINGS_A_USER:
            most = n_ratings // FEWEST_RATINGS_A_USER
            raise ParameterError(
                f"{users:,} users cannot have {FEWEST_RATINGS_A_USER} of {n_ratings:,} ratings each; "
                f"ask for 1 to {most:,}"
            )
        if movies < _FEWEST_MOVIES:
            raise ParameterError(f"{movies:,} movies are too few; ask for {_FEWEST_MOVIES:,} or more")
        rated = min(round(_N_RATED / _N_MOVIES * movies), n_ratings // _RATINGS_A_RATED_MOVIE)
        if n_ratings * _LARGEST_SHARE > users * rated:
            raise ParameterError(
                f"{users:,} users and {movies:,} movies are too few for {n_ratings:,} ratings; "
                "ask for fewer ratings, or more users or movies"
            )
        return cls(
            n_ratings=n_ratings,
            n_users=users,
            n_movies=movies,
            n_rated=rated,
            n_genome_movies=round(_N_GENOME_MOVIES / _N_MOVIES * movies),
            n_tag_applications=round(_N_TAG_APPLICATIONS * scale),
        )

    def as_dict(self) -> dict[str, int]:
        return asdict(self)
