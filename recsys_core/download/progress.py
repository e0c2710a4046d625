"""What a download tells its caller while it runs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

__all__ = ["DownloadProgress", "OnProgress", "Stage"]

Stage = Literal["downloading", "waiting", "checking", "unpacking"]


@dataclass(frozen=True, slots=True)
class DownloadProgress:
    """One step. ``n_bytes`` of ``n_bytes_total`` (None where unknown) are done in this stage.

    ``message`` says why a download is "waiting" before its next attempt.
    """

    stage: Stage
    file: str
    n_bytes: int
    n_bytes_total: int | None
    message: str = ""


OnProgress = Callable[[DownloadProgress], None]
