"""Which engine, and where it is."""

from typing import Literal

from pydantic import Field

from recsys_core.parameters import Parameters

__all__ = ["EngineParameters"]


class EngineParameters(Parameters):
    """Where the heavy steps are done. Only the name is part of versions: where an engine is decides nothing."""

    name: Literal["auto", "local", "gpu", "spark"] = "local"
    """`local`: this machine's processors; `gpu`: one NVIDIA GPU; `spark`: a Spark cluster; `auto`: a GPU where one can
    be used, else this machine."""
    master: str = "local[*]"
    """Spark's master: `local[*]`, `spark://HOST:7077`, `yarn`, `k8s://…`."""
    options: dict[str, str] = Field(default={})
    """Spark's own settings, such as `spark.executor.memory: 8g`."""
    shared: str = ""
    """Folder that this machine and all of Spark's workers see under this name; the system's temporary folder, where
    all of them are this machine."""
