"""Chromium without a screen, for pictures and for tests that use the Dagster and MLflow pages as a person does."""

import io
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

__all__ = ["chromium", "find_chromium", "new_page", "save_picture"]

_NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_ARGUMENTS: Final = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
)
_SETTLED: Final = {
    "communityNux": json.dumps("1"),  # Dagster: its invitation was seen
    "mlflow.workflowType_v1": json.dumps("machine_learning"),  # MLflow: model training rather than GenAI
    "mlflow.assistant.fab.autoOpenedOnFirstLoad_v1": "true",
    "mlflow.assistant.panelOpen_v1": "false",
}
"""What both pages keep in the browser once a person has closed their first-visit dialogs."""


def find_chromium() -> str | None:
    """The installed Chromium or Chrome; None where there is none."""
    return next((path for path in map(shutil.which, _NAMES) if path), None)


@contextmanager
def chromium() -> Iterator[Browser]:
    """The installed browser for the length of a block; FileNotFoundError where there is none."""
    executable = find_chromium()
    if executable is None:
        raise FileNotFoundError(f"no browser: install one of {', '.join(_NAMES)} (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(_ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def new_page(
    browser: Browser, width: int, height: int, *, remembered: Mapping[str, str] | None = None, seconds: float = 60
) -> Iterator[Page]:
    """A page of ``width`` × ``height`` pixels past all first-visit dialogs.

    ``remembered`` are further entries of the browser's local storage; waits end after ``seconds``.
    """
    context = browser.new_context(viewport={"width": width, "height": height}, locale="en-GB", timezone_id="UTC")
    context.set_default_timeout(seconds * 1000)
    entries = json.dumps({**_SETTLED, **(remembered or {})})
    context.add_init_script(f"for (const [k, v] of Object.entries({entries})) localStorage.setItem(k, v)")
    try:
        yield context.new_page()
    finally:
        context.close()


def save_picture(png: bytes, path: Path, *, most_bytes: int = 400_000) -> None:
    """Write a picture, with fewer colours where it would be large; SystemExit where it is large even then."""
    image = Image.open(io.BytesIO(png)).convert("RGB")
    image.save(path, optimize=True)
    if path.stat().st_size > most_bytes:
        palette = image.quantize(256, kmeans=1)
        image.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG).save(path, optimize=True)
    size = path.stat().st_size
    print(f"{path}  {image.width} × {image.height}, {size / 1000:.0f} kB", flush=True)
    if size > most_bytes:
        raise SystemExit(f"{path} has {size} bytes, at most {most_bytes} are wanted: show less in it")
