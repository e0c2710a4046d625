"""The session of docs/library.md gives what the page says: the same words, and nearly the same figures."""

import doctest
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "library.md"
NUMBER = re.compile(r"[+−-]?(?:\d[\d,]*)?\.?\d+")


class AboutTheSame(doctest.OutputChecker):
    """Numbers with a point may differ by 2 %, or by .01."""

    def check_output(self, want: str, got: str, optionflags: int) -> bool:
        wanted, found = NUMBER.findall(want), NUMBER.findall(got)
        want, got = (" ".join(NUMBER.sub("#", text.replace("<BLANKLINE>", "")).split()) for text in (want, got))
        return want == got and all(map(_near, wanted, found))


def _near(wanted: str, found: str) -> bool:
    if "." not in wanted:
        return wanted == found
    one, other = (float(text.replace("−", "-").replace(",", "")) for text in (wanted, found))
    return abs(one - other) <= max(0.01, 0.02 * abs(one))


@pytest.mark.parametrize(
    ("want", "got", "same"),
    [
        ("hybrid .329 [+.282]", "hybrid  .331 [+.283]", True),
        ("hybrid .329", "hybrid .349", False),
        ("hybrid −.329", "hybrid .329", False),
        ("114 users", "115 users", False),
        ("Aliens 9.61", "Alien 9.61", False),
        ("1 2.5", "1", False),
    ],
)
def test_the_checker_sees_what_differs(want: str, got: str, same: bool) -> None:
    assert AboutTheSame().check_output(want, got, 0) is same


def test_the_session_runs_as_it_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").symlink_to(ROOT / "data")
    shown = "\n".join(re.findall(r"```pycon\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL))
    session = doctest.DocTestParser().get_doctest(shown, {}, PAGE.name, str(PAGE), 0)
    assert len(session.examples) > 10
    differences: list[str] = []
    found = doctest.DocTestRunner(AboutTheSame(), verbose=False).run(session, out=differences.append)
    assert found.failed == 0, "".join(differences)


def test_the_slide_names_what_there_is() -> None:
    from recsys_core import Dataset, Recommender

    slide = PAGE.read_text(encoding="utf-8").split("```")[1]
    for name in re.findall(r"(?:model|\))\.(\w+)\(", slide):
        assert hasattr(Recommender, name), name
    for name in re.findall(r"(?:data|Dataset)\.(\w+)\(", slide):
        assert hasattr(Dataset, name), name
