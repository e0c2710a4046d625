"""The asset graph as plain values, for a snapshot that a person can read in a diff.

After a wanted change of the graph: ``.venv/bin/python -m tests.assets.asset_graph`` writes the snapshot anew.
"""

import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, Final

from assets.configuration import Configuration
from assets.graph import build_assets
from assets.materialising import RECIPES

__all__ = ["SNAPSHOT", "all_assets", "asset_graph", "outside_graph"]

REPOSITORY: Final = Path(__file__).parents[2]
SNAPSHOT: Final = Path(__file__).with_name("asset_graph.json")


@cache
def all_assets() -> dict[str, Any]:
    """Dagster's definitions, those that are observed too, by name."""
    return {built.key.to_user_string(): built for built in build_assets(Configuration.read(None))}


@cache
def asset_graph() -> dict[str, Any]:
    """Every asset that the pipeline makes, by name: what its page says of it besides the description, what it is made
    of, what it depends on outside, its checks. No digest is in it: those follow every edit of the code.
    """
    graph = {}
    for name, definition in all_assets().items():
        if name not in RECIPES:
            continue
        spec, recipe = definition.get_asset_spec(), RECIPES[name]
        graph[name] = {
            "group": spec.group_name,
            "made_of": sorted(recipe.upstream),
            "outside": sorted({dep.asset_key.to_user_string() for dep in spec.deps} - recipe.upstream.keys()),
            "observes": list(recipe.observes),
            "parameters": sorted(recipe.parameters),
            "code": _named_code(recipe.code.files),
            "libraries": sorted(recipe.code.libraries),
            "kinds": sorted(spec.kinds),
            "owners": list(spec.owners),
            "checks": {
                check.name: "blocking" if check.blocking else "told"
                for check in sorted(definition.check_specs, key=lambda check: check.name)
            },
        }
    return dict(sorted(graph.items()))


def outside_graph() -> dict[str, Any]:
    """The assets that the pipeline observes and does not make."""
    return {
        name: {"group": asset.group_name, "tags": sorted(asset.tags)}
        for name, asset in sorted(all_assets().items())
        if name not in RECIPES
    }


def _named_code(files: Iterable[str]) -> list[str]:
    """Files by name; those of a folder that is named whole as that folder."""
    by_folder: dict[str, set[str]] = {}
    for file in files:
        by_folder.setdefault(file.rpartition("/")[0], set()).add(file)
    named: set[str] = set()
    for folder, found in by_folder.items():
        whole = {path.relative_to(REPOSITORY).as_posix() for path in (REPOSITORY / folder).glob("*.py")}
        named |= {f"{folder}/"} if found == whole else found
    return sorted(named)


if __name__ == "__main__":
    written = {"made": asset_graph(), "outside": outside_graph()}
    SNAPSHOT.write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")
