"""The API's documents without a model: real titles, made-up but steady scores; for tests of the page and a first look.

python -m tests.ui.stub_api [--port 8000]
"""

import argparse
import csv
import io
import threading
import time
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, NoReturn

import uvicorn
from fastapi import FastAPI, HTTPException, Query, Response
from fastapi import Path as InAddress

from serving.schemas import (
    MAX_IDS,
    AssignedArm,
    Because,
    EvaluationResponse,
    FeedbackRequest,
    FeedbackResponse,
    Id,
    ListOptions,
    ModelsResponse,
    Movie,
    OnboardingRequest,
    OnboardingResponse,
    RatedMovie,
    RatingEvent,
    RatingScale,
    ReadyResponse,
    RecommendationsRequest,
    RecommendationsResponse,
    RecommendedMovie,
    SearchResponse,
    ServedModel,
    SimilarResponse,
    UserResponse,
    VersionSummary,
)

UserId = Annotated[int, InAddress(ge=-(2**63), lt=2**63)]
MovieId = Annotated[int, InAddress(ge=-(2**63), lt=2**63)]
SAMPLE = Path(__file__).parents[2] / "data" / "sample"
N_TITLES = 300
VERSION = "7"
STARS = RatingScale(kind="ratings", lowest=0.5, highest=5.0, step=0.5)
COUNTS = RatingScale(kind="counts", lowest=0, highest=500, step=0)
EVENTS = RatingScale(kind="events", lowest=0, highest=1, step=1)
NOT_READY = "no model is loaded yet: no champion is registered"
METRICS = {
    "popularity": {"ndcg@10": 0.1641, "recall@10": 0.0986, "precision@10": 0.1312, "coverage@10": 0.0061},
    "content": {"ndcg@10": 0.1352, "recall@10": 0.0803, "precision@10": 0.1095, "coverage@10": 0.1822},
    "als": {"ndcg@10": 0.3221, "recall@10": 0.2187, "precision@10": 0.2489, "coverage@10": 0.0712},
    "hybrid": {"ndcg@10": 0.3487, "recall@10": 0.2391, "precision@10": 0.2702, "coverage@10": 0.0634},
}


@dataclass
class Catalogue:
    """The most rated titles of the bundled data, and what some of its people rated."""

    movies: dict[Id, Movie]
    ratings: dict[Id, dict[Id, float]]


@cache
def catalogue() -> Catalogue:
    counts: Counter[Id] = Counter()
    ratings: dict[Id, dict[Id, float]] = {}
    for row in _rows("ratings"):
        counts[int(row["movieId"])] += 1
        if int(row["userId"]) <= 20:
            ratings.setdefault(int(row["userId"]), {})[int(row["movieId"])] = float(row["rating"])
    kept = dict(counts.most_common(N_TITLES))
    links = {int(row["movieId"]): row for row in _rows("links")}
    movies: dict[Id, Movie] = {}
    for row in _rows("movies"):
        movie_id = int(row["movieId"])
        if movie_id in kept:
            link = links[movie_id]
            movies[movie_id] = Movie(
                movie_id=movie_id,
                title=row["title"],
                year=int(row["title"].strip()[-5:-1]),
                genres=row["genres"].split("|"),
                imdb_id=link["imdbId"],
                tmdb_id=int(link["tmdbId"]) if link["tmdbId"] else None,
                n_ratings=kept[movie_id],
            )
    ordered = dict(sorted(movies.items(), key=lambda item: -kept[item[0]]))
    known: dict[Id, dict[Id, float]] = {
        user: {m: r for m, r in rated.items() if m in ordered} for user, rated in ratings.items()
    }
    return Catalogue(ordered, {user: rated for user, rated in known.items() if rated})


@cache
def _bare() -> dict[Id, Movie]:
    bare: dict[str, Any] = {"genres": [], "year": None, "imdb_id": None, "tmdb_id": None}
    return {
        movie_id: movie.model_copy(update={**bare, "title": movie.title[:-7]})
        for movie_id, movie in catalogue().movies.items()
    }


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (SAMPLE / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


@dataclass
class Stub:
    """The application, what was sent to it, and how it should fail."""

    app: FastAPI = field(default_factory=FastAPI)
    feedback: list[FeedbackRequest] = field(default_factory=list)
    added: dict[Id, dict[Id, float]] = field(default_factory=dict)
    extra: dict[Id, Movie] = field(default_factory=dict)
    ready: bool = True
    feedback_fails: bool = False
    experiment: AssignedArm | None = None
    more_served: list[ServedModel] = field(default_factory=list)
    damaged_plots: bool = False
    scale: RatingScale = field(default_factory=lambda: STARS)
    described: bool = True
    url: str = ""
    stop: Callable[[], None] = lambda: None

    @property
    def movies(self) -> dict[Id, Movie]:
        """Without genres, years and ids at TMDB where titles are not ``described``."""
        return {**self.extra, **(catalogue().movies if self.described else _bare())}

    def rated(self, user_id: int) -> dict[Id, float]:
        """On the scale: of counts, ten for each star; what is taken back is not there."""
        per_star = {"ratings": 1.0, "counts": 10.0, "events": 0.0}[self.scale.kind]
        before = {
            movie_id: rating * per_star or 1.0 for movie_id, rating in catalogue().ratings.get(user_id, {}).items()
        }
        rated = {**before, **self.added.get(user_id, {})}
        return {movie_id: rating for movie_id, rating in rated.items() if rating > 0}

    def ranked(self, rated: dict[Id, float], options: ListOptions) -> list[RecommendedMovie]:
        """Best first: a likeness of genres and years, blended with how often a title is rated."""
        scored = [
            self._scored(movie, rated, options) for movie in self.movies.values() if _wanted(movie, rated, options)
        ]
        scored.sort(key=lambda item: (-item.score, item.movie_id))
        if options.diversity:
            scored = _spread(scored, options)
        new = [movie for movie in scored if movie.new][: options.new_titles]
        chosen = [*[movie for movie in scored if not movie.new][: options.k - len(new)], *new]
        return [movie.model_copy(update={"rank": rank}) for rank, movie in enumerate(chosen, 1)]

    def _scored(self, movie: Movie, rated: dict[Id, float], options: ListOptions) -> RecommendedMovie:
        liked = sorted(rated, key=lambda movie_id: (-rated[movie_id], movie_id))
        near = sorted(liked[:25], key=lambda movie_id: -_likeness(movie, self._movie(movie_id)))[:3]
        content = 3.0 * sum(_likeness(movie, self._movie(movie_id)) for movie_id in near) if near else 0.0
        collaborative = 6.0 * ((int(movie.movie_id) * 7919 + len(rated) * 31) % 97) / 97 + 0.01 * (movie.n_ratings or 0)
        popular = 0.012 * (movie.n_ratings or 0)
        if options.model == "content":
            parts = {"content": content}
        elif options.model in ("als", "ease"):
            parts = {"collaborative": collaborative if rated else popular}
        elif rated:
            alpha = 0.5 if options.alpha is None else options.alpha
            parts = {
                "collaborative": 2 * alpha * collaborative,
                "content": 2 * (1 - alpha) * content,
                "popularity": 0.1 * popular,
            }
        else:
            parts = {"collaborative": 0.0, "content": 0.0, "popularity": popular}
        because = [
            Because(movie_id=movie_id, title=self._movie(movie_id).title, contribution=round(content / 3, 4))
            for movie_id in near
        ]
        return RecommendedMovie(
            **movie.model_dump(),
            rank=1,
            score=sum(parts.values()),
            new=not movie.n_ratings,
            sources=parts if options.explain else None,
            terms=_terms(parts) if options.explain else None,
            because=because if options.explain else None,
        )

    def _movie(self, movie_id: Id) -> Movie:
        return self.extra.get(movie_id) or (catalogue().movies if self.described else _bare())[movie_id]

    def reset(self) -> None:
        """Forget what was sent and how to fail."""
        self.feedback, self.added, self.extra = [], {}, {}
        self.ready, self.feedback_fails = True, False
        self.experiment, self.more_served, self.damaged_plots = None, [], False
        self.scale, self.described = STARS, True

    def check_movies(self, name: str, movie_ids: Iterable[Id]) -> None:
        """Refuse as the API does what is not in the catalogue."""
        for place, movie_id in enumerate(movie_ids):
            if movie_id not in self.movies:
                _refuse(f"no title {movie_id} in the catalogue of {len(self.movies)} titles", "body", name, place)

    def check_genres(self, genres: list[str], where: str) -> None:
        """The same for genres."""
        there = sorted({genre for movie in self.movies.values() for genre in movie.genres})
        for place, genre in enumerate(genres):
            if genre not in there:
                _refuse(f"no title is of this genre; expected one of {', '.join(there)}", where, "genres", place)


def _refuse(message: str, *where: str | int) -> NoReturn:
    raise HTTPException(422, [{"loc": list(where), "msg": message, "type": "value_error"}])


@cache
def _likeness_of(one: tuple[str, ...], other: tuple[str, ...]) -> float:
    return len(set(one) & set(other)) / max(1, len(set(one) | set(other)))


def _likeness(one: Movie, other: Movie) -> float:
    shared = _likeness_of(tuple(one.genres), tuple(other.genres))
    return shared - 0.01 * abs((one.year or 2000) - (other.year or 2000))


def _terms(parts: dict[str, float]) -> dict[str, float]:
    """Source by source: a third of what is collaborative comes from ALS."""
    rest = {name: value for name, value in parts.items() if name != "collaborative"}
    collaborative = parts.get("collaborative", 0.0)
    return {"als": collaborative / 3, "ease": collaborative * 2 / 3, **rest} if "collaborative" in parts else rest


def _wanted(movie: Movie, rated: dict[Id, float], options: ListOptions) -> bool:
    year = movie.year or 0
    return (
        movie.movie_id not in rated
        and str(movie.movie_id) not in map(str, options.exclude)  # an address has them as text
        and (not options.genres or bool(set(options.genres) & set(movie.genres)))
        and (options.year_from is None or year >= options.year_from)
        and (options.year_to is None or year <= options.year_to)
    )


def _spread(scored: list[RecommendedMovie], options: ListOptions) -> list[RecommendedMovie]:
    seen: Counter[str] = Counter()
    left = scored[:150]
    chosen: list[RecommendedMovie] = []
    while left and len(chosen) < options.k:
        best = max(
            left, key=lambda item: item.score - 4 * options.diversity * sum(seen[genre] for genre in item.genres)
        )
        left.remove(best)
        chosen.append(best)
        seen.update(best.genres)
    return chosen


def _plain(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if c.isalnum() or c == " ")


def make_stub() -> Stub:
    """The API's routes of the page, answered from the bundled titles."""
    stub = Stub()
    app = stub.app
    _add_lists(app, stub)
    _add_people(app, stub)
    _add_models(app, stub)

    @app.get("/ready")
    def ready() -> ReadyResponse:
        if not stub.ready:
            raise HTTPException(503, NOT_READY)
        return ReadyResponse(status="ready", model_version=VERSION)

    return stub


def _add_lists(app: FastAPI, stub: Stub) -> None:
    def answer(user_id: Id | None, rated: dict[Id, float], options: ListOptions) -> RecommendationsResponse:
        if not stub.ready:
            raise HTTPException(503, NOT_READY)
        path: Literal["warm", "folded_in", "cold"] = (
            "cold" if not rated else "warm" if user_id is not None else "folded_in"
        )
        tested = user_id is not None and options.model == "hybrid" and options.alpha is None
        return RecommendationsResponse(
            user_id=user_id,
            model_version=VERSION,
            path=path,
            model=options.model,
            experiment=stub.experiment if tested else None,
            items=stub.ranked(rated, options),
        )

    @app.get("/recommendations/{user_id}")
    def for_user(user_id: UserId, options: Annotated[ListOptions, Query()]) -> RecommendationsResponse:
        stub.check_genres(options.genres, "query")
        return answer(user_id, stub.rated(user_id), options)

    @app.post("/recommendations")
    def for_somebody(request: RecommendationsRequest) -> RecommendationsResponse:
        stub.check_genres(request.genres, "body")
        stub.check_movies("liked", request.liked)
        stub.check_movies("disliked", request.disliked)
        stub.check_movies("ratings", (rating.movie_id for rating in request.ratings))
        rated = {rating.movie_id: rating.rating for rating in request.ratings}
        rated |= dict.fromkeys(request.liked, 5.0) | dict.fromkeys(request.disliked, 0.5)
        return answer(None, rated, request)

    @app.get("/movies/{movie_id}/similar")
    def similar(movie_id: MovieId, k: int = 10) -> SimilarResponse:
        one = _found(stub, movie_id)
        others = [movie for movie in stub.movies.values() if movie.movie_id != movie_id]
        others.sort(key=lambda movie: (-_likeness(one, movie), movie.movie_id))
        items = [
            RecommendedMovie(**movie.model_dump(), rank=rank, score=_likeness(one, movie))
            for rank, movie in enumerate(others[:k], 1)
        ]
        return SimilarResponse(movie=one, model_version=VERSION, items=items)

    @app.get("/movies/{movie_id}")
    def movie(movie_id: MovieId) -> Movie:
        return _found(stub, movie_id)

    @app.get("/movies")
    def search(query: str, k: int = 10) -> SearchResponse:
        words = _plain(query).split()
        found = [movie for movie in stub.movies.values() if all(word in _plain(movie.title) for word in words)]
        return SearchResponse(query=query, items=found[:k] if words else [])


def _add_people(app: FastAPI, stub: Stub) -> None:
    @app.get("/users/{user_id}")
    def user(user_id: UserId, k: Annotated[int, Query(ge=1, le=MAX_IDS)] = 20) -> UserResponse:
        rated = stub.rated(user_id)
        best = sorted(rated, key=lambda movie_id: (-rated[movie_id], -(stub.movies[movie_id].n_ratings or 0)))
        items = [RatedMovie(**stub.movies[movie_id].model_dump(), rating=rated[movie_id]) for movie_id in best[:k]]
        return UserResponse(user_id=user_id, known=bool(rated), n_ratings=len(rated), items=items)

    @app.post("/onboarding")
    def onboarding(request: OnboardingRequest) -> OnboardingResponse:
        stub.check_movies("liked", request.liked)
        stub.check_movies("disliked", request.disliked)
        stub.check_movies("ratings", (rating.movie_id for rating in request.ratings))
        stub.check_movies("unseen", request.unseen)
        rated = {rating.movie_id for rating in request.ratings}
        asked = rated.union(request.liked, request.disliked, request.unseen)
        items = [movie for movie in list(stub.movies.values())[::3] if movie.movie_id not in asked]
        return OnboardingResponse(model_version=VERSION, items=items[: request.n])

    @app.post("/feedback")
    def feedback(request: FeedbackRequest) -> FeedbackResponse:
        if stub.feedback_fails:
            raise HTTPException(503, "the events cannot be stored now; send them again later")
        stub.check_movies("events", (event.movie_id for event in request.events))
        stub.feedback.append(request)
        for event in request.events:
            if isinstance(event, RatingEvent):
                stub.added.setdefault(request.user_id, {})[event.movie_id] = event.rating
        return FeedbackResponse(accepted=len(request.events))


def _add_models(app: FastAPI, stub: Stub) -> None:
    made = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)

    @app.get("/models")
    def models() -> ModelsResponse:
        served = ServedModel(
            reference="champion",
            version=VERSION,
            loaded_at=made,
            n_users=610,
            n_items=9724,
            n_titles=9742,
            seconds_to_load=0.8,
            dataset="movielens" if stub.described else "things",
            rating_scale=stub.scale,
            user_ids="integer",
            item_ids="integer",
            genres=sorted({genre for movie in stub.movies.values() for genre in movie.genres}),
            years=(1931, 2018) if stub.described else None,
        )
        older = {model: {name: value * 0.97 for name, value in metrics.items()} for model, metrics in METRICS.items()}
        return ModelsResponse(
            served=[*stub.more_served, served],
            versions=[
                VersionSummary(version=VERSION, aliases=["champion"], created_at=made, metrics=METRICS),
                VersionSummary(
                    version="6", aliases=["previous_champion"], created_at=made.replace(day=13), metrics=older
                ),
                VersionSummary(version="5", aliases=[], created_at=made.replace(day=6), metrics=older),
            ],
        )

    @app.get("/models/{version}/evaluation")
    def evaluation(version: str) -> EvaluationResponse:
        if version != VERSION:
            raise HTTPException(404, f"version {version} has no evaluation")
        return EvaluationResponse(version=version, metrics=METRICS, plots=["models_by_metric", "metric_by_slice"])

    @app.get("/models/{version}/plots/{name}")
    def plot(version: str, name: str) -> Response:
        if stub.damaged_plots:
            return Response(b"\x89PNG\r\n\x1a\n", media_type="image/png")
        picture = SAMPLE.parents[1] / "docs" / "images" / f"{name.removesuffix('.png')}.png"
        return Response(picture.read_bytes() if picture.is_file() else _grey(), media_type="image/png")


def _grey() -> bytes:
    from PIL import Image

    held = io.BytesIO()
    Image.new("RGB", (600, 300), "#40485c").save(held, "PNG")
    return held.getvalue()


def _found(stub: Stub, movie_id: int) -> Movie:
    if movie_id not in stub.movies:
        raise HTTPException(404, f"no movie has the id {movie_id}")
    return stub.movies[movie_id]


@contextmanager
def serving(app: Any, port: int = 0) -> Iterator[str]:
    """An application on a free port of this machine for the length of a block; yields its address."""
    server = uvicorn.Server(
        uvicorn.Config(app, port=port, log_level="error", lifespan="off", ws="none", access_log=False)
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        deadline = time.monotonic() + 20
        while not server.started:
            if time.monotonic() > deadline or not thread.is_alive():
                raise RuntimeError("the stub of the API did not start within 20 s")
            time.sleep(0.01)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)


@contextmanager
def running_stub() -> Iterator[Stub]:
    """A fresh stub on a free port; its address is ``url``."""
    stub = make_stub()
    with ExitStack() as stack:
        stub.url = stack.enter_context(serving(stub.app))
        stub.stop = stack.close
        yield stub


def main() -> None:
    parser = argparse.ArgumentParser(description="The API's documents without a model.")
    parser.add_argument("--port", type=int, default=8000)
    uvicorn.run(make_stub().app, port=parser.parse_args().port, log_level="warning")


if __name__ == "__main__":
    main()
