"""What was guessed, and how sure the guess is."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

__all__ = ["Confidence", "Guess"]

Confidence = Literal["sure", "likely", "guess"]


@dataclass(frozen=True, slots=True)
class Guess:
    """One line of a draft.

    what   its place in the declaration, such as ``interactions.columns.item_id``
    value  what it says there; None for what could not be declared
    """

    what: str
    value: Any
    confidence: Confidence
    why: str

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)
