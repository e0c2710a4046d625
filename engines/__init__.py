"""Where the heavy steps are done: on this machine, on a GPU, on a Spark cluster. One interface, one contract."""

from engines.choosing import engine_for
from engines.interface import STEPS, Engine, StepName, who_does
from engines.local import LocalEngine
from engines.parameters import EngineParameters

__all__ = ["STEPS", "Engine", "EngineParameters", "LocalEngine", "StepName", "engine_for", "who_does"]
