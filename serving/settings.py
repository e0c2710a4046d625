"""What the server is told from outside, once, when it starts."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from recsys_core.errors import ParameterError
from serving.events import event_store_path

__all__ = ["ServingSettings"]


@dataclass(frozen=True)
class ServingSettings:
    """Places, limits and secrets of one server.

    home              folder of all that runs make (RECSYS_HOME)
    tracking_uri      MLflow's address; empty for the embedded store below ``home`` (MLFLOW_TRACKING_URI)
    redis_url         empty: answers are cached in the process (REDIS_URL)
    events_url        SQLAlchemy address of the events; empty: SQLite below ``home`` (RECSYS_EVENTS_URL)
    experiments_file  YAML file; None: no experiment (RECSYS_EXPERIMENTS)
    admin_token       empty: admin calls are off (RECSYS_ADMIN_TOKEN)
    poll_seconds      how often the aliases are looked up (RECSYS_POLL_SECONDS)
    cache_seconds     how long an answer is kept, 0 for not at all (RECSYS_CACHE_SECONDS)
    drop_seconds      how often new ratings are written out for the next training run (RECSYS_DROP_SECONDS)
    answer_seconds    time an answer may take before the caller is told to come again (RECSYS_ANSWER_SECONDS)
    max_body_bytes    longest body of a request
    max_waiting       most answers that are being worked out or wait for it
    max_requests      most requests that are being answered, whatever they ask for
    """

    home: Path
    tracking_uri: str = ""
    redis_url: str = ""
    events_url: str = ""
    experiments_file: Path | None = None
    admin_token: str = ""
    poll_seconds: float = 5.0
    cache_seconds: float = 300.0
    drop_seconds: float = 60.0
    answer_seconds: float = 5.0
    max_body_bytes: int = 256 * 1024
    max_waiting: int = 64
    max_requests: int = 256

    @classmethod
    def from_environment(
        cls,
        *,
        home: Path,
        tracking_uri: str = "",
        experiments_file: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> Self:
        found = os.environ if environment is None else environment
        declared = found.get("RECSYS_EXPERIMENTS")
        return cls(
            home=home,
            tracking_uri=tracking_uri,
            redis_url=found.get("REDIS_URL", ""),
            events_url=found.get("RECSYS_EVENTS_URL", ""),
            experiments_file=experiments_file or (Path(declared) if declared else None),
            admin_token=found.get("RECSYS_ADMIN_TOKEN", ""),
            poll_seconds=_seconds(found, "RECSYS_POLL_SECONDS", cls.poll_seconds, least=0.05),
            cache_seconds=_seconds(found, "RECSYS_CACHE_SECONDS", cls.cache_seconds),
            drop_seconds=_seconds(found, "RECSYS_DROP_SECONDS", cls.drop_seconds, least=0.05),
            answer_seconds=_seconds(found, "RECSYS_ANSWER_SECONDS", cls.answer_seconds, least=0.05),
        )

    @property
    def events_address(self) -> str:
        return self.events_url or str(event_store_path(self.home))

    @property
    def ratings_drop(self) -> Path:
        """Where ratings that people gave lie for the next training run, in the format of ratings.csv."""
        return self.home / "feedback" / "ratings.csv"


def _seconds(found: Mapping[str, str], name: str, default: float, *, least: float = 0.0) -> float:
    text = found.get(name, "")
    try:
        value = float(text) if text else default
    except ValueError:
        raise ParameterError(f"{name} is {text!r}, expected a number of seconds") from None
    if not least <= value < float("inf"):
        raise ParameterError(f"{name} is {text}, expected at least {least:g} seconds")
    return value
