"""One stage of tuning: trials one after the other, each a pure function of the trials before it.

The sampler (Optuna's tree-structured Parzen estimator; Bergstra et al. 2011, Watanabe 2023) is built anew for every
trial from (seed, trial number) and the finished trials, so a search that was killed and continued proposes exactly
what an uninterrupted one does.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from recsys_core.tuning.journal import Journal
from recsys_core.tuning.space import StageSpace
from recsys_core.tuning.trials import Trial, best_trial, distribution, frozen_trial, quiet_optuna

if TYPE_CHECKING:
    import optuna

__all__ = ["Clock", "Objective", "OnTrial", "Proposals", "run_stage"]

Clock = Callable[[], float]
Objective = Callable[[dict[str, float | int]], float]
OnTrial = Callable[[Trial, int, Trial], None]
"""Called after each trial with (trial, number of trials planned for its stage, best trial of the stage so far)."""

_N_STARTUP_TRIALS = 6


def _no_clock() -> float:
    return 0.0


def run_stage(
    space: StageSpace,
    objective: Objective,
    n_trials: int,
    *,
    seed: int,
    journal: Journal | None = None,
    decided: Sequence[object] = (),
    clock: Clock = _no_clock,
    deadline: float = float("inf"),
    on_trial: OnTrial | None = None,
) -> list[Trial]:
    """Run ``n_trials`` trials of ``space`` (trial 0: the defaults), continuing what ``journal`` holds of them.

    ``decided`` are the JSON values that earlier stages chose: trials that followed other choices are not taken up.
    No trial but the first starts after ``deadline`` on ``clock``; a stage that ended so stays ended in ``journal``.
    ``on_trial`` is called for continued trials too.
    """
    trials = journal.read(space, decided)[:n_trials] if journal else []
    planned = n_trials if space.parameters else 1
    proposals = Proposals(space, seed=seed)
    if journal and trials and journal.is_ended(space, decided):
        planned = min(planned, len(trials))
    for number in range(planned):
        if number >= len(trials):
            started = clock()
            if number > 0 and started >= deadline:
                if journal:
                    journal.end(space, decided)
                break
            params = proposals.after(trials)
            value = float(objective(params))
            trials.append(Trial(space.stage, number, params, value, clock() - started))
            if journal:
                journal.append(space, trials[-1], decided)
        if on_trial:
            on_trial(trials[number], n_trials, best_trial(trials[: number + 1]))
    return trials


class Proposals:
    """The points of one stage: the defaults first, then what the sampler proposes after the trials so far."""

    def __init__(self, space: StageSpace, *, seed: int) -> None:
        self._space = space
        self._seed = seed
        self._study: optuna.Study | None = None
        self._n_told = 0

    def after(self, trials: Sequence[Trial]) -> dict[str, float | int]:
        """The next point; ``trials`` are those of the last call and those that were made since."""
        if not trials:
            return self._space.defaults
        import optuna

        seed = int(np.random.SeedSequence([self._seed, len(trials)]).generate_state(1)[0])
        with quiet_optuna():
            if self._study is None:
                self._study = optuna.create_study(direction="maximize")
            for trial in trials[self._n_told :]:
                self._study.add_trial(frozen_trial(self._space, trial))
            self._n_told = len(trials)
            self._study.sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=_N_STARTUP_TRIALS)
            proposed = self._study.ask(fixed_distributions={p.name: distribution(p) for p in self._space.parameters})
            self._study.tell(proposed, state=optuna.trial.TrialState.FAIL)  # what it came to is added when it is known
        return {p.name: proposed.params[p.name] for p in self._space.parameters}
