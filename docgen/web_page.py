"""Pictures of the web page, taken from the running program.

    python -m docgen.web_page [--api http://127.0.0.1:8000] [--user 1] [--only for_you]

Starts the page before an API that runs already, or else before one with a model of the bundled data, and photographs
every page on a desktop (1440 × 900) and on a phone (390 × 844).
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, Page

from bench.options import options
from bench.process import free_port, made_home, serve_home, serving
from docgen.browser import chromium, new_page, save_picture
from pipelines.settings import REPOSITORY

__all__ = ["main", "running_page", "settled"]

SIZES: Final = {"": (1440, 900), "_phone": (390, 844)}
PAGES: Final = {
    "for_you": "/?user={user}",
    "new_here": "/new_here",
    "new_here_picks": "/new_here?liked=260,1196,1270&disliked=1721",
    "similar": "/similar?movie=2571",
    "compare": "/compare?user={user}",
    "model": "/model",
}


@contextmanager
def running_page(api_url: str, home: Path, **environment: str) -> Iterator[str]:
    """The page on a free port for the length of a block; yields its address. No key of the environment is passed on."""
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", "app.py"]
    ours = ("RECSYS_", "TMDB_", "STREAMLIT_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    given = {**kept, "RECSYS_API_URL": api_url, "RECSYS_HOME": str(home), **environment}
    command += ["--server.port", str(port), "--server.fileWatcherType", "none"]
    url = f"http://127.0.0.1:{port}"
    with serving(command, url, "/_stcore/health", cwd=REPOSITORY, env=given, stdout=subprocess.DEVNULL):
        yield url


def settled(page: Page, quiet: float = 600) -> None:
    """Wait until the page has been made, and ``quiet`` milliseconds for what still moves."""
    page.locator(".rec-foot").wait_for()
    page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for()
    page.evaluate("document.fonts.ready")
    page.wait_for_timeout(quiet)


def _photograph(browser: Browser, address: str, name: str, out: Path) -> None:
    for suffix, (width, height) in SIZES.items():
        with new_page(browser, width, height) as page:
            page.goto(address)
            settled(page)
            page.mouse.move(0, 0)
            save_picture(page.screenshot(), out / f"page_{name}{suffix}.png")


def main(argv: Sequence[str] | None = None) -> None:
    parser = options("docgen.web_page", __doc__, "docs/images", data=True, workspace=True)
    parser.add_argument("--api", help="address of a running API; without one, a server of --data's model is started")
    parser.add_argument("--user", type=int, default=1, help="user id of the pictures")
    parser.add_argument("--home", type=Path, default=Path(".recsys"), help="where the poster cache is")
    parser.add_argument("--only", action="append", choices=[*PAGES], help="just these")
    arguments = parser.parse_args(argv)
    arguments.out.mkdir(parents=True, exist_ok=True)
    key = {name: os.environ[name] for name in ("TMDB_API_KEY",) if name in os.environ}
    with ExitStack() as stack:
        if arguments.api is None:
            home = made_home(arguments.workspace, arguments.data)
            arguments.api = stack.enter_context(serve_home(home)).url
        url = stack.enter_context(running_page(arguments.api.rstrip("/"), arguments.home.resolve(), **key))
        browser = stack.enter_context(chromium())
        for name, address in PAGES.items():
            if not arguments.only or name in arguments.only:
                _photograph(browser, url + address.format(user=arguments.user), name, arguments.out)


if __name__ == "__main__":
    main()
