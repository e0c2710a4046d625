"""Tuning in stages: each source that has parameters to tune, the blend, and the gate between taste and prior."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from recsys_core.blockwise import side_by_side
from recsys_core.dataset.feedback import Feedback
from recsys_core.dataset.interactions import Split
from recsys_core.errors import ParameterError, ShapeError
from recsys_core.features import ItemFeatures
from recsys_core.hybrid import ColdCalibration, HybridWeights
from recsys_core.memory import return_freed_memory
from recsys_core.parameters import Parameters
from recsys_core.sources.als import KIND as ALS
from recsys_core.sources.als import ALSModel
from recsys_core.sources.content import is_dense
from recsys_core.sources.solvers import HERE, Solvers
from recsys_core.sources.source import SourceKind
from recsys_core.sources.table import SOURCES
from recsys_core.tuning.beyond_chance import by_user, with_popularity, without_groups_of_chance
from recsys_core.tuning.journal import Journal, open_journal
from recsys_core.tuning.new_titles import learn_new_titles
from recsys_core.tuning.parameters import TuningParameters
from recsys_core.tuning.result import TuningResult
from recsys_core.tuning.rounds import Round, Tables, mean_over
from recsys_core.tuning.space import MANY_RATINGS, StageSpace, with_values
from recsys_core.tuning.study import Clock, Objective, OnTrial, run_stage
from recsys_core.tuning.trials import Trial, best_trial

__all__ = ["tune", "tune_als"]

_COLD_ROUNDS = 2  # each costs all sources once more
_BLEND_BUDGET = 2 / 3  # of what the sources' own stages leave of the time


def tune(
    split: Split,
    features: ItemFeatures,
    parameters: TuningParameters,
    *,
    feedback: Feedback,
    more_rounds: Sequence[tuple[Split, ItemFeatures]] = (),
    recall_share: float = 0.0,
    storage: Path | None = None,
    als_model: ALSModel | None = None,
    clock: Clock | None = None,
    on_trial: OnTrial | None = None,
) -> TuningResult:
    """Choose the sources' parameters and the weights on ``split.validation``; the test part is never looked at.

    features  of at least the training items, fitted on the training part
    more_rounds  other splits of the same data with the same test part and other validation users, and the features
              that go with each: the weights are then judged on all of them, a source on as many as its kind says
    recall_share  weight of Recall@k in what is maximised; the rest is NDCG@k's
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
    with _journal(storage) as journal, _blas_for(rounds):
        return _Tuner(rounds, parameters, feedback, journal, clock, on_trial, recall_share).run(als_model)


def tune_als(
    split: Split,
    parameters: TuningParameters,
    *,
    feedback: Feedback,
    storage: Path | None = None,
    clock: Clock | None = None,
    on_trial: OnTrial | None = None,
    solvers: Solvers = HERE,
) -> tuple[ALSModel, list[Trial]]:
    """The first stage of :func:`tune` alone: the best ALS model, fitted on the training part, and the trials.

    ``storage``, ``clock`` and ``on_trial`` are those of :func:`tune`. Trials are fitted on this machine, and where
    ``solvers`` has another one for ALS, the model once more by it.
    """
    rounds = [(split, None)]
    with _journal(storage) as journal, _blas_for(rounds):
        tuner = _Tuner(rounds, parameters, feedback, journal, clock, on_trial)
        first, best = tuner.rounds[0], tuner.own_stage(ALS)
        elsewhere = replace(first.training, solvers=solvers)
        model = ALS.fit(elsewhere, best) if solvers.als else first.source(ALS, best)
        assert isinstance(model, ALSModel)
        return model, tuner.trials


def _journal(storage: Path | None) -> AbstractContextManager[Journal | None]:
    return nullcontext() if storage is None else open_journal(storage)


def _blas_for(rounds: Sequence[Any]) -> AbstractContextManager[Any]:
    """BLAS with one thread where several rounds are worked on side by side: its threads would wait for theirs."""
    return threadpool_limits(limits=1, user_api="blas") if len(rounds) > 1 else nullcontext()


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
        recall_share: float = 0.0,
    ) -> None:
        if parameters.time_budget is not None and clock is None:
            raise ParameterError(f"time_budget = {parameters.time_budget}: needs a clock; pass one, or leave it out")
        self.parameters = parameters
        self.search_space = parameters.space_for(rounds[0][0].train)
        self.journal = journal
        self.clock = clock or (lambda: 0.0)
        self.started = self.clock()
        self.on_trial = on_trial
        self.trials: list[Trial] = []
        self.features = rounds[0][1]
        self.rounds = [
            Round(split, parameters, feedback, features, recall_share=recall_share) for split, features in rounds
        ]

    def run(self, als_model: ALSModel | None = None) -> TuningResult:
        chosen: dict[str, Parameters | None] = {
            kind.name: self.parameters.of(kind.name) for kind in SOURCES if kind.defaults is not None
        }
        for kind in self.parameters.sources:
            if kind is ALS and als_model is not None:
                chosen[kind.name] = als_model.parameters
                self.rounds[0].remember(kind, als_model.parameters, als_model)
            elif kind.is_tuned:
                chosen[kind.name] = self.own_stage(kind)
        return_freed_memory()  # of the trials
        weights, untuned, best, alone = self._weigh(chosen)
        return_freed_memory()  # of the tables
        n_users = sum(r.n_users for r in self.rounds)
        calibration = self._calibration(chosen, weights)
        return TuningResult(chosen, weights, tuple(self.trials), untuned, best, n_users, alone, calibration)

    def _weigh(self, chosen: Mapping[str, Parameters | None]) -> tuple[HybridWeights, float, float, str]:
        """The weights for sources as ``chosen``, what the defaults and they are worth, and the source that has all the
        weight, if one has. The tables of scores, which are large, are gone when this ends."""
        defaults = self._default_weights()
        tables = list(side_by_side(lambda r: r.tables(chosen, defaults), self.rounds))
        decided = [found and found.as_dict() for found in chosen.values()]
        weights = self._weights_stage("blend", tables, defaults, decided)
        weights = weights.without_faint_groups(besides=self.parameters.weights.group_weights)
        weights = self._sure_groups(tables, weights)
        weights = self._weights_stage("gate", tables, weights, [*decided, weights.as_dict()])
        weights = with_popularity(tables, weights)
        untuned = self._gate_objective(tables, defaults)
        weights, best, alone = self._best(tables, weights, self._sure_groups(tables, defaults))
        return weights, untuned, best, alone

    def _calibration(self, chosen: Mapping[str, Parameters | None], weights: HybridWeights) -> ColdCalibration | None:
        judges = [(r.split, r.features, r.sample) for r in self.rounds[:_COLD_ROUNDS]]
        return learn_new_titles(judges, chosen, weights, k=self.parameters.k, seed=self.parameters.seed)

    # the stages

    def own_stage(self, kind: SourceKind) -> Any:
        """The best parameters of one source, judged by it alone."""
        base, judges = self.parameters.of(kind.name), self.rounds[: kind.n_rounds]

        def objective(values: dict[str, float | int]) -> float:
            tried = base.replace(**values)
            return mean_over(judges, list(side_by_side(lambda r: r.value(kind, tried), judges)))

        lacking = self._lacking()
        space = StageSpace(kind.name, (p for p in self.search_space if p.needs not in lacking))
        return base.replace(**self._run(space, objective))

    def _lacking(self) -> set[str]:
        """What parameters may need and the training data does not have."""
        training = self.rounds[0].training
        values = training.matrix.ratings.data
        there = {"features": bool(training.features.groups), "values": bool(values.min() < values.max())}
        return {name for name, is_there in there.items() if not is_there}

    def _weights_stage(
        self, stage: str, tables: list[Tables], base: HybridWeights, decided: list[Any]
    ) -> HybridWeights:
        """The best weights: of the taste on whole histories (blend), of the prior on shortened ones too (gate)."""

        def objective(values: dict[str, float | int]) -> float:
            weights = with_values(base, stage, values)
            if stage == "gate":
                return self._gate_objective(tables, weights)
            return mean_over(self.rounds, list(side_by_side(lambda table: table.value(weights), tables)))

        return with_values(base, stage, self._run(self._weights_space(stage), objective, decided))

    def _sure_groups(self, tables: list[Tables], weights: HybridWeights) -> HybridWeights:
        """``weights``; of large data without groups of features that are dear, and gain nothing for sure."""
        if self.rounds[0].split.train.n_ratings < MANY_RATINGS or self.features is None:
            return weights
        chosen = self.parameters.weights.group_weights
        dense = [name for name, items in self.features.groups.items() if is_dense(items)]
        sparse = [name for name in self.features.groups if name not in dense and name not in chosen]
        return without_groups_of_chance(tables, weights, sparse, dense)

    def _gate_objective(self, tables: list[Tables], weights: HybridWeights) -> float:
        share = self.parameters.whole_history_share
        return mean_over(self.rounds, list(side_by_side(lambda table: table.gate_value(weights, share), tables)))

    def _best(
        self, tables: list[Tables], tuned: HybridWeights, defaults: HybridWeights
    ) -> tuple[HybridWeights, float, str]:
        """The better of the tuned weights and the defaults, unless a single source is better; its value, and the name
        of the source.

        Stages are judged one by one, and where one source knows nearly all there is to know, every blend is worse
        than that source alone. One that goes by the user's history must be better by more than a standard error: of
        several that are equally good the best is the luckiest. Popularity need not: whoever cannot beat it should not
        claim to know more.
        """
        found = [(self._gate_objective(tables, weights), weights) for weights in (tuned, defaults)]
        value, blend = max(found, key=lambda candidate: candidate[0])
        of_blend, best, name = by_user(tables, blend), (value, blend), ""
        for kind in self.parameters.sources:
            alone = tuned.alone(kind.name)
            objective = self._gate_objective(tables, alone)
            spread = (by_user(tables, alone) - of_blend).std() / np.sqrt(len(of_blend))
            if objective > best[0] and objective - value > (0 if kind.side == "popularity" else spread):
                best, name = (objective, alone), kind.name
        return best[1], best[0], name

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
            deadline=self.started + budget * _budget_until(space.stage) if budget else float("inf"),
            on_trial=self.on_trial,
        )
        self.trials += trials
        return dict(best_trial(trials).params)

    # the spaces

    def _weights_space(self, stage: str) -> StageSpace:
        space = StageSpace(stage, self.search_space)
        takes_part = self.parameters.sources
        space = space.without(kind.name for kind in SOURCES if kind not in takes_part)
        return space.without_groups_outside(self.rounds[0].features.groups) if stage == "blend" else space

    def _default_weights(self) -> HybridWeights:
        """The base weights with the defaults of the search space."""
        takes_part = self.parameters.sources
        weights = self.parameters.weights.without(*(kind.name for kind in SOURCES if kind not in takes_part))
        for stage in ("blend", "gate"):
            weights = with_values(weights, stage, self._weights_space(stage).defaults)
        return weights


def _budget_until(stage: str) -> float:
    """Share of a search's time until the end of ``stage``."""
    tuned = [kind for kind in SOURCES if kind.is_tuned]
    left = 1 - sum(kind.budget for kind in tuned)
    spent = {"blend": 1 - left * (1 - _BLEND_BUDGET), "gate": 1.0}
    for number, kind in enumerate(tuned):
        spent[kind.name] = sum(other.budget for other in tuned[: number + 1])
    return spent[stage]
