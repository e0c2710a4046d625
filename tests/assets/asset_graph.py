"""The asset graph as plain values, for a snapshot that a person can read in a diff.

After a wanted change of the graph: ``.venv/bin/python -m tests.assets.asset_graph`` writes the snapshot anew.
"""

import json
from pathlib import Path
from typing import Any, Final

from assets.declaring import RECIPES
from assets.graph import ALL_ASSETS

__all__ = ["SNAPSHOT", "asset_graph"]

SNAPSHOT: Final = Path(__file__).with_name("asset_graph.json")


def asset_graph() -> dict[str, Any]:
    """Every asset by name: what its page says of it besides the description, what it is made of, its checks."""
    graph = {}
    for definition in ALL_ASSETS:
        checks = {
            check.name: "blocking" if check.blocking else "warning"
            for check in sorted(definition.check_specs, key=lambda check: check.name)
        }
        for spec in definition.specs:
            graph[spec.key.to_user_string()] = {
                "group": spec.group_name,
                "made_of": sorted(dep.asset_key.to_user_string() for dep in spec.deps),
                "parameters": sorted(RECIPES[spec.key.to_user_string()].parameters),
                "kinds": sorted(spec.kinds),
                "owners": list(spec.owners),
                "code_version": spec.code_version,
                "checks": checks,
            }
    return dict(sorted(graph.items()))


if __name__ == "__main__":
    SNAPSHOT.write_text(json.dumps(asset_graph(), indent=1) + "\n", encoding="utf-8")
