"""The command behind every page of docs/ that holds something measured, at a small size."""

import importlib
import os
import re
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest
from PIL import Image

from bench import pipeline
from bench.memory import sampling
from bench.process import Finished
from pipelines.cli import main
from pipelines.settings import REPOSITORY
from tests.bench.measured_pages import PAGES, PRINTED
from tests.end_to_end.calling import Forked

DOCS: Final = REPOSITORY / "docs"
ABSENT: Final = ("|  | version | validation |", "| by time | all ratings within a day", "| by size |")
"""Tables that the small calls lack, or have fewer columns of: other libraries; people who rated for days; sizes."""

pytestmark = [pytest.mark.timeout(600), pytest.mark.usefixtures("few_trials_environment")]


@pytest.fixture(scope="module")
def workspace(made_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where commands keep things, with the home that `bench.serving` would make."""
    folder = tmp_path_factory.mktemp("workspace")
    shutil.copytree(made_home / "home", folder / "serving" / "home")
    return folder


def call(command: str, *arguments: str) -> None:
    name = f"{command}.__main__" if (REPOSITORY / command.replace(".", "/")).is_dir() else command
    importlib.import_module(name).main(arguments)


def skeleton(page: str) -> set[str]:
    """Headings, and the first rows of tables; every number is 0."""
    lines = page.splitlines()
    heads = {lines[num - 1] for num, line in enumerate(lines) if re.match(r"\| ?:?---", line)}
    return {re.sub(r"\d[\d,]*", "0", line) for line in heads | {line for line in lines if line.startswith("#")}}


def without(lines: set[str]) -> set[str]:
    """``lines`` without those that small calls lack."""
    return {line for line in lines if not line.startswith(ABSENT)}


@pytest.mark.parametrize("command", PAGES)
def test_the_command_writes_its_page_with_all_headings_and_tables(
    command: str, made_home: Path, workspace: Path, tmp_path: Path
) -> None:
    page, arguments = PAGES[command]
    given = [argument.format(made=made_home, workspace=workspace) for argument in arguments]
    call(command, "--out", str(tmp_path / page), *given)
    written = (tmp_path / page).read_text(encoding="utf-8")
    assert f"`python -m {command}" in written
    assert skeleton(written) == without(skeleton((DOCS / page).read_text(encoding="utf-8")))


def forked(arguments: Sequence[str]) -> Finished:
    """What :func:`bench.process.recsys` does, in a process that has imported what takes long."""
    began = time.monotonic()
    command = Forked(main, list(arguments), environment=dict(os.environ))
    with sampling(command.pid) as memory:
        said = command.said()
    assert said.code == 0, said
    return Finished(said.out.encode(), time.monotonic() - began, memory)


@pytest.mark.slow
def test_the_pipeline_is_measured_at_several_sizes(
    made_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "recsys", forked)
    given = ("--data", str(made_home / "data"), "--sizes", "20000", "200000", "--movies", "1000")
    pipeline.main(("--out", str(tmp_path / "performance.md"), *given))
    written = (tmp_path / "performance.md").read_text(encoding="utf-8")
    assert without(skeleton(written)) == without(skeleton((DOCS / "performance.md").read_text(encoding="utf-8")))
    table = written[written.index("| by size | 20,000 ratings | 200,000 ratings | growth |") :].splitlines()
    rows = {line.split(" | ")[0]: line for line in table if line.startswith("| `")}
    assert {"| `als_model`", "| `hybrid_weights`", "| `evaluation`", "| `recommendations`"} & rows.keys()
    assert all(re.fullmatch(r"\| `\w+` \| ([\d.]+ s, ([\d,]+ MiB|–) \| ){2}[\d.]+ \|", line) for line in rows.values())
    assert "the ratings grow 10.0 times" in written
    with Image.open(tmp_path / "images" / f"{pipeline.PICTURE}.png") as picture:
        assert picture.width > 900


def test_experiments_print_the_tables_of_their_page(capsys: pytest.CaptureFixture[str]) -> None:
    call(PRINTED, "--experiments", "1")
    printed = capsys.readouterr().out
    assert f"`python -m {PRINTED}" in printed
    assert skeleton(printed)
    assert skeleton(printed) <= skeleton((DOCS / "experiments.md").read_text(encoding="utf-8"))


def test_what_texts_cost_is_printed_as_the_page_of_times_has_it(capsys: pytest.CaptureFixture[str]) -> None:
    call("bench.text_ids", "--ratings", "20000", "--times", "1")
    printed = capsys.readouterr().out
    assert "`python -m bench.text_ids" in printed
    assert skeleton(printed)
    assert skeleton(printed) <= skeleton((DOCS / "performance.md").read_text(encoding="utf-8"))
