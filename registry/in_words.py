"""Versions and promotions as lines for people."""

from collections.abc import Mapping
from typing import Any

from registry.promotion_log import LogEntry

__all__ = ["models_in_words", "promotion_in_words"]


def models_in_words(document: Mapping[str, Any]) -> str:
    """The versions in ``Versions.list_models()`` as a table: the gate's verdict, the hybrid's figures, aliases."""
    lines = [f"{'version':9}{'made':22}{'verdict':12}{'ndcg@10':>9}{'recall@10':>11}  aliases"]
    for entry in document["models"]:
        hybrid = entry["metrics"].get("hybrid", {})
        figures = (f"{hybrid[name]:.4f}" if name in hybrid else "–" for name in ("ndcg@10", "recall@10"))
        cells = "{:9}{:22}{:12}{:>9}{:>11}  {}".format(
            entry["version"], entry["created_at"], entry["verdict"] or "–", *figures, ", ".join(entry["aliases"])
        )
        lines.append(cells)
    return "\n".join(lines)


def promotion_in_words(entry: LogEntry) -> str:
    """Where the champion's aliases are after ``entry``."""
    return (
        f"champion: version {entry.after['champion']} (before: {entry.before['champion']})\n"
        f"previous_champion: version {entry.after['previous_champion']}"
    )
