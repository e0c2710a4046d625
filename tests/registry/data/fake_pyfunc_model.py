"""A model file like the real one, around a bundle that needs nothing but one JSON file."""

import json
from collections.abc import Collection, Sequence
from pathlib import Path
from types import SimpleNamespace

import mlflow

from recsys_core.bundle import ListOptions
from registry.serving_model import RecommenderModel


class CountingBundle:
    """Recommends the movies 1, 2, 3, ... that are not liked; the titles come from the bundle's file."""

    id_kinds = {"user_id": "integer", "item_id": "integer"}  # noqa: RUF012

    def __init__(self, name: str) -> None:
        self.name = name

    @classmethod
    def load(cls, directory: Path) -> "CountingBundle":
        return cls(json.loads((directory / "bundle.json").read_text())["name"])

    def recommend_for_user(self, user_id: int, wanted: ListOptions) -> SimpleNamespace:
        return self._answer([], wanted.k, wanted.model, "warm" if user_id < 100 else "cold")

    def recommend_for_liked(self, liked: Sequence[int], wanted: ListOptions) -> SimpleNamespace:
        return self._answer(liked, wanted.k, wanted.model, "folded_in" if liked else "cold")

    def _answer(self, seen: Collection[int], k: int, model: str, path: str) -> SimpleNamespace:
        movies = [movie for movie in range(1, 30) if movie not in seen][:k]
        items = [
            SimpleNamespace(rank=rank, movie_id=movie, title=f"{self.name} {model} {movie}", score=1 / rank)
            for rank, movie in enumerate(movies, start=1)
        ]
        return SimpleNamespace(path=path, items=items)


mlflow.models.set_model(RecommenderModel(CountingBundle.load))
