"""Tuning in four stages: ALS, EASE, the blend, and the gate between taste and popularity."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from recsys_core.als import ALSModel, ALSParameters
from recsys_core.dataset.interactions import Split
from recsys_core.dataset.schema import RatingScale
from recsys_core.ease import EASEParameters
from recsys_core.errors import ParameterError
from recsys_core.features import ItemFeatures
from recsys_core.hybrid import HybridWeights
from recsys_core.storage.manifest import package_version
from recsys_core.tuning.journal import Journal
from recsys_core.tuning.parameters import TuningParameters
from recsys_core.tuning.result import TuningResult
from recsys_core.tuning.rounds import Round, Tables, mean_over
from recsys_core.tuning.space import GROUP_PREFIX, StageSpace
from recsys_core.tuning.study import Clock, OnTrial, run_stage
from recsys_core.tuning.trials import Trial, best_trial

__all__ = ["tune", "tune_als"]

_EASE_ROUNDS = 2  # each costs the inverse of a matrix per trial
_BUDGET_SHARES = {"als": 0.6, "ease": 0.7, "blend": 0.9, "gate": 1.0}  # of the time budget, cumulative


def tune(
    split: Split,
    features: ItemFeatures,
    parameters: TuningParameters,
    *,
    rating_scale: RatingScale,
    more_rounds: Sequence[tuple[Split, ItemFeatures]] = (),
    storage: Path | None = None,
    key: str = "",
    features_key: str = "",
    als_model: ALSModel | None = None,
    clock: Clock | None = None,
    on_trial: OnTrial | None = None,
) -> TuningResult:
    """Choose ALS and EASE parameters and hybrid weights on ``split.validation``; the test part is never looked at.

    features  of at least the training items, fitted on the training part
    more_rounds  other splits of the same data with the same test part and other validation users, and the features
              that go with each: the weights are then judged on all of them, EASE on two, ALS on ``split`` alone
    storage   journal file of finished trials: a search that was killed goes on from there, with the same outcome
    key       fingerprint of the data and of whatever else decides the outcome; trials under another key are ignored
    features_key  the same for what ``features`` were made of: it decides all stages but ALS
    als_model what :func:`tune_als` gave for the same split, parameters and key: it need not be fitted again
    clock     seconds that only grow; measures trials and, with ``parameters.time_budget``, ends stages
    on_trial  called after each trial, and for each that was taken up again
    """
    rounds = [(split, features), *more_rounds]
    tuner = _Tuner(rounds, parameters, rating_scale, storage, key, clock, on_trial)
    if als_model is not None:
        tuner.rounds[0].remember(als_model)
    with threadpool_limits(limits=1, user_api="blas"):  # many small products: threads would wait for one another
        return tuner.run(features_key)


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
    tuner = _Tuner([(split, None)], parameters, rating_scale, storage, key, clock, on_trial)
    with threadpool_limits(limits=1, user_api="blas"):
        return tuner.rounds[0].als_model(tuner.als_stage()), tuner.trials


class _Tuner:
    """One search: what all stages share."""

    def __init__(
        self,
        rounds: Sequence[tuple[Split, ItemFeatures | None]],
        parameters: TuningParameters,
        rating_scale: RatingScale,
        storage: Path | None,
        key: str,
        clock: Clock | None,
        on_trial: OnTrial | None,
    ) -> None:
        if parameters.time_budget is not None and clock is None:
            raise ParameterError(f"time_budget = {parameters.time_budget}: needs a clock; pass one, or leave it out")
        self.parameters = parameters
        self.journal = Journal(storage) if storage else None
        self.key = key
        self.clock = clock or (lambda: 0.0)
        self.started = self.clock()
        self.on_trial = on_trial
        self.trials: list[Trial] = []
        self.rounds = [Round(split, parameters, rating_scale, features) for split, features in rounds]

    def run(self, features_key: str) -> TuningResult:
        als = self.als_stage()
        ease = self._ease_stage(features_key)
        defaults = self._default_weights()
        tables = [r.tables(als, ease, defaults) for r in self.rounds]
        decided = [features_key, als.as_dict(), ease and ease.as_dict()]
        weights = self._blend_stage(tables, self._blend_space(), defaults, decided)
        weights = self._gate_stage(tables, weights, decided)
        best, untuned = self._gate_objective(tables, weights), self._gate_objective(tables, defaults)
        if best < untuned:  # stages are judged one by one: both together can be worse than none
            weights, best = defaults, untuned
        n_users = sum(r.n_users for r in self.rounds)
        return TuningResult(als, ease, weights, tuple(self.trials), untuned, best, n_users)

    # the stages

    def als_stage(self) -> ALSParameters:
        base, judge = self.parameters.als, self.rounds[0]

        def objective(values: dict[str, float | int]) -> float:
            return judge.als_ndcg(base.replace(**values))

        return base.replace(**self._run(self._space("als"), objective, [base.as_dict()]))

    def _ease_stage(self, features_key: str) -> EASEParameters | None:
        base, judges = self.parameters.ease, self.rounds[:_EASE_ROUNDS]
        if base is None:
            return None

        def objective(values: dict[str, float | int]) -> float:
            tried = base.replace(**values)
            return mean_over(judges, [r.ease_ndcg(tried) for r in judges])

        return base.replace(**self._run(self._space("ease"), objective, [base.as_dict(), features_key]))

    def _blend_stage(
        self, tables: list[Tables], space: StageSpace, base: HybridWeights, context: list[Any]
    ) -> HybridWeights:
        def objective(values: dict[str, float | int]) -> float:
            weights = with_values(base, values)
            return mean_over(self.rounds, [table.blend_ndcg(weights) for table in tables])

        return with_values(base, self._run(space, objective, [base.as_dict(), *context]))

    def _gate_stage(self, tables: list[Tables], base: HybridWeights, context: list[Any]) -> HybridWeights:
        def objective(values: dict[str, float | int]) -> float:
            return self._gate_objective(tables, with_values(base, values))

        return with_values(base, self._run(self._gate_space(), objective, [base.as_dict(), *context]))

    def _gate_objective(self, tables: list[Tables], weights: HybridWeights) -> float:
        share = self.parameters.whole_history_share
        return mean_over(self.rounds, [table.gate_ndcg(weights, share) for table in tables])

    def _run(self, space: StageSpace, objective: Any, context: list[Any]) -> dict[str, float | int]:
        """Run one stage; ``context`` is what else determines its values. Returns the best point."""
        parameters = self.parameters
        users = [parameters.seed, parameters.max_users, parameters.k, parameters.first_ratings, len(self.rounds)]
        if space.stage == "als":
            users[-1] = 1
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

    # the spaces

    def _space(self, stage: str) -> StageSpace:
        return StageSpace(stage, self.parameters.search_space)

    def _blend_space(self) -> StageSpace:
        known = self.rounds[0].features
        space = self._space("blend").without_groups_outside(known.groups if known else ())
        return space if self.parameters.ease else space.without("ease")

    def _gate_space(self) -> StageSpace:
        space = self._space("gate")
        return space if self.parameters.neighbours else space.without("neighbours")

    def _default_weights(self) -> HybridWeights:
        """The base weights with the defaults of the search space."""
        base = self.parameters.weights
        if self.parameters.ease is None:
            base = base.replace(ease=0.0)
        if self.parameters.neighbours is None:
            base = base.replace(neighbours=0.0)
        return with_values(with_values(base, self._blend_space().defaults), self._gate_space().defaults)


def with_values(weights: HybridWeights, values: Mapping[str, float | int]) -> HybridWeights:
    """``weights`` with tuned ``values``, of which ``weight_<group>`` belong into ``group_weights``."""
    groups = {name.removeprefix(GROUP_PREFIX): value for name, value in values.items() if name.startswith(GROUP_PREFIX)}
    others = {name: value for name, value in values.items() if not name.startswith(GROUP_PREFIX)}
    return weights.replace(**others, group_weights={**weights.group_weights, **groups})
