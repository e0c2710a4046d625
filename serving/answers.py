"""From a model's answer to the API's documents."""

from collections.abc import Iterable
from typing import Any

from recsys_core.bundle import Answer, ListOptions, RecommendedItem, Title
from recsys_core.dataset.ids import Id
from serving import schemas
from serving.models import Served

__all__ = ["list_options", "movie", "movies", "rated", "recommendations", "similar"]


def list_options(asked: schemas.ListOptions) -> ListOptions:
    """What was asked for, as the model takes it."""
    return ListOptions(
        k=asked.k,
        model=asked.model,
        alpha=asked.alpha if asked.model == "hybrid" else None,
        genres=tuple(asked.genres),
        year_from=asked.year_from,
        year_to=asked.year_to,
        exclude=tuple(asked.exclude),
        explain=asked.explain,
        diversity=asked.diversity,
        new_titles=min(asked.new_titles, asked.k),
    )


def recommendations(
    served: Served, answer: Answer, model: schemas.ModelName, arm: schemas.AssignedArm | None = None
) -> schemas.RecommendationsResponse:
    return schemas.RecommendationsResponse(
        user_id=answer.user_id,
        model_version=served.version,
        path=answer.path,
        model="hybrid" if answer.path == "cold" else model,  # of a stranger only the hybrid's prior can speak
        experiment=arm,
        items=[_recommended(served, item) for item in answer.items],
    )


def similar(served: Served, movie_id: Id, answer: Answer) -> schemas.SimilarResponse:
    return schemas.SimilarResponse(
        movie=movie(served, movie_id),
        model_version=served.version,
        items=[_recommended(served, item) for item in answer.items],
    )


def movie(served: Served, movie_id: Id) -> schemas.Movie:
    """A movie of the catalogue; the id must be in it."""
    place = served.place_of(movie_id)
    return schemas.Movie(**_described(served.bundle.titles.all[place]), n_ratings=int(served.n_ratings[place]))


def rated(served: Served, movie_id: Id, rating: float) -> schemas.RatedMovie:
    place = served.place_of(movie_id)
    described = _described(served.bundle.titles.all[place])
    return schemas.RatedMovie(**described, n_ratings=int(served.n_ratings[place]), rating=rating)


def movies(served: Served, movie_ids: Iterable[Id]) -> list[schemas.Movie]:
    return [movie(served, movie_id) for movie_id in movie_ids]


def _recommended(served: Served, item: RecommendedItem) -> schemas.RecommendedMovie:
    place = served.place_of(item.movie_id)
    because = None
    if item.because is not None:
        because = [schemas.Because(**reason.as_dict()) for reason in item.because]
    return schemas.RecommendedMovie(
        **_described(served.bundle.titles.all[place] if place >= 0 else Title.nameless(item.movie_id)),
        n_ratings=int(served.n_ratings[place]) if place >= 0 else None,
        rank=item.rank,
        score=item.score,
        new=item.new,
        sources=item.sources,
        terms=item.terms,
        because=because,
    )


def _described(title: Title) -> dict[str, Any]:
    return {
        "movie_id": title.movie_id,
        "title": title.title,
        "year": title.year,
        "genres": list(title.genres),
        "imdb_id": title.imdb_id,
        "tmdb_id": title.tmdb_id,
        "picture_url": title.picture_url,
        "link_url": title.link_url,
    }
