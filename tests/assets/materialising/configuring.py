"""The small home with another configuration, and what follows from what in the asset graph."""

from pathlib import Path
from typing import Any

import yaml

from assets.workspace import Workspace
from tests.assets.asset_graph import asset_graph
from tests.corpus.healthy_folder import FEW_TRIALS

__all__ = ["configured", "with_descendants"]


def with_descendants(*names: str) -> set[str]:
    found = set(names)
    while more := {name for name, asset in asset_graph().items() if found & set(asset["made_of"])} - found:
        found |= more
    return found


def configured(workspace: Workspace, folder: Path, text: str) -> Workspace:
    """The same home with ``text`` laid over the small configuration."""
    content: dict[str, Any] = yaml.safe_load(FEW_TRIALS)
    for section, values in yaml.safe_load(text).items():
        content[section] = {**content.get(section, {}), **values} if isinstance(values, dict) else values
    (folder / "config.yaml").write_text(yaml.safe_dump(content))
    return Workspace(home=workspace.home, data_dir=workspace.data_dir, config_file=str(folder / "config.yaml"))
