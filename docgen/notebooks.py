"""The notebooks, run from top to bottom and written as pages: docs/notebooks/NAME.md with pictures.

    python -m docgen.notebooks [--only NAME] [--home DIR]
    python -m docgen.notebooks --strip

``compare_runs`` reads the runs of ``--home``; without it a temporary home is made, in which the pipeline runs once for
each of RUNS. ``--strip`` runs nothing: it takes out of the notebooks what running and editing leave in them.
"""

import base64
import os
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

from bench.options import options
from bench.process import recsys
from docgen.browser import save_picture
from pipelines.settings import REPOSITORY

__all__ = ["NOTEBOOKS", "as_page", "complaints", "main", "run", "source_on_page", "strip"]

NOTEBOOKS: Final = REPOSITORY / "notebooks"
_FEW: Final = "tuning: {n_trials_als: 3, n_trials_ease: 3, n_trials_blend: 12, n_trials_gate: 6}\n"
RUNS: Final = {
    "plain": "tuning: {ease: null, n_trials_als: 1, n_trials_blend: 1, n_trials_gate: 1}\n",
    "bare": "features: {groups: [genre, decade]}\n" + _FEW,
    "few": _FEW,
    "full": "{}\n",
}
"""Configurations of which each adds something: EASE and a little tuning, all features, the full search."""
_NEEDS_RUNS: Final = "compare_runs"
_SECONDS: Final = 600
_MOST_BYTES: Final = 100_000
_METADATA: Final = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def run(path: Path, folder: Path, environment: Mapping[str, str]) -> NotebookNode:
    """The notebook with its outputs, run by a kernel of its own that works in ``folder``.

    Raises CellExecutionError where a cell fails.
    """
    book = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    quiet = ["--IPKernelApp.log_level=ERROR"]  # it warns that its channels on this machine are not encrypted
    client = NotebookClient(
        book, timeout=_SECONDS, extra_arguments=quiet, resources={"metadata": {"path": str(folder)}}
    )
    return client.execute(env={**os.environ, "PYTHONPATH": str(REPOSITORY), **environment})


def strip(path: Path) -> None:
    """Leave only sources, names of cells and the language in a notebook."""
    book = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    for cell in book.cells:
        cell.metadata = {}
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    book.metadata = _METADATA
    nbformat.write(book, path)  # type: ignore[no-untyped-call]


def complaints(book: NotebookNode) -> list[str]:
    """What cells wrote to standard error: warnings."""
    outputs = (output for cell in book.cells for output in cell.get("outputs", ()))
    return [output.text for output in outputs if output.get("name") == "stderr"]


def as_page(name: str, book: NotebookNode, pictures: Path) -> str:
    """The notebook as Markdown; what its cells draw is written into ``pictures``."""
    made = f"[notebooks/{name}.ipynb](../../notebooks/{name}.ipynb), run and written by `python -m docgen.notebooks`."
    title, *rest = (part for cell in book.cells for part in _parts(name, cell, pictures))
    heading, _, text = title.partition("\n\n")
    return "\n\n".join([heading, made, text, *rest]) + "\n"


def source_on_page(cell: NotebookNode) -> str:
    """A cell as its page shows it; links lead from docs/notebooks instead of notebooks."""
    source = str(cell.source)
    if cell.cell_type != "markdown":
        return f"```python\n{source}\n```"
    return re.sub(r"\]\((\w+)\.ipynb\)", r"](\1.md)", source.replace("](../docs/", "](../"))


def _parts(name: str, cell: NotebookNode, pictures: Path) -> Iterator[str]:
    yield source_on_page(cell)
    for output in cell.get("outputs", ()):
        data = output.get("data", {"text/plain": output.get("text", "")})
        if "image/png" in data:
            shows = cell.id.removeprefix("plot-")
            file = pictures / f"{name}-{shows}.png"
            save_picture(base64.b64decode(data["image/png"]), file, most_bytes=_MOST_BYTES)
            yield f"![{shows.replace('-', ' ')}](../images/notebooks/{file.name})"
        elif "text/markdown" in data:
            yield str(data["text/markdown"]).strip()
        else:
            yield f"```text\n{str(data['text/plain']).rstrip()}\n```"


@contextmanager
def _home_with_runs(given: Path | None) -> Iterator[Path]:
    if given is not None:
        yield given.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="recsys-notebooks-") as folder:
        for name, text in RUNS.items():
            configuration = Path(folder) / f"{name}.yaml"
            configuration.write_text(text, encoding="utf-8")
            recsys(["run", "--home", f"{folder}/home", "--config", str(configuration)])
        yield Path(folder) / "home"


def main(argv: Sequence[str] | None = None) -> None:
    names = sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb"))
    parser = options("docgen.notebooks", __doc__, "docs")
    parser.add_argument("--home", type=Path, help="home whose runs are compared (default: a temporary one)")
    parser.add_argument("--strip", action="store_true", help="only take outputs out of the notebooks")
    parser.add_argument("--only", action="append", choices=names, help="just these")
    arguments = parser.parse_args(argv)
    if arguments.strip:
        for path in NOTEBOOKS.glob("*.ipynb"):
            strip(path)
        return
    pages, pictures = arguments.out / "notebooks", arguments.out / "images" / "notebooks"
    for folder in (pages, pictures):
        folder.mkdir(parents=True, exist_ok=True)
    for name in arguments.only or names:
        with ExitStack() as stack:
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            home = stack.enter_context(_home_with_runs(arguments.home)) if name == _NEEDS_RUNS else Path(folder)
            book = run(NOTEBOOKS / f"{name}.ipynb", Path(folder), {"RECSYS_HOME": str(home)})
        if said := complaints(book):
            raise SystemExit(f"{name} warns:\n" + "\n".join(said))
        (pages / f"{name}.md").write_text(as_page(name, book, pictures), encoding="utf-8")
        print(f"{pages / name}.md written")


if __name__ == "__main__":
    main()
