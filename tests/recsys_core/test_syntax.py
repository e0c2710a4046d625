"""Python's parser, which in Python 3.11 does not survive two threads at once, is held by one of them."""

import ast
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from recsys_core.source_digest import source_digest
from recsys_core.storage import load_arrays, save_arrays
from recsys_core.syntax import PARSER, literal, parsed

_WORK: dict[str, Callable[[Path], object]] = {
    "arrays": load_arrays,
    "a literal": lambda _: literal("1"),
    "source": lambda _: parsed("a = 1"),
    "a digest": lambda _: source_digest("a = 1"),
}


@pytest.mark.parametrize("what", _WORK)
def test_who_parses_waits_for_who_does(tmp_path: Path, what: str) -> None:
    path, done = tmp_path / "some.npz", threading.Event()
    save_arrays(path, one=np.arange(3))

    def work() -> None:
        _WORK[what](path)
        done.set()

    thread = threading.Thread(target=work)
    with PARSER:
        thread.start()
        assert not done.wait(0.05)
    thread.join()
    assert done.is_set()


def test_it_reads_what_python_reads() -> None:
    assert literal("[1, 'two', None]") == [1, "two", None]
    assert ast.dump(parsed("a = 1")) == ast.dump(ast.parse("a = 1"))
    with pytest.raises(SyntaxError):
        parsed("a =")
