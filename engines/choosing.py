"""From the name of an engine to the engine."""

import logging
from functools import cache

from engines.interface import Engine
from engines.local import LocalEngine
from engines.parameters import EngineParameters
from recsys_core.errors import EngineError

__all__ = ["engine_for"]

_LOG = logging.getLogger("recsys")


def engine_for(parameters: EngineParameters) -> Engine:
    """The engine that is asked for; an :class:`recsys_core.errors.EngineError` where it cannot be had here."""
    if parameters.name in {"auto", "gpu"}:
        return _gpu_or_local(asked_for=parameters.name == "gpu")
    if parameters.name == "spark":
        from engines.spark import SparkEngine

        return SparkEngine(parameters)
    return LocalEngine()


def _gpu_or_local(*, asked_for: bool) -> Engine:
    from engines.gpu import GPUEngine, why_no_gpu

    reason = why_no_gpu()
    if reason and asked_for:
        raise EngineError(f"engine gpu cannot be used: {reason}")
    if reason:
        _say(f"engine auto: this machine's processors, because {reason}")
        return LocalEngine()
    engine = GPUEngine()
    als = engine.declined.get("als")
    _say(f"engine {engine.name}: ALS by processors, because {als}" if als else f"engine {engine.name}: ALS and EASE")
    return engine


@cache
def _say(line: str) -> None:
    """Once a process, however often it looks for its engine."""
    _LOG.info(line)
