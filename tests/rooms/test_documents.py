"""Commands that README and docs show are commands that there are, with the options that they have."""

import importlib.util
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from pipelines.cli.main import recsys

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "mlflow" / "README.md", *(ROOT / "docs").rglob("*.md")])
SHOWN = re.compile(r"^\s*(?:\$ |> )?((?:recsys|make|python -m) .*)|`((?:recsys|make|python -m) [^`]*)`", re.MULTILINE)
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def commands() -> Iterator[tuple[str, str]]:
    """(page, command): lines of blocks, and what stands in the text as code."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        blocks = "".join(re.findall(r"```\w+\n(.*?)```", text, re.DOTALL))
        outside = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
        for found in (*SHOWN.finditer(blocks), *(one for one in SHOWN.finditer(outside) if one[2])):
            yield page.relative_to(ROOT).as_posix(), found[1] or found[2]


def fault(command: str) -> str:
    """Why it cannot be run as it is written; empty when it can."""
    program, *words = shlex.split(command, comments=True)
    if program == "make":
        return "" if set(words) <= TARGETS else "no such target"
    if program == "python":
        return "" if importlib.util.find_spec(words[1]) else "no such module"
    found: click.Command = recsys
    while isinstance(found, click.Group) and words and not words[0].startswith("-"):
        name = words.pop(0)
        named = found.get_command(click.Context(found), name)
        if named is None:
            return f"no such command: {name}"
        found = named
    options = {text for parameter in found.params for text in parameter.opts}
    unknown = {word for word in words if re.match(r"--?[a-z]", word)} - options
    return f"no such options: {sorted(unknown)}" if unknown else ""


def test_every_command_that_is_shown_can_be_run_as_written() -> None:
    shown = list(commands())
    assert {"README.md", "docs/api.md", "docs/deployment.md", "docs/operating.md"} <= {page for page, _ in shown}
    assert [(page, command, wrong) for page, command in shown if (wrong := fault(command))] == []


@pytest.mark.parametrize("wrong", ["recsys recomend", "recsys run --dta x", "make demoo", "python -m bench.acuracy"])
def test_a_command_that_there_is_not_is_found(wrong: str) -> None:
    assert fault(wrong)


def test_the_environment_is_entered_before_recsys_is_called_by_its_name() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert readme.index("make demo") < readme.index("source .venv/bin/activate") < readme.index("recsys recommend")
    for page in PAGES:
        assert not re.search(r"\.venv/bin/(?!activate)", page.read_text(encoding="utf-8")), page
