"""What tuning found."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from recsys_core.hybrid import ColdCalibration, HybridWeights
from recsys_core.parameters import Parameters
from recsys_core.sources.table import source_named
from recsys_core.storage import read_manifest, write_manifest
from recsys_core.tuning.trials import Trial, best_trial

__all__ = ["TuningResult"]


@dataclass(frozen=True)
class TuningResult:
    """The chosen parameters, and how they were found.

    parameters         of the sources that have any; None for one that is left out
    default_objective  NDCG@k on the validation users (whole and shortened histories) with the chosen parameters of the
                       sources and the default weights
    best_objective     the same with the chosen weights: never less
    n_users            validation users on whom both were measured, over all rounds
    fell_back_on       the single source that was better on them than every blend that was tried; "" where none was
    calibration        of titles without ratings, learnt on them too; None where they cannot be placed among the others
    """

    parameters: Mapping[str, Parameters | None]
    weights: HybridWeights
    trials: tuple[Trial, ...]
    default_objective: float
    best_objective: float
    n_users: int
    fell_back_on: str = ""
    calibration: ColdCalibration | None = None

    def of_stage(self, stage: str) -> list[Trial]:
        """The trials of one stage, in order; none for a stage that was left out."""
        return [trial for trial in self.trials if trial.stage == stage]

    def as_dict(self) -> dict[str, Any]:
        """Plain values that JSON can hold."""
        stages = dict.fromkeys(trial.stage for trial in self.trials)
        return {
            **{f"{name}_parameters": found and found.as_dict() for name, found in self.parameters.items()},
            "weights": self.weights.as_dict(),
            "default_objective": self.default_objective,
            "best_objective": self.best_objective,
            "n_users": self.n_users,
            "fell_back_on": self.fell_back_on,
            "cold_calibration": self.calibration and self.calibration.as_dict(),
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
        write_manifest(
            directory,
            "TuningResult",
            parameters=self.weights.as_dict(),
            sources=list(self.parameters),
            result=self.as_dict(),
        )

    @classmethod
    def load(cls, directory: Path) -> Self:
        manifest = read_manifest(directory, "TuningResult")
        stored = manifest["result"]
        return cls(
            {name: _parameters(name, stored[f"{name}_parameters"]) for name in manifest["sources"]},
            HybridWeights(**stored["weights"]),
            tuple(Trial(**trial) for trial in stored["trials"]),
            stored["default_objective"],
            stored["best_objective"],
            stored["n_users"],
            stored["fell_back_on"],
            ColdCalibration(**stored["cold_calibration"]) if stored["cold_calibration"] else None,
        )


def _parameters(name: str, stored: dict[str, Any] | None) -> Parameters | None:
    defaults = source_named(name).defaults
    return None if stored is None or defaults is None else type(defaults)(**stored)
