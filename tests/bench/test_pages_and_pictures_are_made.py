"""The command behind every page and picture of docs/, at a small size: what `make docs` and `make bench-…` call."""

import importlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from PIL import Image

from bench import pictures, pipeline, web_page
from bench.browser import find_chromium
from pipelines.settings import REPOSITORY, Settings
from registry.tracking import DEFAULT_EXPERIMENT
from tests.bench.declared_pages import DECLARED
from tests.corpus.made_home import copy_home, without_settings
from tests.ui.stub_api import running_stub

DOCS: Final = REPOSITORY / "docs"
MEASURED: Final = ("--data", "{made}/data", "--workspace", "{workspace}")
PAGES: Final = {
    "bench.explanations": ("explanations.md", (*MEASURED, "-k", "3")),
    "bench.onboarding": ("onboarding.md", (*MEASURED, "--folds-to-run", "1")),
    "bench.ideas": ("ideas.md", (*MEASURED, "--folds-to-run", "1", "--seed", "1")),
    "bench.accuracy": ("accuracy.md", (*MEASURED, "--folds-to-run", "1", "--quick", "--no-peers")),
    "bench.published": ("published.md", ("--users", "100", "--items", "120", "--trials", "4")),
    "bench.gate": ("promotion.md", (*MEASURED, "--times", "2", "--folds-to-run", "1")),
    "bench.synthetic": ("synthetic-data.md", ("--ratings", "20000", "--fitted", "30000")),
    "bench.side_by_side": ("side-by-side.md", ("--ratings", "20000", "--no-peers")),
    "bench.serving": ("serving.md", (*MEASURED, "--small", "--questions", "20")),
}
"""What writes a page: the page, and arguments that make it small."""
ABSENT: Final = ("| peer |", "| by time | all ratings within a day", "| by size |")
"""Tables that the small calls lack, or have fewer columns of: other libraries; people who rated for days; sizes."""
PRINTED: Final = "bench.experiments"  # its figures stand in a page of words
PICTURES: Final = ("bench.pictures", "bench.web_page")
ELSEWHERE: Final = ("bench.gpu", "bench.notebooks", "bench.pipeline", "bench.text_ids")  # tried in tests of their own
WORDS: Final = {"api.md", "deployment.md", "engines.md", "library.md", "operating.md", "your-own-data.md"}
"""Without measured figures."""

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(autouse=True)
def _environment(made_home: Path) -> Iterator[None]:
    """No setting of ours from outside, and few trials for whatever runs the pipeline."""
    with without_settings():
        os.environ["RECSYS_CONFIG"] = str(made_home / "small.yaml")
        yield


@pytest.fixture(scope="module")
def workspace(made_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where commands keep things, with the home that `bench.serving` would make."""
    folder = tmp_path_factory.mktemp("workspace")
    shutil.copytree(made_home / "home", folder / "serving" / "home")
    return folder


def call(command: str, *arguments: str) -> None:
    name = f"{command}.__main__" if (REPOSITORY / command.replace(".", "/")).is_dir() else command
    importlib.import_module(name).main(arguments)


def size_of(picture: Path) -> tuple[int, int]:
    with Image.open(picture) as opened:
        return opened.size


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


@pytest.mark.slow
def test_the_pipeline_is_measured_at_several_sizes(made_home: Path, tmp_path: Path) -> None:
    given = ("--data", str(made_home / "data"), "--sizes", "10000", "20000", "--movies", "1000")
    pipeline.main(("--out", str(tmp_path / "performance.md"), *given))
    written = (tmp_path / "performance.md").read_text(encoding="utf-8")
    assert without(skeleton(written)) == without(skeleton((DOCS / "performance.md").read_text(encoding="utf-8")))
    table = written[written.index("| by size | 10,000 ratings | 20,000 ratings | growth |") :].splitlines()
    rows = {line.split(" | ")[0]: line for line in table if line.startswith("| `")}
    assert {"| `als_model`", "| `hybrid_weights`", "| `evaluation`", "| `recommendations`"} & rows.keys()
    assert all(re.fullmatch(r"\| `\w+` \| ([\d.]+ s, ([\d,]+ MiB|–) \| ){2}[\d.]+ \|", line) for line in rows.values())
    assert "the ratings grow 2.0 times" in written
    assert size_of(tmp_path / "images" / f"{pipeline.PICTURE}.png")[0] > 900


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


def photograph(command: str, *arguments: str | Path) -> None:
    """In a process of its own: Playwright keeps an event loop running in its thread."""
    if find_chromium() is None and os.environ.get("CI") != "true":
        pytest.skip("no Chromium or Chrome is installed (Debian: apt-get install chromium)")
    said = [sys.executable, "-m", command, *map(str, arguments)]
    done = subprocess.run(said, cwd=REPOSITORY, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_web_page_is_photographed_before_an_api(tmp_path: Path) -> None:
    with running_stub() as stub:
        photograph(
            "bench.web_page", "--api", stub.url, "--home", tmp_path, "--out", tmp_path / "out", "--only", "model"
        )
    taken = {path.name: size_of(path) for path in (tmp_path / "out").iterdir()}
    assert taken == {f"page_model{suffix}.png": size for suffix, size in web_page.SIZES.items()}


def test_dagsters_and_mlflows_pages_and_the_plots_are_photographed(made_home: Path, tmp_path: Path) -> None:
    settings = Settings(tmp_path / "home", made_home / "data", config_file=made_home / "small.yaml")
    client = copy_home(made_home, settings).tracking().client
    experiment = client.get_experiment_by_name(DEFAULT_EXPERIMENT).experiment_id
    older = client.create_run(experiment, start_time=1, tags={"model_version": "0"}).info.run_id
    client.log_metric(older, "ndcg_at_10", 0.1)
    client.set_terminated(older)
    wanted = {"models_by_metric", "lineage_groups", "mlflow_tuning"}
    only = [argument for name in sorted(wanted) for argument in ("--only", name)]
    photograph("bench.pictures", "--home", settings.home, "--out", tmp_path / "out", *only)
    taken = {path.stem: size_of(path) for path in (tmp_path / "out").iterdir()}
    assert taken.keys() == wanted
    assert min(width for width, _ in taken.values()) >= 500


def test_every_page_with_figures_names_a_command_that_is_tried_here() -> None:
    tried = {*PAGES, *DECLARED, PRINTED, *PICTURES, *ELSEWHERE}
    pages = {path.name: path.read_text(encoding="utf-8") for path in DOCS.glob("*.md") if path.name not in WORDS}
    named = {
        name: set(re.findall(r"(?:^- command: |made by )`python -m (bench\.\w+)", text, re.M))
        for name, text in pages.items()
    }
    assert [name for name, commands in named.items() if not commands] == []
    assert set().union(*named.values()) <= tried
    assert set(re.findall(r"-m (bench\.\w+)", (REPOSITORY / "Makefile").read_text(encoding="utf-8"))) <= tried


def test_every_picture_is_one_that_a_command_takes() -> None:
    taken = {take.__name__ for take in pictures.PICTURES}
    taken |= {f"page_{name}{suffix}" for name in web_page.PAGES for suffix in web_page.SIZES} | {pipeline.PICTURE}
    assert {path.stem for path in (DOCS / "images").glob("*.png")} - taken == set()
