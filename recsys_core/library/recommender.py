"""A recommender to fit, ask, judge and keep."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from os import PathLike
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import pyarrow as pa

from recsys_core.bundle import Answer, ListOptions, ModelBundle, recommend_all
from recsys_core.dataset.ids import Id, IdKind
from recsys_core.dataset.interactions import UserItemMatrix
from recsys_core.errors import DataError, ParameterError, StorageError, UnknownIdError
from recsys_core.evaluation import EvaluationParameters
from recsys_core.experiment import UNTUNED, Recipe, as_bundle, fit_release, fit_twin, judge, more_rounds, untuned
from recsys_core.features import FeatureParameters
from recsys_core.library.data import Dataset, DatasetSplit, SplitPart, catalogue_of
from recsys_core.library.evaluated import EvaluationResult
from recsys_core.library.frames import FrameKind, frame_of
from recsys_core.library.why import Why
from recsys_core.onboarding import OnboardingParameters
from recsys_core.plotting import Table
from recsys_core.sources.source import Source
from recsys_core.splitting import split_parameters
from recsys_core.storage import atomic_directory
from recsys_core.storage.manifest import MANIFEST
from recsys_core.tuning import OnTrial, TuningParameters, TuningResult, tune

__all__ = ["Recommender"]

_ALIKE: Final = 3
_IDS: Final[Mapping[IdKind, str]] = {"integer": "whole numbers", "text": "texts"}
_OPTIONS: Final = tuple(
    option.name for option in fields(ListOptions) if option.name not in {"k", "explain", "n_because"}
)


@dataclass(frozen=True, eq=False, repr=False)
class Recommender:
    """A fitted hybrid of ALS, EASE, content, neighbours and popularity, and what it answers.

    bundle   all that answering takes: what the registry keeps and the API reads
    tuned    what tuning found, if it was tuned here
    sources  fitted on the same training part, to be compared; those that the hybrid holds are compared anyway
    """

    bundle: ModelBundle
    frame_kind: FrameKind = "pandas"
    tuned: TuningResult | None = None
    sources: Mapping[str, Source] = field(default_factory=dict)

    @classmethod
    def fit(
        cls,
        data: Dataset | DatasetSplit | SplitPart,
        *,
        tune: bool = False,
        trials: int | None = None,
        seconds: float | None = None,
        on_trial: OnTrial | None = None,
    ) -> Self:
        """Fit on the training part of a split, or on all data.

        tune      search parameters and weights on validation users (minutes); else all are at their defaults
        trials    of the search in all; None: as many as the pipeline makes
        seconds   after which no further trial is begun
        on_trial  called after each trial
        """
        if not isinstance(tune, bool):
            raise ParameterError(f"tune = {tune!r}: expected True or False")
        if not tune and (trials is not None or seconds is not None):
            raise ParameterError("trials and seconds are of a search: say tune=True, too")
        part = data.split if isinstance(data, SplitPart) else data
        if isinstance(data, SplitPart) and data.side != "train":
            raise ParameterError("this is the test part; a model is fitted on split.train, or on all data")
        if not isinstance(part, (Dataset, DatasetSplit)):
            raise ParameterError(
                f"data is a {type(data).__name__}; expected a Dataset or its training part: "
                "Dataset.from_frames(interactions, items)"
            )
        whole = part if isinstance(part, Dataset) else part.data
        split = part if isinstance(part, DatasetSplit) else whole.split() if tune else None
        tuned = _tuned(split, trials, seconds, on_trial) if tune and split else None
        recipe, feedback = tuned or _untuned(whole, split), whole.feedback
        sources: Mapping[str, Source] = {}
        if isinstance(part, DatasetSplit):
            known = part.parts.train
            model, sources = fit_twin(known, part.features, recipe, feedback=feedback)
        else:
            known = whole.prepared.interactions
            features = whole.prepared.tables.known_to_all(known, FeatureParameters())
            model = fit_release(known, features, recipe, feedback=feedback)
        bundle = as_bundle(
            model,
            known,
            whole.prepared.titles(),
            onboarding=OnboardingParameters(positive_threshold=whole.relevance.positive_threshold),
            split=split_parameters(split.parts) if split else None,
            dataset=whole.name,
            data_fingerprint=whole.fingerprint,
        )
        return cls(bundle, whole.frame_kind, tuned, sources)

    def recommend(self, users: Any = None, k: int = 10, **options: Any) -> Any:
        """The best ``k`` items that each user does not know: a frame of user_id, rank, item_id, title, score.

        users    an id or several; None: everybody. Somebody unknown gets what suits newcomers
        options  further fields of :class:`recsys_core.bundle.ListOptions`: genres, exclude, diversity …
        """
        _check_k(k)
        unknown = [name for name in options if name not in _OPTIONS]
        if unknown:
            raise ParameterError(f"recommend has no option {unknown[0]!r}; expected one of {', '.join(_OPTIONS)}")
        if users is None and not options:
            return self._everybody(k)
        known = self.bundle.known
        asked = known.users.names_of(known.user_ids) if users is None else users
        answers = [self.bundle.recommend_for_user(user, ListOptions(k=k, **options)) for user in self._users(asked)]
        return self._frame(answers, with_user=True)

    def similar(self, item: Any, k: int = 10) -> Any:
        """The ``k`` items most like one, by who likes them and what they are: a frame as of :meth:`recommend`."""
        _check_k(k)
        return self._frame([self.bundle.similar_items(self._item(item), k)])

    def explain(self, user: Any, item: Any) -> Why:
        """Why ``user`` would get ``item``; somebody unknown, as a newcomer."""
        (user_id,) = self._users([user])
        return Why.of(self.bundle.explain_for_user(user_id, self._item(item)))

    def evaluate(self, test: DatasetSplit | SplitPart) -> EvaluationResult:
        """This model, its sources alone, item-kNN and popularity on the test part of the split that it was fitted on.

        ParameterError where it was fitted on anything else: it might know what it is asked.
        """
        split = test.split if isinstance(test, SplitPart) else test
        if not isinstance(split, DatasetSplit) or (isinstance(test, SplitPart) and test.side != "test"):
            said = "the training part" if isinstance(test, SplitPart) else f"a {type(test).__name__}"
            raise ParameterError(f"evaluate was given {said}; expected split.test of split = data.split()")
        if not _are_same(self.bundle.known, split.parts.train):
            raise ParameterError(
                "this model was not fitted on the training part of this split, so it may know the answers; evaluate "
                "Recommender.fit(split.train)"
            )
        relevance = split.data.relevance
        parameters = EvaluationParameters(positive_threshold=relevance.positive_threshold)
        result = judge(
            self.bundle.model,
            {**self.bundle.model.sources, **self.sources},
            split.parts.test,
            split.parts.train,
            protocol=str(split.parts.summary["protocol"]),
            parameters=parameters.replace(ks=tuple(sorted({relevance.k, *parameters.ks}))),
        )
        return EvaluationResult(result, self.frame_kind)

    @property
    def items(self) -> Any:
        """The catalogue as a frame: item_id, title, genres, year …"""
        return frame_of(catalogue_of(self.bundle.titles), self.frame_kind)

    def save(self, folder: str | PathLike[str]) -> None:
        """Write the bundle into ``folder``, which is replaced if it holds one."""
        path = Path(folder).expanduser()
        if path.exists() and any(path.iterdir() if path.is_dir() else [path]):
            try:
                ModelBundle.load(path)
            except StorageError:
                raise ParameterError(f"{path} is there and holds no model; name a new folder") from None
        with atomic_directory(path) as staging:
            self.bundle.save(staging)

    @classmethod
    def load(cls, folder: str | PathLike[str]) -> Self:
        """Read what :meth:`save` wrote, or a version of the registry; StorageError where it cannot be read."""
        path = Path(folder).expanduser()
        if not (path / MANIFEST).is_file():
            fault = "holds no saved model" if path.exists() else "is not there"
            raise StorageError(f"{path} {fault}; name a folder that Recommender.save wrote")
        return cls(ModelBundle.load(path))

    def __repr__(self) -> str:
        return f"Recommender: {self._in_words()}"

    def _repr_html_(self) -> str:
        rows = tuple((name, f"{value:.2f}") for name, value in self.bundle.model.weights.taste.items() if value)
        return Table(("weight in somebody's taste", ""), rows).html(self._in_words())

    def _in_words(self) -> str:
        model, known = self.bundle.model, self.bundle.known
        how = f"tuned on {self.tuned.n_users:,} users" if self.tuned else ", ".join(model.sources)
        new = f", {len(model.cold_item_ids):,} more nobody has rated" if len(model.cold_item_ids) else ""
        data = f"{known.n_ratings:,} {model.feedback.kind} of {known.n_items:,} items by {known.n_users:,} users"
        return f"fitted on {data}{new}; {how}"

    def _everybody(self, k: int) -> Any:
        table = recommend_all(self.bundle, k).table
        called = {title.movie_id: title.title for title in self.bundle.titles.all}
        titles = pa.array([called[item_id] for item_id in table["movie_id"].to_pylist()], pa.string())
        columns = [table["user_id"], table["rank"].cast(pa.int64()), table["movie_id"], titles, table["score"]]
        return frame_of(pa.table(columns, names=["user_id", "rank", "item_id", "title", "score"]), self.frame_kind)

    def _frame(self, answers: Iterable[Answer], *, with_user: bool = False) -> Any:
        rows = [(answer.user_id, item) for answer in answers for item in answer.items]
        columns = {
            **({"user_id": [user for user, _ in rows]} if with_user else {}),
            "rank": [item.rank for _, item in rows],
            "item_id": [item.movie_id for _, item in rows],
            "title": [item.title for _, item in rows],
            "score": [item.score for _, item in rows],
        }
        return frame_of(pa.table(columns), self.frame_kind)

    def _users(self, users: Any) -> list[Any]:
        several = users if isinstance(users, Iterable) and not isinstance(users, (str, bytes)) else [users]
        if hasattr(several, "columns") or isinstance(several, Mapping):
            raise ParameterError(f"users is a {type(users).__name__}; expected ids, such as one column of it")
        return [_id(user, "user", self.bundle.id_kinds["user_id"]) for user in several]

    def _item(self, item: Any) -> Id:
        """An id of the catalogue; UnknownIdError with the titles that are like it where a text is none."""
        titles, kind = self.bundle.titles, self.bundle.id_kinds["item_id"]
        if isinstance(item, str) and (kind == "integer" or titles.place_of(item) < 0):
            alike = [title for title in titles.all if item.casefold() in title.title.casefold()][:_ALIKE]
            named = "".join(f"; {title.movie_id} is {title.title}" for title in alike)
            raise UnknownIdError(f"no item has the id {item!r}{named}")
        return _id(item, "item", kind)


def _tuned(split: DatasetSplit, trials: int | None, seconds: float | None, on_trial: OnTrial | None) -> TuningResult:
    prepared, relevance = split.data.prepared, split.data.relevance
    parameters = TuningParameters(positive_threshold=relevance.positive_threshold, k=relevance.k, time_budget=seconds)
    if trials is not None:
        parameters = parameters.with_trials(trials)
    rounds = more_rounds(
        split.parts,
        prepared.interactions,
        prepared.tables,
        splitting=split_parameters(split.parts),
        features=FeatureParameters(),
        tuning=parameters,
    )
    return tune(
        split.parts,
        split.features,
        parameters,
        feedback=split.data.feedback,
        more_rounds=rounds,
        clock=time.monotonic,
        on_trial=on_trial,
    )


def _untuned(whole: Dataset, split: DatasetSplit | None) -> Recipe:
    """All at its default. Where training has no rating of some items, what they are worth is learnt from the others."""
    known = split.parts.train if split else whole.prepared.interactions
    if whole.n_items == known.n_items:
        return UNTUNED
    try:
        judged = split or whole.split()
    except DataError:  # too few users to learn it from
        return UNTUNED
    return untuned(judged.parts, judged.features, feedback=whole.feedback)


def _check_k(k: Any) -> None:
    if isinstance(k, bool) or not isinstance(k, (int, np.integer)) or k < 1:
        raise ParameterError(f"k = {k!r}: expected a whole number, at least 1")


def _id(value: Any, what: str, kind: IdKind) -> Id:
    """An id of Python, NumPy or Arrow."""
    plain = value.as_py() if isinstance(value, pa.Scalar) else value.item() if isinstance(value, np.generic) else value
    if isinstance(plain, bool) or not isinstance(plain, str if kind == "text" else int):
        raise ParameterError(f"{what} {plain!r}: ids of these {what}s are {_IDS[kind]}")
    return plain


def _are_same(one: UserItemMatrix, other: UserItemMatrix) -> bool:
    pairs = (
        (one.user_ids, other.user_ids),
        (one.item_ids, other.item_ids),
        (one.ratings.indptr, other.ratings.indptr),
        (one.ratings.indices, other.ratings.indices),
        (one.ratings.data, other.ratings.data),
    )
    return all(np.array_equal(left, right) for left, right in pairs)
