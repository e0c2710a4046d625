"""What people see a table called: its assets, its suite and what is said of it. Code finds tables by their role."""

import keyword
import re
from collections.abc import Mapping
from typing import Final

from recsys_core.errors import ParameterError

__all__ = ["LONGEST", "fault_of_name", "refuse_shared_names"]

LONGEST: Final = 40
"""Characters of a name: enough for a file's, and what commands print stays readable."""
_PLAIN: Final = re.compile(rf"[A-Za-z][A-Za-z0-9_]{{0,{LONGEST - 1}}}")
_OF_THE_PIPELINE: Final = {
    *("bring_up_to_date", "champion", "data", "declaration", "evaluation", "hybrid_weights", "item_features"),
    *("pipeline", "promotion", "recommendations", "run_what_is_out_of_date", "split", "tracking_store", "training"),
    "user_item_matrix",
}
"""Its other assets, its jobs and their steps."""
_OF_DAGSTER: Final = {
    *("arg_dict", "bool", "conf", "config", "context", "dict", "float", "input", "input_arg_dict", "int", "meta"),
    *("output", "output_arg_dict", "str", "type"),
}
"""Words that name no asset there."""


def fault_of_name(name: str) -> str:
    """Why a table cannot be called ``name``; empty where it can."""
    if not _PLAIN.fullmatch(name):
        return f"expected at most {LONGEST} letters, digits and underscores that begin with a letter, such as books"
    plain = name.casefold()
    if plain in _OF_THE_PIPELINE or plain.startswith("raw_") or plain.endswith(("_csv", "_model")):
        return "is, or may become, the name of something else in the pipeline; give another one"
    if name in _OF_DAGSTER or keyword.iskeyword(name):
        return "is a word that Dagster keeps for itself; give another one"
    return ""


def refuse_shared_names(names: Mapping[str, str]) -> None:
    """:class:`ParameterError` where two of the tables, by their roles, are called the same but for case."""
    role_of: dict[str, str] = {}
    for role in sorted(names, key=lambda role: names[role] != role):  # a role's own word comes first
        other = role_of.setdefault(names[role].casefold(), role)
        if other != role:
            raise ParameterError(f"{role}.name: {names[role]} is the name of {other}, too; give another one")
