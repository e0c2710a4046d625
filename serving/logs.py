"""Structured logs: one JSON document a line on standard error, with the id of the request."""

import logging
import sys
from typing import TextIO

import structlog
from structlog.typing import Processor

__all__ = ["configure_logs"]

# Never the values of variables: they hold ids of people, bodies, tokens and addresses with passwords.
_TRACES = structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False))


def configure_logs(level: int = logging.INFO, stream: TextIO | None = None) -> None:
    """One JSON document a line, to standard error or ``stream``; called by the command that starts a server."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _TRACES,
    ]
    as_json = structlog.processors.JSONRenderer(ensure_ascii=False)
    handler = logging.StreamHandler(stream or sys.stderr)  # what uvicorn and MLflow have to say
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, as_json]
        )
    )
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    structlog.configure(
        processors=[*shared, as_json],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(file=stream or sys.stderr),
        cache_logger_on_first_use=False,
    )
