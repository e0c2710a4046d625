"""A declaration as YAML, with the guesses as comments."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import yaml

from recsys_core.drafting.guesses import Guess

__all__ = ["as_yaml"]

_HEAD: Final = "# Drafted from the files; correct what is wrong. Every field: docs/your-own-data.md\n"
_PLAIN: Final = re.compile(r"[A-Za-z_][\w.-]*", re.ASCII)


def as_yaml(declared: Mapping[str, Any], guesses: Sequence[Guess]) -> str:
    """``declared`` as a person would write it, each line with how sure its guess is and why."""
    return _HEAD + "\n".join(_lines(declared, "", {guess.what: guess for guess in guesses})) + "\n"


def _lines(section: Mapping[str, Any], path: str, guesses: Mapping[str, Guess]) -> Iterator[str]:
    indent = "  " * path.count("/")
    for name, value in section.items():
        here = f"{path}{name}"
        if isinstance(value, Mapping):
            yield f"{indent}{_scalar(name)}:"
            yield from _lines(value, f"{here}/", guesses)
            continue
        text = f"{indent}{_scalar(name)}: {_scalar(value)}"
        guess = guesses.get(here.replace("/", "."))
        yield f"{text}  # {guess.confidence}: {_in_one_line(guess.why)}" if guess else text


def _scalar(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_scalar, value))}]"
    if isinstance(value, str):
        as_it_is = _PLAIN.fullmatch(value) and yaml.safe_load(value) == value
        return value if as_it_is else "".join(map(_escaped, json.dumps(value, ensure_ascii=False)))
    return json.dumps(value)


def _escaped(character: str) -> str:
    return character if character.isprintable() else f"\\U{ord(character):08x}"


def _in_one_line(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text)
