"""Model versions compared on live traffic: declared in a file, assigned by hash, reported."""

from serving.experiments.assignment import assign
from serving.experiments.declaration import Arm, Experiment, Experiments, load_experiments
from serving.experiments.in_words import in_words
from serving.experiments.reporting import ArmReport, Comparison, ExperimentReport, MetricReport, report
from serving.experiments.verdict import Verdict

__all__ = [
    "Arm",
    "ArmReport",
    "Comparison",
    "Experiment",
    "ExperimentReport",
    "Experiments",
    "MetricReport",
    "Verdict",
    "assign",
    "in_words",
    "load_experiments",
    "report",
]
