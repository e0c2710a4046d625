"""The pyfunc side of a model version: recommendations as a table, for ``mlflow models serve`` and ``load_model``.

The only module that imports MLflow when it is imported itself, because its class must inherit from MLflow's.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
from mlflow.pyfunc.model import PythonModel

from recsys_core.bundle import ListOptions
from recsys_core.dataset.ids import Id, IdKind, ids_in
from recsys_core.errors import ParameterError
from recsys_core.hybrid import ModelName
from registry.interface import BUNDLE, DEFAULT_K, DEFAULT_MODEL, MAX_K, NOBODY, output_columns

__all__ = ["RecommenderModel", "load_model_bundle"]


def load_model_bundle(directory: Path) -> Any:
    """The bundle that a version carries."""
    from recsys_core.bundle import ModelBundle

    return ModelBundle.load(directory)


class RecommenderModel(PythonModel):
    """Answers a table of people with a table of recommendations.

    Each row of the input is one person: ``user_id``, a known or unknown user, or ``liked``, the ids of liked movies as
    text, "1,2,3" or "[1, 2, 3]"; beside them a ``user_id`` of 0, or an empty text, says nothing. A row with neither
    gets what suits a newcomer.
    Parameters: ``k`` recommendations for each person, ``model`` one of hybrid, als, content.

    The answer has one row for each recommendation; ``row`` tells the input row that it belongs to.
    """

    def __init__(self, load_bundle: Callable[[Path], Any] = load_model_bundle) -> None:
        self._load_bundle = load_bundle
        self._bundle: Any = None

    def load_context(self, context: Any) -> None:
        self._bundle = self._load_bundle(Path(context.artifacts[BUNDLE]))

    def predict(
        self,
        context: Any,
        model_input: pd.DataFrame,
        params: dict[str, Any] | None = None,
    ) -> pd.DataFrame:
        """Recommendations of shape (at most n_people × k, 7); see the class for the columns' meaning."""
        asked = params or {}
        k, model = int(asked.get("k", DEFAULT_K)), str(asked.get("model", DEFAULT_MODEL))
        if not 1 <= k <= MAX_K:
            raise ParameterError(f"k = {k}: expected 1 to {MAX_K}")
        wanted = ListOptions(k=k, model=cast(ModelName, model))
        rows: list[dict[str, Any]] = []
        for number, person in enumerate(model_input.to_dict("records")):
            rows.extend(self._recommend(number, person, wanted))
        return _table(rows, **self._kinds)

    @property
    def _kinds(self) -> dict[str, IdKind]:
        kinds = self._bundle.id_kinds
        return {"users": kinds["user_id"], "items": kinds["item_id"]}

    def _recommend(self, number: int, person: Mapping[Any, Any], wanted: ListOptions) -> list[dict[str, Any]]:
        user_id = _user_id(person.get("user_id"), self._kinds["users"])
        liked = _liked_ids(person.get("liked"), number, self._kinds["items"])
        if user_id and liked:
            raise ParameterError(f"row {number}: has both user_id and liked; expected one of them")
        if user_id is not None and not liked:
            answer = self._bundle.recommend_for_user(user_id, wanted)
        else:
            answer = self._bundle.recommend_for_liked(liked, wanted)
        return [
            {
                "row": number,
                "user_id": NOBODY[self._kinds["users"]] if user_id is None else user_id,
                "rank": item.rank,
                "movie_id": item.movie_id,
                "title": item.title,
                "score": item.score,
                "path": answer.path,
            }
            for item in answer.items
        ]


def _table(rows: list[dict[str, Any]], users: IdKind, items: IdKind) -> pd.DataFrame:
    """The answer with its declared types, also when it is empty."""
    types = {"long": "int64", "double": "float64", "string": "str"}
    return pd.DataFrame(
        {
            name: pd.Series([row[name] for row in rows], dtype=types[kind])
            for name, kind in output_columns(users, items).items()
        }
    )


def _absent(value: Any) -> bool:
    return value is None or value is pd.NA or (isinstance(value, (float, np.floating)) and bool(np.isnan(value)))


def _user_id(value: Any, kind: IdKind) -> Id | None:
    """A person's id; None when there is none."""
    if _absent(value) or value == NOBODY["text"]:
        return None
    return str(value) if kind == "text" else int(value)


def _liked_ids(value: Any, number: int, kind: IdKind) -> list[Id]:
    if _absent(value):
        return []
    try:
        return ids_in(str(value), kind)
    except ValueError:
        raise ParameterError(f'row {number}: liked = {value!r}; expected movie ids such as "1,2,3"') from None
