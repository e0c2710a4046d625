"""The one reader of YAML files: what a person wrote by mistake is refused with its line, never guessed at."""

from pathlib import Path
from typing import Any

import yaml

from recsys_core.errors import MissingFileError, ParameterError

__all__ = ["read_yaml"]

_LARGEST = 1_000_000  # bytes of a file that somebody wrote by hand
_MOST_VALUES = 10_000  # with every alias replaced by what it stands for
_TEXT = {"tag:yaml.org,2002:str", "tag:yaml.org,2002:merge"}


def read_yaml(path: Path, what: str) -> dict[str, Any]:
    """The mapping in the file ``path``, empty for an empty file; ``what`` it is begins every message.

    MissingFileError when it cannot be read; ParameterError, with the line, for what is not YAML in UTF-8, a key that
    is given twice or is no text, aliases that grow beyond measure, and anything else than a mapping.
    """
    try:
        with path.open("rb") as opened:
            content = opened.read(_LARGEST + 1)
    except OSError as error:
        raise MissingFileError(f"{what} {path}: cannot be read ({error.strerror}); give a file") from error
    if len(content) > _LARGEST:
        raise ParameterError(f"{what} {path}: is longer than {_LARGEST:,} bytes; give a YAML file")
    try:
        values = yaml.load(content.decode("utf-8-sig"), _Loader)
    except yaml.MarkedYAMLError as error:
        raise ParameterError(f"{what} {path}: {_in_one_line(error)}") from None
    except (yaml.YAMLError, ValueError) as error:  # not UTF-8, a control character, 2026-02-30 as a date
        raise ParameterError(f"{what} {path}: is not valid YAML ({' '.join(str(error).split())})") from None
    except RecursionError:
        raise ParameterError(f"{what} {path}: is nested too deeply; give a flatter file") from None
    if values is not None and not isinstance(values, dict):
        raise ParameterError(f"{what} {path}: expected 'name: value' lines, found a {type(values).__name__}")
    return values or {}


class _Refused(yaml.MarkedYAMLError):
    """What YAML would allow and nobody means."""


class _Loader(yaml.SafeLoader):
    """PyYAML's, which takes the last of two equal keys and any number of aliases."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        node = super().compose_node(parent, index)
        if isinstance(node, yaml.MappingNode):
            _check_keys(node)
        if parent is None and node is not None:
            _size(node, {})
        return node


def _check_keys(node: yaml.MappingNode) -> None:
    seen: dict[str, yaml.Node] = {}
    for key, _ in node.value:
        if key.tag not in _TEXT:
            problem = f"expected a name before the colon, found {key.value!r}; put it in quotes if it is one"
            raise _Refused(problem=problem, problem_mark=key.start_mark)
        first = seen.setdefault(key.value, key)
        if first is not key:
            problem = f"{key.value} is given twice, first in line {first.start_mark.line + 1}; keep one of them"
            raise _Refused(problem=problem, problem_mark=key.start_mark)


def _size(node: yaml.Node, known: dict[int, int]) -> int:
    """Number of values below ``node`` with aliases replaced; refuses what is too much, or holds itself."""
    if id(node) in known:
        return known[id(node)]
    known[id(node)] = _MOST_VALUES  # while it is counted: an alias inside itself is endless
    children = [part for pair in node.value for part in pair] if isinstance(node, yaml.MappingNode) else node.value
    size = 1 + (0 if isinstance(node, yaml.ScalarNode) else sum(_size(child, known) for child in children))
    if size > _MOST_VALUES:
        problem = f"stands for more than {_MOST_VALUES:,} values; write them without aliases (*name)"
        raise _Refused(problem=problem, problem_mark=node.start_mark)
    known[id(node)] = size
    return size


def _in_one_line(error: yaml.MarkedYAMLError) -> str:
    """ "line 3: is not valid YAML (expected ',' or ']')"."""
    mark = error.problem_mark or error.context_mark
    where = f"line {mark.line + 1}: " if mark else ""
    return f"{where}{error.problem}" if isinstance(error, _Refused) else f"{where}is not valid YAML ({error.problem})"
