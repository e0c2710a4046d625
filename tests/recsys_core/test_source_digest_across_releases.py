"""The digest of what code says is the same on every release of Python.

The table is the guarantee: each release that runs the tests must find these very digests.
"""

import pytest

from recsys_core.source_digest import source_digest

SOURCES = {
    "nothing": ("", "ad2e13b69c4fc1fd"),
    "f-strings": ("a = f'{x}' f'and {y!r:>{width}}' 'plain' f'{{braces}} {z:}'\n", "3367e6eddf9f23a0"),
    "nested format specs": ("a = f'{x:{y}.{z}}|{x:0>{width + 1}d}|{w!s:^{f\"{n}\"}}'\n", "7c416f2c0a65ba8a"),
    "f-string that names what it shows": ("a = f'{x = } {x + 1=!r:>8}'\n", "2f954aba35eaa222"),
    "f-string over lines": ('a = f"""\n  {x}\n  \\N{BULLET} {y:%Y-%m-%d}\n"""\n', "e063860458344287"),
    "f-string without values": ("a = f'text' 'more'\nb = f''\nc = f'{\"\"}'\n", "37841ed8d04ff23a"),
    "raw and backslashes": ("a = rf'\\d{{2}}{x}\\n'\nb = r'\\d'\nc = '\\x41\\u00e9'\n", "79c1ec6ecc58e950"),
    "text of every script": (
        "a = 'żółć 日本 🙂 \u200b \x7f'\nb = '\U0001fae8 \U0001fac6'\nnaïve = 1\n",
        "07aeb669ae5bd827",
    ),
    "match": (
        "match a:\n case [1, *rest] if rest: b = 1\n case {'k': v, **others}: b = v\n"
        " case Point(x=0) | None: b = 2\n case (1 | 2) as n: b = n\n case -1.5: b = 0\n case _: pass\n",
        "990b3560f2ef6268",
    ),
    "decorators": ("@one\n@two(3, *a, k=4, **b)\nclass C(Base, metaclass=M):\n    x: int = 3\n", "02a4a99a89097f76"),
    "type hints": (
        "def f(a: 'int', /, b: list[int | None] = [], *c: T, d: X = 1, **e: Y) -> dict[str, 'Q']: ...\n",
        "ade33bda76931969",
    ),
    "walrus and stars": (
        "if (n := len(a)) > 1: first, *rest = *a, n\nb = [*a, *b]\nc = {**d, 'k': 1}\ng(*a, **d)\n",
        "6213c6e5843cb6af",
    ),
    "async": (
        "async def f():\n async with a as b, c: ...\n async for x in y: await x\n"
        " return [z async for z in w if await z]\n",
        "46b0e9ee8499a81e",
    ),
    "constants": (
        "a = (b'\\x00\\xff', 1j, 2.5e-300, 1e400, -0.0, 10**100, ..., None, True, 0x1F, 1_000)\n",
        "09743ecc99514859",
    ),
    "long number": ("a = 123456789012345678901234567890\n", "8dd001fcc4c6c26f"),
    "lambda and comprehension": (
        "a = lambda x, *y, z=1: {k: v for k, v in x if k for w in v}\nb = (i for i in a)\n",
        "e41724bb0a330cdf",
    ),
    "slices": ("a[1:2, ::3, ...] = b[*c]\ndel a[0], a.b\n", "eea47c750442664a"),
    "exceptions": ("try:\n raise A from b\nexcept* (A, B) as e:\n c\nelse:\n d\nfinally:\n e\n", "4ef6b2f1a90ded58"),
    "globals, loops, imports": (
        "from . import a as b\nfrom ..c import *\nimport d.e\n"
        "def f():\n global g\n for i in j:\n  continue\n else:\n  pass\n while 1: break\n assert x, 'y'\n",
        "808ce31482b22db6",
    ),
}


@pytest.mark.parametrize("name", list(SOURCES))
def test_what_code_says_has_the_same_digest_on_every_release(name: str) -> None:
    source, expected = SOURCES[name]
    assert source_digest(source) == expected


def test_these_all_say_something_else() -> None:
    assert len({expected for _, expected in SOURCES.values()}) == len(SOURCES)
