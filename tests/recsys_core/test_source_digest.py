"""What code says counts; how it looks does not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys_core.source_digest import source_digest

FUNCTION = "@declared(1)\ndef f(a, b=2):\n    return a + b\n"

SAME = {
    "a comment": ("a = 1\n", "# why\na = 1  # here\n"),
    "a docstring of the module": ("a = 1\n", '"""Doc."""\na = 1\n'),
    "a docstring of a class": ("class C:\n    a: int\n", "class C:\n    'Doc.'\n    a: int\n"),
    "a docstring of a function": ("def f():\n    return 1\n", "def f():\n    '''Doc.'''\n    return 1\n"),
    "a docstring of a field": ("class C:\n    a: int\n    b: int\n", "class C:\n    a: int\n    'A.'\n    b: int\n"),
    "another docstring alone": ("def f():\n    'One.'\n", "def f():\n    'Two.'\n"),
    "pass": ("class C:\n    'Doc.'\n", "class C:\n    pass\n"),
    "pass beside something": ("if a:\n    b()\n", "if a:\n    b()\n    pass\n"),
    "quotes": ("a = 'b'\n", 'a = """b"""\n'),
    "quotes of an f-string": ("a = f'{b} c'\n", 'a = f"{b} c"\n'),
    "texts side by side": ("a = 'bc'\n", "a = ('b'\n     'c')\n"),
    "f-strings side by side": ("a = f'{b}cd'\n", "a = (f'{b}c'\n     'd')\n"),
    "a trailing comma": ("f(a, b)\nc = [1, 2]\n", "f(\n    a,\n    b,\n)\nc = [1, 2,]\n"),
    "line breaks and blank lines": ("a = b + c\nd = 1\n", "a = (\n    b\n    + c\n)\n\n\nd = 1\n"),
    "brackets": ("a = b * c + d\n", "a = ((b * c) + d)\n"),
    "semicolons": ("a = 1\nb = 2\n", "a = 1; b = 2\n"),
    "another way to write a number": ("a = 1000\nb = 16\n", "a = 1_000\nb = 0x10\n"),
    "indentation": ("if a:\n    b()\n", "if a: b()\n"),
}
ANOTHER = {
    "a number": ("a = 1\n", "a = 2\n"),
    "the kind of a number": ("a = 1\n", "a = 1.0\n"),
    "a sign": ("a = 1\n", "a = -1\n"),
    "a text": ("a = 'b'\n", "a = 'c'\n"),
    "a text or its bytes": ("a = 'b'\n", "a = b'b'\n"),
    "a text that is used": ("def f():\n    return 'b'\n", "def f():\n    return 'c'\n"),
    "the text of an f-string": ("a = f'{b} c'\n", "a = f'{b} d'\n"),
    "where the text stands": ("a = f'c{b}'\n", "a = f'{b}c'\n"),
    "a conversion": ("a = f'{b}'\n", "a = f'{b!r}'\n"),
    "a format": ("a = f'{b:.2f}'\n", "a = f'{b:.3f}'\n"),
    "a name": ("a = b\n", "a = c\n"),
    "an attribute": ("a.b()\n", "a.c()\n"),
    "an operator": ("a = b + c\n", "a = b - c\n"),
    "a comparison": ("a = b < c\n", "a = b <= c\n"),
    "brackets that count": ("a = b * c + d\n", "a = b * (c + d)\n"),
    "the order of lines": ("a()\nb()\n", "b()\na()\n"),
    "the order of arguments": ("f(a, b)\n", "f(b, a)\n"),
    "a keyword": ("f(a=1)\n", "f(b=1)\n"),
    "a star": ("f(a)\n", "f(*a)\n"),
    "a default": ("def f(a=1): return a\n", "def f(a=2): return a\n"),
    "a decorator": ("@a\ndef f(): return 1\n", "def f(): return 1\n"),
    "a base class": ("class C(A): x = 1\n", "class C(B): x = 1\n"),
    "a type hint, which a library may read": ("class C:\n    a: int\n", "class C:\n    a: float\n"),
    "async": ("def f(): return 1\n", "async def f(): return 1\n"),
    "a branch": ("if a: b()\n", "if a: b()\nelse: c()\n"),
    "where a line belongs": ("if a:\n    b()\n    c()\n", "if a:\n    b()\nc()\n"),
    "an import": ("from a import b\n", "from a import c as b\n"),
    "how far up an import goes": ("from . import b\n", "from .. import b\n"),
    "one item or a tuple of it": ("a = (b)\n", "a = (b,)\n"),
    "a constant": ("a = True\n", "a = 1\n"),
    "nothing or Ellipsis": ("a = None\n", "a = ...\n"),
    "one more line": ("a()\n", "a()\na()\n"),
}


@pytest.mark.parametrize("what", list(SAME))
def test_what_looks_different_and_says_the_same_does_not_count(what: str) -> None:
    one, other = SAME[what]
    assert source_digest(one) == source_digest(other)


@pytest.mark.parametrize("what", list(ANOTHER))
def test_everything_else_counts(what: str) -> None:
    one, other = ANOTHER[what]
    assert source_digest(one) != source_digest(other)


names = st.sampled_from(["a", "b", "c"])
expressions = st.recursive(
    st.one_of(names, st.integers(0, 3).map(str), st.text("xy", max_size=2).map(repr)),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*"), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        st.tuples(names, st.lists(inner, max_size=2)).map(lambda t: f"{t[0]}({', '.join(t[1])})"),
        st.lists(inner, max_size=2).map(lambda items: f"[{', '.join(items)}]"),
    ),
    max_leaves=6,
)


@given(expressions, expressions)
def test_two_expressions_have_one_digest_exactly_when_they_are_the_same_expression(one: str, other: str) -> None:
    """Both are written with all brackets, so the same text is the same tree."""
    assert (source_digest(f"v = {one}") == source_digest(f"v = {other}")) == (one == other)


@given(expressions)
def test_brackets_and_line_breaks_around_an_expression_do_not_count(expression: str) -> None:
    assert source_digest(f"v = {expression}") == source_digest(f"v = (\n  # why\n  ({expression})\n)\n")


def test_one_function_of_a_file_is_told_apart_from_the_others() -> None:
    alone = source_digest(FUNCTION, function="f")
    assert source_digest(f"x = 1\n\n\n{FUNCTION}\n\ndef g():\n    return 2\n", function="f") == alone
    assert source_digest(FUNCTION.replace("a + b", "a - b"), function="f") != alone


def test_the_decorators_of_a_function_are_the_recipes_matter_and_do_not_count() -> None:
    other = FUNCTION.replace("declared(1)", "declared(group='models')")
    assert source_digest(other, function="f") == source_digest(FUNCTION, function="f")
