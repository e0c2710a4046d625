"""The code that decides a result: a digest of what each file says, and the releases of the libraries it imports."""

import ast
import atexit
import hashlib
import importlib.util
import inspect
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from recsys_core.errors import StorageError
from recsys_core.source_digest import source_digest
from recsys_core.storage import read_json, write_json
from recsys_core.syntax import parsed

__all__ = ["Code", "code_of", "differs_on_disk"]

_MEMORY = Path(__file__).with_name("__pycache__") / "code_digests.json"
_ROOT = Path(__file__).resolve().parents[2]
_LIBRARIES = ("great_expectations", "implicit", "mlflow", "numpy", "optuna", "pandas", "pyarrow", "scipy")
"""Libraries that decide results; their releases count where named code imports them."""


class Code:
    """The code behind one asset: its function, and the packages and modules that it names.

    files      digest of each file, by its name in the project: the same in a checkout, a wheel and a container
    libraries  release of each library that they import

    Read when this is made, which is when the code is loaded.
    """

    def __init__(self, function: Callable[..., Any], modules: tuple[str, ...]) -> None:
        path = Path(inspect.getfile(function)).resolve()
        own = f"{function.__name__} in {_name(path)}"
        paths = sorted({found for module in modules for found in _files_of(module)})
        self.files: Mapping[str, str] = {own: _facts(path, function.__name__)[0], **code_of(*modules)}
        imported = {library for found in [path, *paths] for library in _facts(found)[1]}
        self.libraries: Mapping[str, str] = {name: _release(name) for name in sorted(imported)}


def code_of(*modules: str) -> dict[str, str]:
    """The digest of each file of the named packages and modules, by its name in the project."""
    paths = sorted({found for module in modules for found in _files_of(module)})
    return {_name(found): _facts(found)[0] for found in paths}


_LOADED: dict[Path, str] = {}  # the content of every file whose digest was taken, when it was taken
_NAMED: dict[str, tuple[Path, ...]] = {}  # the files of every named package or module, as they were then
_RELEASES: dict[str, str] = {}


def differs_on_disk() -> list[str]:
    """What is otherwise than when the code was loaded, by name: files that say something else, new ones, libraries."""
    changed = []
    for path, text in _LOADED.items():
        try:
            now = path.read_text(encoding="utf-8")
            same = now == text or source_digest(now) == source_digest(text)
        except (OSError, SyntaxError, ValueError):  # removed, or saved by half
            same = False
        if not same:
            changed.append(_name(path))
    for paths in _NAMED.values():
        if paths[0].with_name("__init__.py") in paths:  # a whole package
            changed += [f"{_name(path)} (new)" for path in sorted({*_glob(paths[0])} - {*paths})]
    return changed + [f"{name} (another release)" for name, found in _RELEASES.items() if version(name) != found]


@cache
def _files_of(module: str) -> tuple[Path, ...]:
    """The source files of a module, or of a package without its subpackages."""
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"{module}: an asset names it as its code, and there is no such module")
    path = Path(spec.origin).resolve()
    _NAMED[module] = _glob(path) if path.name == "__init__.py" else (path,)
    return _NAMED[module]


def _glob(path: Path) -> tuple[Path, ...]:
    return tuple(path.parent.glob("*.py"))


@cache
def _facts(path: Path, function: str | None = None) -> tuple[str, frozenset[str]]:
    """The digest of a file, or of one function in it, and the libraries that the file imports."""
    text = _text(path)
    how = [_text(Path(file).resolve()) for file in (__file__, inspect.getfile(source_digest))]
    key = hashlib.sha256("\0".join([*how, str(function), text]).encode()).hexdigest()
    if key not in _known():
        nodes = [*ast.walk(parsed(text))]
        modules = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
        modules += [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
        libraries = {module.split(".")[0] for module in modules} & {*_LIBRARIES}
        _known()[key] = [source_digest(text, function=function), sorted(libraries)]
    digest, found = _known()[key]
    return digest, frozenset(found)


@cache
def _known() -> dict[str, Any]:
    """What earlier processes found, kept beside the byte code: parsing the project takes half a second."""
    known: dict[str, Any] = {}
    with suppress(StorageError, TypeError, ValueError):
        known = dict(read_json(_MEMORY))
    n_known = len(known)

    def keep() -> None:
        if len(known) > n_known:
            with suppress(OSError):  # a folder that cannot be written
                write_json(_MEMORY, known)

    atexit.register(keep)
    return known


@cache
def _release(library: str) -> str:
    _RELEASES[library] = version(library)
    return _RELEASES[library]


@cache
def _text(path: Path) -> str:
    _LOADED[path] = path.read_text(encoding="utf-8")
    return _LOADED[path]


def _name(path: Path) -> str:
    return path.relative_to(_ROOT).as_posix() if path.is_relative_to(_ROOT) else path.name
