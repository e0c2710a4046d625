"""From the name of an engine to the engine."""

import logging

from engines.interface import Engine
from engines.local import LocalEngine
from engines.parameters import EngineParameters

__all__ = ["engine_for"]

_LOG = logging.getLogger("recsys")


def engine_for(parameters: EngineParameters) -> Engine:
    """The engine that is asked for; an :class:`recsys_core.errors.EngineError` where it cannot be had here."""
    return LocalEngine()
