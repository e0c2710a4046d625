"""A finished trial, and its form in Optuna."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from recsys_core.sources.search_space import SearchParameter
from recsys_core.tuning.space import StageSpace

if TYPE_CHECKING:
    import optuna

__all__ = ["Trial", "best_trial", "distribution", "frozen_trial", "quiet_optuna"]


@dataclass(frozen=True, slots=True)
class Trial:
    """One evaluated point of a stage.

    ``value`` is the objective, larger is better; ``seconds`` is what the trial took (0 without a clock) and is not
    part of equality.
    """

    stage: str
    number: int
    params: Mapping[str, float | int]
    value: float
    seconds: float = field(default=0.0, compare=False)

    def as_dict(self) -> dict[str, Any]:
        return {
            "stage": self.stage,
            "number": self.number,
            "params": dict(self.params),
            "value": self.value,
            "seconds": self.seconds,
        }


def best_trial(trials: Sequence[Trial]) -> Trial:
    """The trial with the largest value; the earliest of equals, so that a draw keeps the defaults."""
    return max(trials, key=lambda trial: (trial.value, -trial.number))


def distribution(parameter: SearchParameter) -> "optuna.distributions.BaseDistribution":
    """Optuna's form of a search parameter."""
    import optuna

    if parameter.kind == "int":
        return optuna.distributions.IntDistribution(int(parameter.low), int(parameter.high), log=parameter.log)
    return optuna.distributions.FloatDistribution(parameter.low, parameter.high, log=parameter.log)


def frozen_trial(space: StageSpace, trial: Trial) -> "optuna.trial.FrozenTrial":
    """Optuna's form of a finished trial."""
    import optuna

    return optuna.trial.create_trial(
        params=dict(trial.params),
        distributions={p.name: distribution(p) for p in space.parameters},
        value=trial.value,
        user_attrs={"number": trial.number, "seconds": trial.seconds},
    )


@contextmanager
def quiet_optuna() -> Iterator[None]:
    """Keep Optuna to warnings while we work with it: it reports every study it creates on standard error."""
    import optuna

    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(before)
