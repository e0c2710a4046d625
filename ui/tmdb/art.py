"""What the page keeps of TMDB's answer about a movie."""

import re
from typing import Annotated, Any, Final

from pydantic import AliasChoices, BaseModel, BeforeValidator, Field, ValidationError

__all__ = ["Art", "read_art"]

_IMAGE_PATH: Final = re.compile(r"/[A-Za-z0-9_-]+\.(?:jpg|jpeg|png|webp)")


def _image_path(value: Any) -> str | None:
    """A path goes into an address of the page, so anything but a plain file name is no image."""
    return value if isinstance(value, str) and _IMAGE_PATH.fullmatch(value) else None


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


_ImagePath = Annotated[str | None, BeforeValidator(_image_path)]


class Art(BaseModel):
    """Pictures and words of one movie; what TMDB does not have is None or empty."""

    tmdb_id: int = Field(validation_alias=AliasChoices("id", "tmdb_id"))
    poster_path: _ImagePath = None
    backdrop_path: _ImagePath = None
    overview: Annotated[str, BeforeValidator(_text)] = ""

    def poster_url(self, images: str, width: int = 342) -> str | None:
        """Address of the poster below ``images`` (https://image.tmdb.org/t/p)."""
        return f"{images}/w{width}{self.poster_path}" if self.poster_path else None

    def backdrop_url(self, images: str, width: int = 1280) -> str | None:
        """Address of the wide picture below ``images``."""
        return f"{images}/w{width}{self.backdrop_path}" if self.backdrop_path else None


def read_art(body: bytes | str) -> Art | None:
    """TMDB's JSON as Art; None for anything else."""
    try:
        return Art.model_validate_json(body)
    except ValidationError:
        return None
