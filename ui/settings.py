"""What the environment says about the page; read in one place."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import SecretStr

__all__ = ["PageSettings"]

_API_URL: Final = "http://127.0.0.1:8000"
_TMDB_API_URL: Final = "https://api.themoviedb.org/3"
_TMDB_IMAGE_URL: Final = "https://image.tmdb.org/t/p"


@dataclass(frozen=True, slots=True)
class PageSettings:
    """Addresses, the folder of the poster cache, and TMDB's key (None: placeholders are drawn)."""

    api_url: str = _API_URL
    home: Path = Path(".recsys")
    tmdb_key: SecretStr | None = None
    tmdb_api_url: str = _TMDB_API_URL
    tmdb_image_url: str = _TMDB_IMAGE_URL

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> "PageSettings":
        """Read ``RECSYS_API_URL``, ``RECSYS_HOME``, ``TMDB_API_KEY``, ``TMDB_API_URL`` and ``TMDB_IMAGE_URL``."""
        given = os.environ if environment is None else environment
        key = given.get("TMDB_API_KEY", "").strip()
        return cls(
            api_url=(given.get("RECSYS_API_URL") or _API_URL).rstrip("/"),
            home=Path(given.get("RECSYS_HOME") or ".recsys"),
            tmdb_key=SecretStr(key) if key else None,
            tmdb_api_url=(given.get("TMDB_API_URL") or _TMDB_API_URL).rstrip("/"),
            tmdb_image_url=(given.get("TMDB_IMAGE_URL") or _TMDB_IMAGE_URL).rstrip("/"),
        )
