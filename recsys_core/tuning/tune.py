"""Tuning in four stages: ALS, EASE, the blend, and the gate between taste and popularity."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from recsys_core.als import ALSModel, ALSParameters, fit_als
from recsys_core.dataset.interactions import Split
from recsys_core.dataset.schema import RatingScale
from recsys_core.ease import EASEParameters
from recsys_core.errors import ParameterError
from recsys_core.features import ItemFeatures
from recsys_core.hybrid import HybridWeights
from recsys_core.popularity import fit_popularity
from recsys_core.storage.manifest import package_version
from recsys_core.tuning.blend_table import BlendTable
from recsys_core.tuning.ease_path import EASEPath
from recsys_core.tuning.journal import Journal
from recsys_core.tuning.objectives import Sources, blend_factors, blend_table, content_term, mean_ndcg
from recsys_core.tuning.parameters import TuningParameters
from recsys_core.tuning.result import TuningResult
from recsys_core.tuning.space import GROUP_PREFIX, StageSpace
from recsys_core.tuning.study import Clock, OnTrial, run_stage
from recsys_core.tuning.trials import Trial, best_trial
from recsys_core.tuning.validation_users import JudgedUsers, shortened_users, whole_users

__all__ = ["tune", "tune_als"]

_BUDGET_SHARES = {"als": 0.6, "ease": 0.7, "blend": 0.9, "gate": 1.0}  # of the time budget, cumulative


def tune(
    split: Split,
    features: ItemFeatures,
    parameters: TuningParameters,
    *,
    rating_scale: RatingScale,
    storage: Path | None = None,
    key: str = "",
    features_key: str = "",
    als_model: ALSModel | None = None,
    clock: Clock | None = None,
    on_trial: OnTrial | None = None,
) -> TuningResult:
    """Choose ALS and EASE parameters and hybrid weights on ``split.validation``; the test part is never looked at.

    features  of at least the training items, fitted on the training part
    storage   journal file of finished trials: a search that was killed goes on from there, with the same outcome
    key       fingerprint of the data and of whatever else decides the outcome; trials under another key are ignored
    features_key  the same for what ``features`` were made of: it decides the blend and the gate, not ALS and EASE
    als_model what :func:`tune_als` gave for the same split, parameters and key: it need not be fitted again
    clock     seconds that only grow; measures trials and, with ``parameters.time_budget``, ends stages
    on_trial  called after each trial, and for each that was taken up again
    """
    tuner = _Tuner(split, parameters, rating_scale, storage, key, clock, on_trial)
    if als_model is not None:
        tuner.remember(als_model)
    return tuner.run(features, features_key)


def tune_als(
    split: Split,
    parameters: TuningParameters,
    *,
    rating_scale: RatingScale,
    storage: Path | None = None,
    key: str = "",
    clock: Clock | None = None,
    on_trial: OnTrial | None = None,
) -> tuple[ALSModel, list[Trial]]:
    """The first stage of :func:`tune` alone: the best ALS model, fitted on the training part, and the trials.

    With the same ``storage`` and ``key``, :func:`tune` takes the trials up and does not repeat them.
    """
    tuner = _Tuner(split, parameters, rating_scale, storage, key, clock, on_trial)
    return tuner.als_model(tuner.als_stage()), tuner.trials


class _Tuner:
    """One search: what all stages share."""

    def __init__(
        self,
        split: Split,
        parameters: TuningParameters,
        rating_scale: RatingScale,
        storage: Path | None,
        key: str,
        clock: Clock | None,
        on_trial: OnTrial | None,
    ) -> None:
        if parameters.time_budget is not None and clock is None:
            raise ParameterError(f"time_budget = {parameters.time_budget}: needs a clock; pass one, or leave it out")
        self.split = split
        self.parameters = parameters
        self.rating_scale = rating_scale
        self.journal = Journal(storage) if storage else None
        self.key = key
        self.clock = clock or (lambda: 0.0)
        self.started = self.clock()
        self.on_trial = on_trial
        self.trials: list[Trial] = []
        self.part = whole_users(split, parameters.max_users, parameters.seed)
        ratings = self.part.history.ratings
        self.users = JudgedUsers(ratings, ratings, self.part.targets)
        self.popularity = fit_popularity(split.train.ratings, split.train.item_ids)
        self.fitted: dict[str, ALSModel] = {}
        self.ease_path: EASEPath | None = None

    def run(self, features: ItemFeatures, features_key: str) -> TuningResult:
        train, base = self.split.train, self.parameters.ease
        self.content = content_term(features.select(train.item_ids), self.rating_scale.middle)
        if base is not None:
            self.ease_path = EASEPath(train.ratings, train.item_ids, base, rating_scale=self.rating_scale)
        defaults = self._stage_defaults()
        als = self.als_stage()
        ease = self._ease_stage()
        sources = self._sources(als, ease)
        decided = [features_key, als.as_dict(), ease and ease.as_dict()]
        weights = self._blend_stage(sources, self._default_weights(), decided)
        gate_tables = self._gate_tables(sources, weights)
        weights = self._gate_stage(gate_tables, weights, [*decided, weights.as_dict()])
        best = self._gate_objective(gate_tables, weights)
        default_objective = self._objective_of(*defaults)
        if best < default_objective:  # stages are judged one by one: their sum can be worse than no tuning
            als, ease, weights, best = *defaults, default_objective
        return TuningResult(als, ease, weights, tuple(self.trials), default_objective, best, self.users.n_users)

    # the stages

    def als_stage(self) -> ALSParameters:
        base = self.parameters.als

        def objective(values: dict[str, float | int]) -> float:
            return mean_ndcg(self.als_model(base.replace(**values)).score, self.users, self.parameters.k)

        return base.replace(**self._run(self._space("als"), objective, [base.as_dict()]))

    def _ease_stage(self) -> EASEParameters | None:
        base, path = self.parameters.ease, self.ease_path
        if base is None or path is None:
            return None

        def objective(values: dict[str, float | int]) -> float:
            score = partial(path.score, regularization=base.replace(**values).regularization)
            return mean_ndcg(score, self.users, self.parameters.k)

        return base.replace(**self._run(self._space("ease"), objective, [base.as_dict()]))

    def _blend_stage(self, sources: Sources, base: HybridWeights, context: list[Any]) -> HybridWeights:
        table = self._table(sources, self.users, base)

        def objective(values: dict[str, float | int]) -> float:
            return self._table_ndcg(table, with_values(base, values), sources.groups)

        return with_values(base, self._run(self._blend_space(), objective, [base.as_dict(), *context]))

    def _gate_stage(
        self, tables: list[tuple[float, BlendTable]], base: HybridWeights, context: list[Any]
    ) -> HybridWeights:
        def objective(values: dict[str, float | int]) -> float:
            return self._gate_objective(tables, with_values(base, values))

        return with_values(base, self._run(self._space("gate"), objective, context))

    def _run(self, space: StageSpace, objective: Any, context: list[Any]) -> dict[str, float | int]:
        """Run one stage; ``context`` is what else determines its values. Returns the best point."""
        parameters = self.parameters
        users = [parameters.seed, parameters.max_users, parameters.k, parameters.first_ratings]
        gate = [parameters.whole_history_share, parameters.positive_threshold, parameters.n_best, parameters.max_table]
        budget = parameters.time_budget
        trials = run_stage(
            space,
            objective,
            parameters.n_trials(space.stage),
            seed=parameters.seed,
            journal=self.journal,
            key=space.digest(self.key, package_version(), users, gate, context),
            clock=self.clock,
            deadline=self.started + budget * _BUDGET_SHARES[space.stage] if budget else float("inf"),
            on_trial=self.on_trial,
        )
        self.trials += trials
        return dict(best_trial(trials).params)

    # what trials are judged on

    def remember(self, model: ALSModel) -> None:
        self.fitted[_name(model.parameters)] = model

    def als_model(self, parameters: ALSParameters) -> ALSModel:
        """The fitted model; the last few are kept, for the best of them is wanted again."""
        name = _name(parameters)
        if name not in self.fitted:
            train = self.split.train
            while len(self.fitted) >= 3:
                self.fitted.pop(next(iter(self.fitted)))
            self.fitted[name] = fit_als(train.ratings, train.item_ids, parameters, rating_scale=self.rating_scale)
        return self.fitted[name]

    def _sources(self, als: ALSParameters, ease: EASEParameters | None) -> Sources:
        score = None
        if ease is not None and self.ease_path is not None:
            score = partial(self.ease_path.score, regularization=ease.regularization)
        return Sources(self.als_model(als), score, self.content, self.popularity)

    def _table(self, sources: Sources, users: JudgedUsers, weights: HybridWeights) -> BlendTable:
        limits = self.parameters
        return blend_table(sources, users, weights=weights, n_best=limits.n_best, max_table=limits.max_table)

    def _table_ndcg(self, table: BlendTable, weights: HybridWeights, groups: tuple[str, ...]) -> float:
        return float(table.ndcg(blend_factors(table, weights, groups), self.parameters.k).mean())

    def _gate_tables(self, sources: Sources, weights: HybridWeights) -> list[tuple[float, BlendTable]]:
        """For whole and for each shortened history its share in the objective, and the blend without prior."""
        parameters = self.parameters
        variants = [self.users]
        for n in parameters.first_ratings:
            variants.append(shortened_users(self.split, self.part, n, parameters.positive_threshold))
        variants = [users for users in variants if users.n_users]
        share = (1 - parameters.whole_history_share) / max(1, len(variants) - 1)
        shares = [1 - share * (len(variants) - 1), *[share] * (len(variants) - 1)]
        without_prior = weights.replace(popularity=0.0)
        tables = []
        for users, part_share in zip(variants, shares, strict=True):
            table = self._table(sources, users, weights)
            factors = blend_factors(table, without_prior, sources.groups).astype(np.float32)
            taste = np.matmul(factors[:, None, :], table.terms)
            no_groups = np.zeros((users.n_users, 0, 0))
            nothing = np.zeros_like(taste)
            terms = np.concatenate([taste, nothing, table.terms[:, 2:3]], axis=1)
            tables.append((part_share, BlendTable(terms, no_groups, table.relevant, table.n_targets, table.n_ratings)))
        return tables

    def _gate_objective(self, tables: list[tuple[float, BlendTable]], weights: HybridWeights) -> float:
        return sum(share * self._table_ndcg(table, weights, ()) for share, table in tables)

    def _objective_of(self, als: ALSParameters, ease: EASEParameters | None, weights: HybridWeights) -> float:
        """The gate's objective with these parameters throughout."""
        return self._gate_objective(self._gate_tables(self._sources(als, ease), weights), weights)

    # the spaces

    def _space(self, stage: str) -> StageSpace:
        return StageSpace(stage, self.parameters.search_space)

    def _blend_space(self) -> StageSpace:
        space = self._space("blend").without_groups_outside(self.content.model.groups)
        return space if self.ease_path else space.without("ease")

    def _default_weights(self) -> HybridWeights:
        """The base weights with the defaults of the search space."""
        base = self.parameters.weights
        if self.ease_path is None:
            base = base.replace(ease=0.0)
        return with_values(with_values(base, self._blend_space().defaults), self._space("gate").defaults)

    def _stage_defaults(self) -> tuple[ALSParameters, EASEParameters | None, HybridWeights]:
        als = self.parameters.als.replace(**self._space("als").defaults)
        ease = self.parameters.ease
        ease = ease.replace(**self._space("ease").defaults) if ease else None
        return als, ease, self._default_weights()


def _name(parameters: ALSParameters) -> str:
    return str(sorted(parameters.as_dict().items()))


def with_values(weights: HybridWeights, values: Mapping[str, float | int]) -> HybridWeights:
    """``weights`` with tuned ``values``, of which ``weight_<group>`` belong into ``group_weights``."""
    groups = {name.removeprefix(GROUP_PREFIX): value for name, value in values.items() if name.startswith(GROUP_PREFIX)}
    others = {name: value for name, value in values.items() if not name.startswith(GROUP_PREFIX)}
    return weights.replace(**others, group_weights={**weights.group_weights, **groups})
