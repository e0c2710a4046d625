"""Experiments put together: who is compared, on what, and a whole experiment on a folder or a published split."""

from recsys_core.experiment.item_knowledge import ItemTables, more_rounds
from recsys_core.experiment.line_up import LineUp, judge, line_up, without_each_term
from recsys_core.experiment.other_vocabulary import OnVocabulary
from recsys_core.experiment.prepared import Prepared, prepare_folder
from recsys_core.experiment.recipe import UNTUNED, Recipe, as_bundle, fit_release, fit_twin, untuned
from recsys_core.experiment.trade_offs import trade_offs

__all__ = [
    "UNTUNED",
    "ItemTables",
    "LineUp",
    "OnVocabulary",
    "Prepared",
    "Recipe",
    "as_bundle",
    "fit_release",
    "fit_twin",
    "judge",
    "line_up",
    "more_rounds",
    "prepare_folder",
    "trade_offs",
    "untuned",
    "without_each_term",
]
