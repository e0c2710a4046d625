"""Spark's event log, as the steps that :meth:`engines.spark.session.Cluster.doing` names."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

__all__ = ["Step", "logged_to", "steps_of"]

_SENDING: Final = "flatMap at ALS"
"""How MLlib names the stage that sends the vectors of one side to the blocks of the other; an iteration has two."""


@dataclass(slots=True)
class Step:
    """From when to when, what its tasks took together, in seconds, and how many bytes they sent to one another."""

    name: str
    began: float
    ended: float = 0.0
    n_tasks: int = 0
    in_tasks: float = 0.0
    n_bytes: int = 0
    sendings: set[int] = field(default_factory=set)

    @property
    def seconds(self) -> float:
        return self.ended - self.began

    @property
    def iterations(self) -> int:
        """Of ALS; 0 of other steps."""
        return len(self.sendings) // 2


def logged_to(folder: Path) -> dict[str, str]:
    """Spark's settings for a log of one file in ``folder``, which is there."""
    return {
        "spark.eventLog.enabled": "true",
        "spark.eventLog.dir": folder.as_uri(),
        "spark.eventLog.compress": "false",
        "spark.eventLog.rolling.enabled": "false",
    }


def steps_of(folder: Path) -> list[Step]:
    """The steps in the log of ``folder``, in their order."""
    (log,) = (path for path in folder.iterdir() if not path.name.startswith("."))  # there are checksums, too
    steps: list[Step] = []
    by_job: dict[int, Step] = {}
    by_stage: dict[int, tuple[Step, str]] = {}
    for event in map(json.loads, log.read_text(encoding="utf-8").splitlines()):
        kind = event["Event"]
        if kind == "SparkListenerJobStart":
            name = event["Properties"]["spark.job.description"]
            if not steps or steps[-1].name != name:
                steps.append(Step(name, event["Submission Time"] / 1e3))
            by_job[event["Job ID"]] = steps[-1]
            by_stage |= {stage["Stage ID"]: (steps[-1], stage["Stage Name"]) for stage in event["Stage Infos"]}
        elif kind == "SparkListenerJobEnd":
            by_job[event["Job ID"]].ended = event["Completion Time"] / 1e3
        elif kind == "SparkListenerTaskEnd":
            step, stage = by_stage[event["Stage ID"]]
            step.n_tasks += 1
            step.in_tasks += event["Task Metrics"]["Executor Run Time"] / 1e3
            step.n_bytes += event["Task Metrics"]["Shuffle Write Metrics"]["Shuffle Bytes Written"]
            if stage.startswith(_SENDING):
                step.sendings.add(event["Stage ID"])
    return steps
