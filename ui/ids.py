"""Ids in the address of a page: between commas, so that their own commas are written as %2C."""

from urllib.parse import unquote

from serving.schemas import Id, read_id

__all__ = ["ids_of_words", "word_of"]


def word_of(name: Id) -> str:
    """An id as a word of a list with commas."""
    return str(name).replace("%", "%25").replace(",", "%2C")


def ids_of_words(text: str) -> list[Id]:
    """The ids of a list that :func:`word_of` made, each once; what can be no id is left out."""
    return list(dict.fromkeys(name for word in text.split(",") if (name := read_id(unquote(word))) is not None))
