"""Names of columns that mean the same."""

__all__ = ["plain_name"]


def plain_name(name: str) -> str:
    """Without case and what is between words: ``user_id`` and ``User ID`` are both ``userid``."""
    return "".join(character for character in name.casefold() if character.isalnum())
