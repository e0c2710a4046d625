"""How figures are shown: plots as PNG bytes, tables as text. Nothing here measures, so nothing measured imports it."""

from recsys_core.plotting.plots import metric_by_slice, models_by_metric
from recsys_core.plotting.tables import Table, evaluation_in_words, metrics_table, number, paired_table, slices_table
from recsys_core.plotting.tuning_plots import precision_coverage, tuning_history

__all__ = [
    "Table",
    "evaluation_in_words",
    "metric_by_slice",
    "metrics_table",
    "models_by_metric",
    "number",
    "paired_table",
    "precision_coverage",
    "slices_table",
    "tuning_history",
]
