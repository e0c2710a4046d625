"""What Prometheus is told: one set of counters for each server, none shared by the process."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

__all__ = ["Metrics"]

_SECONDS = (0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.02, 0.035, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class Metrics:
    """Counters, gauges and histograms of one server; names begin with ``recsys_``."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "recsys_requests", "Requests by route, method and status.", ("route", "method", "status"),
            registry=self.registry,
        )  # fmt: skip
        self.seconds = Histogram(
            "recsys_request_seconds", "Time until the answer was sent.", ("route",),
            buckets=_SECONDS, registry=self.registry,
        )  # fmt: skip
        self.answers = Counter(
            "recsys_answers", "Lists by model, path and where they came from.", ("model", "path", "source"),
            registry=self.registry,
        )  # fmt: skip
        self.cache = Counter(
            "recsys_cache", "Cache look-ups, stores and errors, by outcome.", ("outcome",), registry=self.registry
        )
        self.model_failures = Counter(
            "recsys_model_failures", "Look-ups in the registry and loads that failed.", ("kind",),
            registry=self.registry,
        )  # fmt: skip
        self.model_loaded = Gauge(
            "recsys_model_loaded", "1 for each version that is being served, by what it was asked for.",
            ("reference", "version"), registry=self.registry,
        )  # fmt: skip
        self.events = Counter("recsys_events", "Events stored, by kind.", ("kind",), registry=self.registry)
        self.exposures_lost = Gauge(
            "recsys_exposures_lost", "Exposures that could not be stored.", registry=self.registry
        )
        self.refused = Counter(
            "recsys_refused", "Requests turned away before they were worked on.", ("reason",), registry=self.registry
        )
        self.waiting = Gauge("recsys_waiting", "Answers being worked out or waiting for it.", registry=self.registry)
