"""What tuning found."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from recsys_core.hybrid import HybridWeights
from recsys_core.sources.als import ALSParameters
from recsys_core.sources.ease import EASEParameters
from recsys_core.storage import read_manifest, write_manifest
from recsys_core.tuning.trials import Trial, best_trial

__all__ = ["TuningResult"]


@dataclass(frozen=True)
class TuningResult:
    """The chosen parameters, and how they were found.

    default_objective  NDCG@k on the validation users (whole and shortened histories) with the chosen ALS and EASE
                       parameters and the default weights
    best_objective     the same with the chosen weights: never less
    n_users            validation users on whom both were measured, over all rounds
    """

    als_parameters: ALSParameters
    ease_parameters: EASEParameters | None
    weights: HybridWeights
    trials: tuple[Trial, ...]
    default_objective: float
    best_objective: float
    n_users: int

    def of_stage(self, stage: str) -> list[Trial]:
        """The trials of one stage, in order; none for a stage that was left out."""
        return [trial for trial in self.trials if trial.stage == stage]

    def as_dict(self) -> dict[str, Any]:
        """Plain values that JSON can hold."""
        stages = dict.fromkeys(trial.stage for trial in self.trials)
        return {
            "als_parameters": self.als_parameters.as_dict(),
            "ease_parameters": self.ease_parameters.as_dict() if self.ease_parameters else None,
            "weights": self.weights.as_dict(),
            "default_objective": self.default_objective,
            "best_objective": self.best_objective,
            "n_users": self.n_users,
            "stages": {
                stage: {
                    "n_trials": len(self.of_stage(stage)),
                    "default_value": self.of_stage(stage)[0].value,
                    "best_value": best_trial(self.of_stage(stage)).value,
                    "best_trial": best_trial(self.of_stage(stage)).number,
                }
                for stage in stages
            },
            "trials": [trial.as_dict() for trial in self.trials],
        }

    def save(self, directory: Path) -> None:
        write_manifest(directory, "TuningResult", parameters=self.weights.as_dict(), result=self.as_dict())

    @classmethod
    def load(cls, directory: Path) -> Self:
        stored = read_manifest(directory, "TuningResult")["result"]
        ease = stored["ease_parameters"]
        return cls(
            ALSParameters(**stored["als_parameters"]),
            EASEParameters(**ease) if ease else None,
            HybridWeights(**stored["weights"]),
            tuple(Trial(**trial) for trial in stored["trials"]),
            stored["default_objective"],
            stored["best_objective"],
            stored["n_users"],
        )
