"""Tuning in four stages: ALS, EASE, the blend, and the gate between taste and popularity."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from recsys_core.dataset.feedback import Feedback
from recsys_core.dataset.interactions import Split
from recsys_core.errors import ParameterError, ShapeError
from recsys_core.features import ItemFeatures
from recsys_core.hybrid import HybridWeights
from recsys_core.sources.als import ALSModel, ALSParameters
from recsys_core.sources.ease import EASEParameters
from recsys_core.tuning.journal import Journal, open_journal
from recsys_core.tuning.parameters import TuningParameters
from recsys_core.tuning.result import TuningResult
from recsys_core.tuning.rounds import Round, Tables, in_each, mean_over
from recsys_core.tuning.space import GROUP_PREFIX, StageSpace
from recsys_core.tuning.study import Clock, Objective, OnTrial, run_stage
from recsys_core.tuning.trials import Trial, best_trial

__all__ = ["tune", "tune_als"]

_EASE_ROUNDS = 2  # each costs the inverse of a matrix per trial
_BUDGET_SHARES = {"als": 0.6, "ease": 0.7, "blend": 0.9, "gate": 1.0}  # of the time budget, cumulative


def tune(
    split: Split,
    features: ItemFeatures,
    parameters: TuningParameters,
    *,
    feedback: Feedback,
    more_rounds: Sequence[tuple[Split, ItemFeatures]] = (),
    storage: Path | None = None,
    als_model: ALSModel | None = None,
    clock: Clock | None = None,
    on_trial: OnTrial | None = None,
) -> TuningResult:
    """Choose ALS and EASE parameters and hybrid weights on ``split.validation``; the test part is never looked at.

    features  of at least the training items, fitted on the training part
    more_rounds  other splits of the same data with the same test part and other validation users, and the features
              that go with each: the weights are then judged on all of them, EASE on two, ALS on ``split`` alone
    storage   journal file of this very search: what has other data, parameters or program text needs another file.
              A search that was killed goes on from there, with the same outcome; a second one at the same time waits
    als_model what :func:`tune_als` gave for the same split and parameters: the stage "als" is then left out, and its
              trials are not part of the result; all else comes out the same
    clock     seconds that only grow; measures trials and, with ``parameters.time_budget``, ends stages
    on_trial  called after each trial, and for each that was taken up again

    Raises :class:`ShapeError` for an ``als_model`` of other items, :class:`StorageError` for a damaged journal.
    """
    if als_model is not None and not np.array_equal(als_model.item_ids, split.train.item_ids):
        raise ShapeError(
            f"the ALS model has {len(als_model.item_ids)} items, the training part {split.train.n_items}, and they are "
            "not the same; give the model that was tuned on this split"
        )
    rounds = [(split, features), *more_rounds]
    with _journal(storage) as journal, threadpool_limits(limits=1, user_api="blas"):  # threads would wait for others
        return _Tuner(rounds, parameters, feedback, journal, clock, on_trial).run(als_model)


def tune_als(
    split: Split,
    parameters: TuningParameters,
    *,
    feedback: Feedback,
    storage: Path | None = None,
    clock: Clock | None = None,
    on_trial: OnTrial | None = None,
) -> tuple[ALSModel, list[Trial]]:
    """The first stage of :func:`tune` alone: the best ALS model, fitted on the training part, and the trials.

    ``storage``, ``clock`` and ``on_trial`` are those of :func:`tune`.
    """
    with _journal(storage) as journal, threadpool_limits(limits=1, user_api="blas"):
        tuner = _Tuner([(split, None)], parameters, feedback, journal, clock, on_trial)
        return tuner.rounds[0].als_model(tuner.als_stage()), tuner.trials


def _journal(storage: Path | None) -> AbstractContextManager[Journal | None]:
    return nullcontext() if storage is None else open_journal(storage)


class _Tuner:
    """One search: what all stages share."""

    def __init__(
        self,
        rounds: Sequence[tuple[Split, ItemFeatures | None]],
        parameters: TuningParameters,
        feedback: Feedback,
        journal: Journal | None,
        clock: Clock | None,
        on_trial: OnTrial | None,
    ) -> None:
        if parameters.time_budget is not None and clock is None:
            raise ParameterError(f"time_budget = {parameters.time_budget}: needs a clock; pass one, or leave it out")
        self.parameters = parameters
        self.journal = journal
        self.clock = clock or (lambda: 0.0)
        self.started = self.clock()
        self.on_trial = on_trial
        self.trials: list[Trial] = []
        self.rounds = [Round(split, parameters, feedback, features) for split, features in rounds]

    def run(self, als_model: ALSModel | None = None) -> TuningResult:
        if als_model is None:
            als = self.als_stage()
        else:
            als = als_model.parameters
            self.rounds[0].remember(als_model)
        ease = self._ease_stage()
        defaults = self._default_weights()
        tables = in_each(self.rounds, lambda r: r.tables(als, ease, defaults))
        decided = [als.as_dict(), ease and ease.as_dict()]
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

        return base.replace(**self._run(self._space("als"), objective))

    def _ease_stage(self) -> EASEParameters | None:
        base, judges = self.parameters.ease, self.rounds[:_EASE_ROUNDS]
        if base is None:
            return None

        def objective(values: dict[str, float | int]) -> float:
            tried = base.replace(**values)
            return mean_over(judges, in_each(judges, lambda r: r.ease_ndcg(tried)))

        return base.replace(**self._run(self._space("ease"), objective))

    def _blend_stage(
        self, tables: list[Tables], space: StageSpace, base: HybridWeights, decided: list[Any]
    ) -> HybridWeights:
        def objective(values: dict[str, float | int]) -> float:
            weights = with_values(base, values)
            return mean_over(self.rounds, in_each(tables, lambda table: table.blend_ndcg(weights)))

        return with_values(base, self._run(space, objective, decided))

    def _gate_stage(self, tables: list[Tables], base: HybridWeights, decided: list[Any]) -> HybridWeights:
        def objective(values: dict[str, float | int]) -> float:
            return self._gate_objective(tables, with_values(base, values))

        return with_values(base, self._run(self._gate_space(), objective, [*decided, base.as_dict()]))

    def _gate_objective(self, tables: list[Tables], weights: HybridWeights) -> float:
        share = self.parameters.whole_history_share
        return mean_over(self.rounds, in_each(tables, lambda table: table.gate_ndcg(weights, share)))

    def _run(self, space: StageSpace, objective: Objective, decided: Sequence[Any] = ()) -> dict[str, float | int]:
        """Run one stage after what earlier ones ``decided``. Returns the best point."""
        parameters = self.parameters
        budget = parameters.time_budget
        trials = run_stage(
            space,
            objective,
            parameters.n_trials(space.stage),
            seed=parameters.seed,
            journal=self.journal,
            decided=decided,
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
